// The network namespace that a target lives in, and programs that are run in it.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { identify } from '../targets/process/proc.ts';
import type { ProcessId } from '../targets/target.ts';

/** A namespace by a process that is in it; undefined for our own. */
export type Place = number | undefined;

/** The kernel's name of the namespace of a process; undefined when it is gone or not ours to see. */
export function networkOf(pid: number | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

/** Where processes are; `several` when they do not share one namespace, `none` when there is no process. */
export function placeOf(pids: readonly number[]): { readonly place: Place } | 'several' | 'none' {
  const networks = pids.flatMap((pid) => networkOf(pid) ?? []);
  const [first] = networks;
  if (first === undefined) return 'none';
  if (networks.some((network) => network !== first)) return 'several';
  return { place: first === networkOf('self') ? undefined : pids.find((pid) => networkOf(pid) === first) };
}

/** Names of the network devices there, up or down: proc_pid_net(5), /proc/PID/net/dev. */
export function devicesAt(place: Place): string[] {
  const lines = readFileSync(`/proc/${place ?? 'self'}/net/dev`, 'latin1')
    .split('\n')
    .slice(2);
  return lines.flatMap((line) => /^\s*(\S+?):/.exec(line)?.[1] ?? []);
}

/** Administrators' programs are not in everybody's PATH. */
const environment = () => ({
  ...process.env,
  PATH: `/usr/sbin:/usr/bin:/sbin:/bin:${process.env.PATH ?? ''}`,
  LC_ALL: 'C',
});

const answerTimeoutMs = 10_000;

/** What a program prints in a namespace of its own that ends with it: for trying. Throws what it says against it. */
export async function runApart(command: readonly string[], input = ''): Promise<string> {
  return await run(['unshare', '--net', '--', ...command], input);
}

function run([program, ...args]: readonly string[], input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env: environment(), timeout: answerTimeoutMs };
    const child = execFile(program!, args, options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const said = stderr.split('\n').find((line) => line.trim() !== '' && !line.startsWith('Warning'));
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      reject(new Error(missing ? `${program} is not installed` : (said?.trim() ?? error.message)));
    });
    child.stdin!.on('error', () => {});
    child.stdin!.end(input);
  });
}

/** A program that stays, in a session of its own, so that Ctrl-C in a terminal reaches Firedrill only. */
export async function startIn(
  place: Place,
  command: readonly string[],
): Promise<{ readonly child: ChildProcess; readonly id: ProcessId }> {
  const [program, ...args] = [...enter(place), ...command];
  const child = spawn(program!, args, {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: environment(),
    detached: true,
  });
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.stdin!.on('error', () => {});
  const id = identify(child.pid!);
  if (!id) throw new Error(`${program} ended as soon as it was started`);
  return { child, id };
}

function enter(place: Place): string[] {
  return place === undefined ? [] : ['nsenter', '--target', String(place), '--net', '--'];
}
