// npm run bench:slo: budgets of 100 objectives over 1,000 series of 30 days at 15 s, in the compressed store that `firedrill serve` has:
// the SLI over all of it, what is left, the burn rate of each window, and the curve in hours. It is one process, whose processor
// time and memory are measured. With PROMETHEUS_BIN the same is asked of a Prometheus for fewer services and days, and of us,
// and the answers are compared. Then the projection of 24 hours for 200 rules. The exit code is 1 when an aim is missed.
//
//   npm run bench:slo [-- --services 100] [--days 30]

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { systemClock } from '../src/base/clock.ts';
import { type Querier, remoteQuerier, storeQuerier } from '../src/promql/querier.ts';
import type { Budget } from '../src/slo/budget/budget.ts';
import { readBudgets } from '../src/slo/budget/read-budget.ts';
import { SeriesStore } from '../src/telemetry/metrics/store.ts';
import { RemoteApi } from '../src/telemetry/remote/api.ts';
import { benchProjection, projectionAimMs } from './bench/projection.ts';
import { type Server, startPrometheus } from './bench/servers.ts';
import { type Extent, endOf, objectivesOf, runsOf, writeOpenMetrics } from './bench/slo-data.ts';

const cpuAimMs = 10_000;
const memoryAimMb = 1024;
const small: Extent = { services: 5, days: 2 };
const tolerance = 1e-9;

const { values } = parseArgs({
  options: { services: { type: 'string', default: '100' }, days: { type: 'string', default: '30' } },
});

interface Measured {
  readonly samples: number;
  readonly filledMs: number;
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly heldMb: number;
  readonly peakMb: number;
  readonly points: number;
}

async function measured(services: string, days: string): Promise<Measured> {
  const program = join(import.meta.dirname, 'bench', 'slo-program.ts');
  const args = ['--expose-gc', '--import', 'tsx', program, services, days];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Measured;
}

async function readAll(querier: Querier, pageMs?: number): Promise<{ ms: number; budgets: Budget[] }> {
  const from = performance.now();
  const options = { atMs: endOf(small), curveStepMs: 3_600_000, pageMs };
  const budgets: Budget[] = [];
  for (const objective of objectivesOf(small))
    budgets.push(...(await readBudgets(objective, querier, options)));
  return { ms: performance.now() - from, budgets };
}

/** What both say of the same small data; the number of differences. */
async function besidePrometheus(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'firedrill-bench-slo-'));
  const servers: Server[] = [];
  try {
    const file = join(folder, 'samples.om');
    await writeOpenMetrics(file, small);
    const store = new SeriesStore();
    for (const run of runsOf(small)) store.appendRun(run);
    const theirs = await startPrometheus(folder, file, servers);
    const api = new RemoteApi({ url: theirs.url, http: {} }, systemClock);
    const cpuBefore = theirs.cpuMs();
    const remote = await readAll(remoteQuerier(api));
    const theirCpuMs = theirs.cpuMs() - cpuBefore;
    await api.close();
    const cpu = process.cpuUsage();
    const own = await readAll(storeQuerier(store), 2 * 86_400_000);
    const { user, system } = process.cpuUsage(cpu);
    console.log(
      `${small.services} objectives, ${small.days} days: ours ${seconds((user + system) / 1000)} of processor time, Prometheus ${seconds(theirCpuMs)} without what our side of it took`,
    );
    const far = own.budgets.filter(
      ({ left }, i) => !(Math.abs(left! - remote.budgets[i]!.left!) <= tolerance),
    );
    for (const { id } of far) console.log(`the budgets of ${id} differ`);
    return far.length;
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

const { samples, filledMs, cpuMs, wallMs, heldMb, peakMb, points } = await measured(
  values.services,
  values.days,
);
console.log(
  `${values.services} objectives over ${samples / 1e6} million samples, filled in ${seconds(filledMs)}`,
);
console.log(
  `processor time ${seconds(cpuMs)} (wall clock ${seconds(wallMs)}), aim ${seconds(cpuAimMs)}; ${points} points of curves`,
);
console.log(
  `memory ${peakMb.toFixed(0)} MB at the peak (${heldMb.toFixed(0)} MB of data and program), aim ${memoryAimMb} MB`,
);
const projection = benchProjection();
console.log(
  `projection of ${projection.hours} h for ${projection.rules} rules: ${seconds(projection.cpuMs)} of processor time, aim ${seconds(projectionAimMs)}`,
);
const differences = process.env.PROMETHEUS_BIN === undefined ? 0 : await besidePrometheus();
const isMet = cpuMs <= cpuAimMs && peakMb <= memoryAimMb && projection.cpuMs <= projectionAimMs;
process.exitCode = isMet && differences === 0 ? 0 : 1;
