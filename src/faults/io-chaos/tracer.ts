// One strace on all processes of a target. It ends with Firedrill (setpriv --pdeathsig), and when it ends, however it
// does, the kernel lets the target go on without it.

import { closeSync, ftruncateSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { ExtendLease } from '../fault.ts';
import { endFamily } from '../targets/process/end.ts';
import { Family, processes } from '../targets/process/family.ts';
import { launch } from '../targets/process/launch.ts';
import { logTail } from '../targets/process/log.ts';
import { isAlive } from '../targets/process/proc.ts';
import type { ProcessId } from '../targets/target.ts';

export interface Injection {
  readonly calls: readonly string[];
  /** What strace does to them: `error=5`, `delay_enter=10000`; with `:when=` where it is not each one. */
  readonly tampering: string;
}

/** Time in which strace must hold every thread of the target. */
const attachMsMax = 5000;
const detachMsMax = 1000;
const lookEveryMs = 10;
const logBytesMax = 16 * 1024 * 1024;
const pieceBytes = 256 * 1024;

/** Arguments of strace but for whom and which files. */
export function straceArguments({ calls, tampering }: Injection): string[] {
  // `?` lets a call be one that this architecture does not have.
  const names = calls.map((call) => `?${call}`).join(',');
  return [
    // Short lines: no contents, no flags in words, no word of signals.
    ...[
      '-f',
      '--quiet=attach,exit,path-resolution,personality',
      '-s',
      '0',
      '-e',
      'raw=all',
      '-e',
      'signal=none',
    ],
    ...['-e', `trace=${names}`, '-e', `inject=${names}:${tampering}`],
  ];
}

/** The process that traces it; 0 without one, undefined when it is gone. */
export function tracerOf(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^TracerPid:\s+(\d+)$/m.exec(status)?.[1] ?? 0);
  } catch {
    return undefined;
  }
}

export class Tracer {
  readonly id: ProcessId;
  readonly #family: Family;
  readonly #clock: Clock;

  private constructor(id: ProcessId, clock: Clock) {
    this.id = id;
    this.#family = new Family(processes([id]));
    this.#clock = clock;
  }

  /** Resolves when it holds every process, with the first words of strace as the error when it does not. */
  static async start(
    injection: Injection,
    targets: readonly ProcessId[],
    files: readonly string[],
    { scratchFolder, clock, mark }: { scratchFolder: string; clock: Clock; mark: string },
    extend: ExtendLease,
  ): Promise<Tracer> {
    const words = join(scratchFolder, 'strace.messages');
    const command = [
      ...['setpriv', '--pdeathsig', 'KILL', '--', 'strace', ...straceArguments(injection)],
      // Appended, so that the log can be cut while it grows.
      ...['-A', '-o', logOf(scratchFolder)],
      ...targets.flatMap(({ pid }) => ['-p', String(pid)]),
      ...files.flatMap((file) => ['-P', file]),
    ];
    const PATH = `${process.env.PATH ?? ''}:/usr/bin:/bin`;
    const env = { PATH, LC_ALL: 'C' };
    const { id } = await launch({ command, env, folder: '/', mark, logFile: words }, (id) =>
      extend([{ type: 'end-tree', process: id }]),
    );
    const tracer = new Tracer(id, clock);
    for (let waitedMs = 0; waitedMs < attachMsMax; waitedMs += lookEveryMs) {
      if (tracer.astray(targets).length === 0) return tracer;
      if (!isAlive(id)) break;
      await clock.sleep(lookEveryMs);
    }
    const pids = tracer.astray(targets).join(', ');
    await tracer.end();
    throw new Error(`strace does not hold process ${pids}; ${await logTail(words)}`);
  }

  get isAlive(): boolean {
    return isAlive(this.id);
  }

  /** Live processes that this strace does not hold. */
  astray(targets: readonly ProcessId[]): number[] {
    return targets.filter((id) => isAlive(id) && tracerOf(id.pid) !== this.id.pid).map(({ pid }) => pid);
  }

  /** strace lets go of the target at SIGTERM; at SIGKILL the kernel does it. Says who is left. */
  async end(): Promise<readonly string[]> {
    return (await endFamily(this.#family, detachMsMax, this.#clock)).left;
  }
}

function logOf(scratchFolder: string): string {
  return join(scratchFolder, 'strace.log');
}

/** Counts the calls that strace says it tampered with, over all straces of a fault. */
export class TamperCount {
  readonly #log: string;
  #position = 0;
  /** An unfinished line at the end of what was read. */
  #rest = '';
  #count = 0;

  constructor(scratchFolder: string) {
    this.#log = logOf(scratchFolder);
  }

  read(): number {
    const file = this.#open();
    if (file === undefined) return this.#count;
    try {
      const piece = Buffer.alloc(pieceBytes);
      for (let bytes = readSync(file, piece, 0, pieceBytes, this.#position); bytes > 0; ) {
        this.#position += bytes;
        this.#take(piece.toString('latin1', 0, bytes));
        bytes = readSync(file, piece, 0, pieceBytes, this.#position);
      }
      if (this.#position > logBytesMax) {
        ftruncateSync(file);
        this.#position = 0;
      }
    } finally {
      closeSync(file);
    }
    return this.#count;
  }

  #open(): number | undefined {
    try {
      return openSync(this.#log, 'r+');
    } catch {
      // Nothing was written yet, or the fault is long over.
      return undefined;
    }
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) if (/\((?:INJECTED(?:: args)?|DELAYED)\)$/.test(line)) this.#count++;
  }
}
