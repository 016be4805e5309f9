// Real state folders, real processes, and bundles of our own programs for the tests of leases and faults.

import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach } from 'vitest';
import { systemBoot } from '../../../src/faults/leases/boot.ts';
import type { Lease } from '../../../src/faults/leases/lease.ts';
import { Family, marked } from '../../../src/faults/targets/process/family.ts';
import { identify, statOf } from '../../../src/faults/targets/process/proc.ts';
import type { ProcessId } from '../../../src/faults/targets/target.ts';

export { exampleLease, journalIn } from './program-support.ts';

const cleanups: (() => void | Promise<void>)[] = [];

/** Runs after the test, also when it fails; the last one first. */
export function cleanup(action: () => void | Promise<void>): void {
  cleanups.push(action);
}

afterEach(async () => {
  const failures: unknown[] = [];
  for (const action of cleanups.splice(0).reverse()) {
    // One that fails must not keep the others from cleaning up.
    await Promise.resolve()
      .then(action)
      .catch((error) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
});

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'firedrill-test-'));
  cleanup(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const bundleFolder = mkdtempSync(join(tmpdir(), 'firedrill-bundle-'));
// Other users run the bundles too.
chmodSync(bundleFolder, 0o755);
afterAll(() => rmSync(bundleFolder, { recursive: true, force: true }));

/** A program of ours as one file of JavaScript, as the package ships it; the command that runs it. */
export async function bundled(entry: string): Promise<string[]> {
  const outfile = join(bundleFolder, `${entry.replaceAll('/', '-')}.mjs`);
  await build({
    entryPoints: [resolve(entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    nodePaths: [resolve('node_modules')],
  });
  return [process.execPath, outfile];
}

export const watchdogEntry = 'src/faults/leases/watchdog-main.ts';

export interface StartedProgram {
  readonly id: ProcessId;
  readonly child: ChildProcess;
  /** What it has printed so far. */
  output(): string;
}

/** Starts a program in a session of its own; it is killed after the test, with its process group. */
export function start(command: readonly string[]): StartedProgram {
  const [program, ...args] = command;
  const child = spawn(program!, args, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const id = identify(child.pid!)!;
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  cleanup(() => {
    try {
      process.kill(-id.pid, 'SIGKILL');
    } catch {
      // Gone already.
    }
  });
  return { id, child, output: () => text };
}

/** A process that sleeps; in a session of its own. */
export function startSleeper(): StartedProgram {
  return start(['sleep', '300']);
}

/** The first line that a program prints and that begins with `prefix`. */
export async function lineOf(program: StartedProgram, prefix: string): Promise<string> {
  const find = () =>
    program
      .output()
      .split('\n')
      .slice(0, -1)
      .find((line) => line.startsWith(prefix));
  await until(() => find() !== undefined || program.child.exitCode !== null, 10_000, `a line "${prefix}"`);
  // What it printed just before its end arrives a little later.
  await until(() => find() !== undefined, 500, `a line "${prefix}" (the program has ended)`);
  return find()!;
}

/** Milliseconds until the condition holds; an Error when it does not within `limitMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  limitMs: number,
  what = 'the condition',
): Promise<number> {
  const startedAt = performance.now();
  while (!(await condition())) {
    if (performance.now() - startedAt > limitMs) throw new Error(`${what} did not hold within ${limitMs} ms`);
    await sleep(20);
  }
  return performance.now() - startedAt;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function stateOf(id: ProcessId): string {
  return statOf(id)?.state ?? 'gone';
}

/** Pids of live processes that carry the mark. */
export function markedPids(mark: string): number[] {
  return new Family(marked(mark)).look().map((stat) => stat.pid);
}

export function ownOwner(): Lease['owner'] {
  return { ...identify(process.pid)!, bootId: systemBoot.id };
}
