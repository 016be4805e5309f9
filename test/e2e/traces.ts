// What a drill may have left on the machine. Everything that it starts carries its workplace in the environment (the
// folder of temporary files, the mark of the run) or in the command line (the watchdog's order), so the traces of one
// test are never those of another that runs beside it.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Lease } from '../../src/faults/leases/lease.ts';
import type { RunRecord } from '../../src/faults/leases/runs.ts';
import { firedrill, type Workplace } from '../support/firedrill.ts';

/** What is left of a drill in this folder, one phrase each: processes, mounts, temporary files. */
export function tracesOf(folder: string): string[] {
  const processes = pidsOf(folder).map((pid) => `process ${pid}: ${read(`/proc/${pid}/cmdline`)}`);
  const mounts = read('/proc/self/mountinfo')
    .split('\n')
    .filter((line) => line.includes(folder))
    .map((line) => `mount ${line}`);
  const files = list(join(folder, 'tmp')).map((name) => `temporary file ${name}`);
  return [...processes, ...mounts, ...files];
}

/** Nothing is left within `withinMs`, and the journal says so as well. */
export async function expectNoTraces(place: Workplace, withinMs = 5000): Promise<void> {
  const giveUpAt = performance.now() + withinMs;
  while (tracesOf(place.folder).length > 0 && performance.now() < giveUpAt)
    await new Promise((done) => setTimeout(done, 100));
  expect(tracesOf(place.folder)).toEqual([]);
  const open = leasesOf(place).filter(({ state }) => state !== 'undone');
  expect(open).toEqual([]);
  const { exitCode, stdout } = await firedrill(place, ['undo', '--dry-run', '--output', 'json']);
  expect({ exitCode, leases: JSON.parse(stdout).leases }).toEqual({ exitCode: 0, leases: [] });
}

/** Every lease of the workplace's journal, as it is on disk. */
export function leasesOf(place: Workplace): Lease[] {
  const folder = join(place.folder, 'state', 'leases');
  return list(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(read(join(folder, name))) as Lease);
}

/** Pid of the watchdog that the registry of live runs names. */
export function watchdogOf(place: Workplace, run: string): number {
  const record = JSON.parse(read(join(place.folder, 'state', 'runs', `${run}.json`)));
  return (record as RunRecord).watchdog!.pid;
}

/** State letter of a process: T is stopped. */
export function stateOf(pid: number): string {
  return /^State:\s+(\S)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 'gone';
}

/** Ends what a failed test left running. */
export async function endTraces(folder: string): Promise<void> {
  for (let round = 0; round < 50 && pidsOf(folder).length > 0; round++) {
    for (const pid of pidsOf(folder)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
    await new Promise((done) => setTimeout(done, 20));
  }
}

function pidsOf(folder: string): number[] {
  return list('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .filter((pid) => ['environ', 'cmdline'].some((file) => read(`/proc/${pid}/${file}`).includes(folder)));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
