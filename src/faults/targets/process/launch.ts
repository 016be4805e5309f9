// Starts one process of ours in a session of its own, with a gate: the process exists and can be written down before
// its program begins. If we die in between, the gate falls shut and the program never runs.

import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, mkdirSync, openSync, statSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { UserError } from '../../../base/diagnostics.ts';
import type { Launch, ProcessId } from '../target.ts';
import { markVariable } from './family.ts';
import { identify } from './proc.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface LaunchRequest {
  readonly command: readonly string[];
  readonly env: Environment;
  readonly folder: string;
  /** Put into the environment, so that the process and its children are found again. */
  readonly mark: string;
  /** Both output streams are appended here; they go to the file itself and survive us. */
  readonly logFile: string;
}

export interface Launched {
  readonly id: ProcessId;
  readonly exited: Promise<Exit>;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

// `read` fails at the end of the input, which is also what our death looks like.
const gate = ['/bin/sh', '-c', 'read -r go && exec "$@" </dev/null', 'gate'] as const;

/**
 * Resolves when the program has been let loose. `beforeItRuns` gets the process, which keeps its pid and start time,
 * while it waits at the gate; when it throws, the program never runs.
 */
export async function launch(
  { command, env, folder, mark, logFile }: LaunchRequest,
  beforeItRuns: (id: ProcessId) => Promise<void>,
): Promise<Launched> {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  let child: ChildProcess;
  try {
    const [program, ...args] = [...gate, ...command];
    child = spawn(program, args, {
      cwd: folder,
      env: { ...env, [markVariable]: mark },
      detached: true,
      stdio: ['pipe', log, log],
    });
  } finally {
    closeSync(log);
  }
  const exited = new Promise<Exit>((done) => {
    child.once('exit', (code, signal) => done({ code, signal }));
    child.once('error', () => done({ code: null, signal: null }));
  });
  const input = child.stdin!;
  // A process that dies at the gate closes its end; its exit is what tells.
  input.on('error', () => {});
  const id = child.pid === undefined ? undefined : identify(child.pid);
  if (!id) throw UserError.of('FD501', `cannot start ${command[0]}: the process did not come to life`);
  try {
    await beforeItRuns(id);
  } catch (error) {
    input.destroy();
    throw error;
  }
  input.end('go\n');
  return { id, exited };
}

/** FD501 when the program or the folder is not there; what only the program itself can find out shows in its log. */
export function checkCommand(command: readonly string[], env: Environment, folder: string): void {
  const [program] = command;
  if (!program) throw UserError.of('FD501', 'the command is empty');
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw UserError.of('FD501', `the working folder ${folder} does not exist`);
  const places = program.includes('/')
    ? [resolve(folder, program)]
    : (env.PATH ?? '').split(delimiter).map((place) => join(resolve(folder, place), program));
  if (places.some(isExecutable)) return;
  throw UserError.of(
    'FD501',
    program.includes('/')
      ? `${places[0]} is not a program that we may execute`
      : `${program} is in no folder of PATH`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The command as the drivers want it started; preloads of several drivers go together. */
export function applyLaunches(
  command: readonly string[],
  env: Environment,
  launches: readonly Launch[],
): { command: string[]; env: Record<string, string | undefined> } {
  const merged = { ...env };
  for (const { env: added } of launches) {
    for (const [name, value] of Object.entries(added))
      merged[name] = name === 'NODE_OPTIONS' && merged[name] ? `${merged[name]} ${value}` : value;
  }
  return { command: [...launches.flatMap(({ prefix }) => [...prefix]), ...command], env: merged };
}
