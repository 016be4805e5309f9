// What the workers of StressChaos use up, by the kernel's account, beside what was asked for.

import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createStressChaos } from '../../../src/faults/stress-chaos/stress-chaos.ts';
import { cpuMsOf } from './cpu.ts';
import { Injecting } from './injecting.ts';
import type { BenchPart, Report } from './part.ts';
import { startTarget, type Target } from './target.ts';

const toleratedPercent = 5;
/** Of load: the processor's time is counted in hundredths of a second, and other programs want it too. */
const loadPointsMin = 2;
const [warmUpMs, measuredMs] = [1000, 4000];
const megabytes = 256;

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
  report.table('load of one worker', 'asked %', 'measured %');
  for (const load of [10, 50, 100]) {
    const measured = await during(injecting, target, { cpu: { workers: 1, load } }, async (workers) => {
      await sleep(warmUpMs);
      const cpuMs = () => workers().reduce((sum, pid) => sum + cpuMsOf(pid), 0);
      const [beginMs, beginCpuMs] = [performance.now(), cpuMs()];
      await sleep(measuredMs);
      return ((cpuMs() - beginCpuMs) / (performance.now() - beginMs)) * 100;
    });
    report.row(`load ${load} % (${measured.driver})`, load, measured.value);
    report.goal({
      name: `CPU load ${load} %, off by`,
      measured: Math.abs(measured.value - load),
      bound: Math.max((toleratedPercent / 100) * load, loadPointsMin),
      unit: 'points',
      wanted: 'at most',
    });
  }
}

async function memory(injecting: Injecting, target: Target, report: Report): Promise<void> {
  report.table('memory of one worker', 'asked MB', 'measured MB');
  const stressors = { memory: { workers: 1, size: `${megabytes}MB` } };
  const measured = await during(injecting, target, stressors, async (workers) => {
    await sleep(warmUpMs);
    const held: number[] = [];
    for (let i = 0; i < 10; i++) {
      held.push(workers().reduce((sum, pid) => sum + anonymousMegabytes(pid), 0));
      await sleep(100);
    }
    return Math.max(...held);
  });
  report.row(`anonymous memory (${measured.driver})`, megabytes, measured.value);
  report.goal({
    name: `memory ${megabytes} MB, off by`,
    measured: Math.abs(measured.value / megabytes - 1) * 100,
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

function anonymousMegabytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return (Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024) / 1e6;
}
