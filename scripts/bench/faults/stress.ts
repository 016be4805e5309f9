// What the workers of StressChaos use up, by the kernel's account, beside what was asked for.

import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createStressChaos } from '../../../src/faults/stress-chaos/stress-chaos.ts';
import { cpuMsOf, waitedMsOf } from './cpu.ts';
import { Injecting } from './injecting.ts';
import type { BenchPart, Report } from './part.ts';
import { startTarget, type Target } from './target.ts';

const toleratedPercent = 5;
/** Of load: the processor's time is counted in hundredths of a second, and other programs want it too. */
const loadPointsMin = 2;
const [warmUpMs, measuredMs] = [1000, 4000];
/** A size in MB is one of MiB in the file, as in stress-ng. */
const mebibytes = 256;

const stressChaos = createStressChaos([process.execPath, resolve('dist/stress-worker.js')]);

export const stress: BenchPart = {
  name: 'stress',
  about: 'processor time and memory of the workers of StressChaos',
  async run(report) {
    const injecting = await Injecting.start();
    const target = await startTarget();
    try {
      await loads(injecting, target, report);
      await memory(injecting, target, report);
    } finally {
      await target.stop();
      await injecting.stop();
    }
  },
};

async function loads(injecting: Injecting, target: Target, report: Report): Promise<void> {
  report.table('load of one worker', 'asked %', 'measured %', 'waited %');
  for (const load of [10, 50, 100]) {
    let waited = 0;
    const measured = await during(injecting, target, { cpu: { workers: 1, load } }, async (workers) => {
      await sleep(warmUpMs);
      const sum = (of: (pid: number) => number) => workers().reduce((all, pid) => all + of(pid), 0);
      const [beginMs, cpuMs, waitedMs] = [performance.now(), sum(cpuMsOf), sum(waitedMsOf)];
      await sleep(measuredMs);
      const tookMs = performance.now() - beginMs;
      waited = ((sum(waitedMsOf) - waitedMs) / tookMs) * 100;
      return ((sum(cpuMsOf) - cpuMs) / tookMs) * 100;
    });
    report.row(`load ${load} % (${measured.driver})`, load, measured.value, waited);
    report.goal({
      name: `CPU load ${load} %, off by`,
      measured: Math.abs(measured.value - load),
      // What others had of the processor while the worker wanted it, nobody can use.
      bound: Math.max((toleratedPercent / 100) * load, loadPointsMin) + waited,
      unit: 'points',
      wanted: 'at most',
    });
  }
}

async function memory(injecting: Injecting, target: Target, report: Report): Promise<void> {
  report.table('memory of one worker', 'asked MiB', 'measured MiB');
  const stressors = { memory: { workers: 1, size: `${mebibytes}MB` } };
  const measured = await during(injecting, target, stressors, async (workers) => {
    await sleep(warmUpMs);
    const held: number[] = [];
    for (let i = 0; i < 10; i++) {
      held.push(workers().reduce((sum, pid) => sum + anonymousMebibytes(pid), 0));
      await sleep(100);
    }
    return Math.max(...held);
  });
  report.row(`anonymous memory (${measured.driver})`, mebibytes, measured.value);
  report.goal({
    name: `memory ${mebibytes} MiB, off by`,
    measured: Math.abs(measured.value / mebibytes - 1) * 100,
    bound: toleratedPercent,
    unit: '%',
    wanted: 'at most',
  });
}

async function during(
  injecting: Injecting,
  target: Target,
  stressors: object,
  measure: (workers: () => number[]) => Promise<number>,
): Promise<{ readonly driver: string; readonly value: number }> {
  const ready = await injecting.prepare(stressChaos, target.pid, { stressors });
  const before = new Set(descendants());
  const active = await ready.inject();
  try {
    const workers = () => descendants().filter((pid) => !before.has(pid));
    return { driver: ready.driver, value: await measure(workers) };
  } finally {
    await active.undo();
    await ready.settle();
  }
}

/** Every process below this one. */
function descendants(): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? parentOf(Number(name)) : undefined;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const below = (pid: number): number[] =>
    (children.get(pid) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(process.pid);
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[1]);
  } catch {
    // It has just ended.
    return undefined;
  }
}

function anonymousMebibytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
}
