// Fills a store and reads every budget out of it: a process of its own, so that its memory is that of the work alone. Prints
// what it took as JSON.

import { readFileSync } from 'node:fs';
import { querierOf } from '../../src/cli/source.ts';
import { readBudgets } from '../../src/slo/budget/read-budget.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { endOf, objectivesOf, runsOf, samplesPerDay, seriesPerService } from './slo-data.ts';

const [services, days] = process.argv.slice(2).map(Number) as [number, number];
const extent = { services, days };

/** As `firedrill serve` keeps samples. */
const store = new SeriesStore(undefined, { rawMs: 8 * 3_600_000, cacheBytesMax: 64 * 2 ** 20 });
const sealEvery = 200;
let runs = 0;
const filledFrom = performance.now();
for (const run of runsOf(extent)) {
  store.appendRun(run);
  // One call seals two million samples at most.
  if (++runs % sealEvery === 0) store.retain({});
}
for (let i = 0; i < services * seriesPerService * samplesPerDay; i += 2_000_000) store.retain({});
const filledMs = performance.now() - filledFrom;
(globalThis as { gc?: () => void }).gc?.();

const memoryMb = (which: 'VmRSS' | 'VmHWM') =>
  Number(new RegExp(`^${which}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))![1]) /
  1024;

const heldMb = memoryMb('VmRSS');
const { querier, pageMs } = querierOf({ store, endMs: endOf(extent) });
const before = process.cpuUsage();
const from = performance.now();
const options = { atMs: endOf(extent), curveStepMs: 3_600_000, pageMs };
let points = 0;
for (const objective of objectivesOf(extent))
  for (const { curve } of await readBudgets(objective, querier, options)) points += curve.length;
const { user, system } = process.cpuUsage(before);

console.log(
  JSON.stringify({
    samples: store.sampleCount,
    filledMs,
    cpuMs: (user + system) / 1000,
    wallMs: performance.now() - from,
    heldMb,
    peakMb: memoryMb('VmHWM'),
    points,
  }),
);
