// Real state folders, real processes, and bundles of our own programs for the tests of leases and faults.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterEach } from 'vitest';
import { systemBoot } from '../../../src/faults/leases/boot.ts';
import { Journal } from '../../../src/faults/leases/journal.ts';
import type { Lease } from '../../../src/faults/leases/lease.ts';
import { Family, marked } from '../../../src/faults/targets/process/family.ts';
import { identify, statOf } from '../../../src/faults/targets/process/proc.ts';
import type { ProcessId } from '../../../src/faults/targets/target.ts';

const cleanups: (() => void | Promise<void>)[] = [];

/** Runs after the test, also when it fails; the last one first. */
export function cleanup(action: () => void | Promise<void>): void {
  cleanups.push(action);
}

afterEach(async () => {
  for (const action of cleanups.splice(0).reverse()) await action();
});

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'firedrill-test-'));
  cleanup(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function journalIn(state: string): Journal {
  return new Journal({ state, uid: process.getuid!(), boot: systemBoot });
}

const bundleFolder = mkdtempSync(join(tmpdir(), 'firedrill-bundle-'));
process.on('exit', () => rmSync(bundleFolder, { recursive: true, force: true }));

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
    external: ['zod'],
    nodePaths: [resolve('node_modules')],
  });
  return [process.execPath, outfile];
}

export const watchdogEntry = 'src/faults/leases/watchdog-main.ts';

/** Starts a program in a session of its own; it is killed after the test, with everything of its session. */
export function start(
  command: readonly string[],
  env: Record<string, string> = {},
): ChildProcess & { id: ProcessId } {
  const [program, ...args] = command;
  const child = spawn(program!, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const id = identify(child.pid!)!;
  cleanup(() => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // Gone already.
    }
  });
  return Object.assign(child, { id });
}

/** A process that sleeps; in a session of its own. */
export function startSleeper(): ChildProcess & { id: ProcessId } {
  return start(['sleep', '300']);
}

/** The next line that a program prints and that begins with `prefix`. */
export async function lineOf(child: ChildProcess, prefix: string): Promise<string> {
  let text = '';
  child.stdout!.setEncoding('utf8');
  for (;;) {
    const line = text.split('\n').find((candidate) => candidate.startsWith(prefix));
    if (line !== undefined && text.includes(`${line}\n`)) return line;
    const [chunk] = (await Promise.race([
      once(child.stdout!, 'data'),
      once(child, 'exit').then(() => {
        throw new Error(`the program ended without "${prefix}": ${text}`);
      }),
    ])) as [string];
    text += chunk;
  }
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

/** A lease of a dead owner, unless said otherwise. */
export function exampleLease(changes: Partial<Lease> = {}): Lease {
  return {
    id: 'run-a.001',
    run: 'run-a',
    fault: 'pod-chaos',
    target: 'app',
    state: 'active',
    createdAt: Date.now(),
    expiresAtBootMs: systemBoot.nowMs() + 60_000,
    expiresAt: Date.now() + 60_000,
    owner: { pid: 999_999, startTime: 1, bootId: systemBoot.id },
    undo: [],
    ...changes,
  };
}

export function ownOwner(): Lease['owner'] {
  return { ...identify(process.pid)!, bootId: systemBoot.id };
}
