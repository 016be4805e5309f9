// Runs a program to its end: its output kept up to a limit, its whole process group ended when time is over or the run
// stops. It leads a group of its own, so that Ctrl-C reaches it only through us.

import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { identify } from '../../../faults/targets/process/proc.ts';
import { ActivityFailed, outputBytesMax, type ProviderContext } from './provider.ts';

export interface ProgramOptions {
  readonly command: readonly string[];
  readonly input?: string;
  /** Also read what it writes to its file descriptor 3. */
  readonly hasResult?: boolean;
  readonly timeoutMs?: number | undefined;
}

export interface ProgramResult {
  /** Exit code; the negative number of the signal that ended it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly result: string;
}

const killAfterMs = 2000;
/** What a program left running may still hold its output open; nobody waits for that. */
const outputAfterExitMs = 200;

export async function runProgram(options: ProgramOptions, context: ProviderContext): Promise<ProgramResult> {
  const { clock, env, folder, stop, onProcess } = context;
  if (stop.aborted) throw new ActivityFailed('the run was stopped');
  const [program, ...args] = options.command;
  const child = spawn(program!, args, {
    cwd: folder,
    env: env as NodeJS.ProcessEnv,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', options.hasResult ? 'pipe' : 'ignore'],
  });
  const exited = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? -constants.signals[signal!]));
  });
  const closed = new Promise<void>((resolve) => void child.once('close', () => resolve()));
  const [stdout, stderr, result] = [1, 2, 3].map((index) => collect(child.stdio[index] as Readable | null));
  const input = child.stdin as Writable;
  input.on('error', () => {});
  input.end(options.input ?? '');
  const over = new AbortController();
  let why: string | undefined;
  const end = (reason: string) => {
    why ??= reason;
    void endGroup(child, context, over.signal);
  };
  const onStop = () => end('the run was stopped');
  stop.addEventListener('abort', onStop, { once: true });
  if (options.timeoutMs !== undefined)
    void clock.sleep(options.timeoutMs, over.signal).then(() => {
      if (!over.signal.aborted) end('process activity took too long to complete');
    });
  try {
    const id = child.pid === undefined ? undefined : identify(child.pid);
    const release = id && (await onProcess(id));
    const status = await exited.finally(release);
    await Promise.race([closed, clock.sleep(outputAfterExitMs)]);
    if (why !== undefined) throw new ActivityFailed(why);
    return { status, stdout: stdout!(), stderr: stderr!(), result: result!() };
  } catch (error) {
    if (error instanceof ActivityFailed || !isSystemError(error)) throw error;
    throw new ActivityFailed(`${program} cannot be run: ${error.message}`);
  } finally {
    over.abort();
    stop.removeEventListener('abort', onStop);
    // What the program started may have overheard the signal, and outlived it.
    if (why !== undefined) killGroup(child);
    else signalGroup(child, 'SIGKILL');
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error;
}

async function endGroup(child: ChildProcess, { clock }: ProviderContext, over: AbortSignal): Promise<void> {
  signalGroup(child, 'SIGTERM');
  await clock.sleep(killAfterMs, over);
  if (!over.aborted) signalGroup(child, 'SIGKILL');
}

/** Only while its leader lives, or nobody waits for it any more. */
function signalGroup({ pid, exitCode, signalCode }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid !== undefined && exitCode === null && signalCode === null) sendToGroup(pid, signal);
}

/** Its number is not given away as long as one of the group is left. */
function killGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) sendToGroup(pid, 'SIGKILL');
}

function sendToGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended in between.
  }
}

/** Reads a stream to its end, and keeps its first bytes; the function says what they are so far. */
function collect(stream: Readable | null): () => string {
  const chunks: Buffer[] = [];
  let kept = 0;
  stream?.on('error', () => {});
  stream?.on('data', (chunk: Buffer) => {
    const part = chunk.subarray(0, outputBytesMax - kept);
    if (part.length > 0) chunks.push(part);
    kept += part.length;
  });
  return () => decode(Buffer.concat(chunks));
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}
