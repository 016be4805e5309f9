// Our server against Prometheus: the same samples, the same queries through the same client, in turns. Prints medians,
// ratios and memory, and says which target is missed; then the exit code is 1.
//
//   npm run bench:promql [-- --series 1100|11000] [--rounds N] [--program dist/firedrill.js]
//
// PROMETHEUS_BIN and PROMTOOL_BIN name the programs to compare with; those on the path by default.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Agent, request } from 'undici';
import { differenceOf, tolerance } from './bench/answers.ts';
import { beginMs, endMs, seriesPerTarget, writeOpenMetrics } from './bench/data.ts';
import { type Server, startOurs, startPrometheus } from './bench/servers.ts';

const errors = (range: string) =>
  `sum by (job) (rate(requests_total{code=~"5.."}[${range}])) / sum by (job) (rate(requests_total[${range}]))`;

const queries: readonly (readonly [name: string, expr: string])[] = [
  ['sum of rates by job', 'sum by (job) (rate(requests_total[5m]))'],
  ['histogram_quantile', 'histogram_quantile(0.99, sum by (le) (rate(latency_seconds_bucket[5m])))'],
  ['error ratio by job', errors('5m')],
  ['max_over_time', 'max by (job) (max_over_time(memory_bytes[10m]))'],
  ['topk of rates', 'topk(5, sum by (instance) (rate(requests_total[5m])))'],
  ['label_replace', 'sum by (host) (label_replace(memory_bytes, "host", "$1", "instance", "([^:]+):.*"))'],
  ['avg_over_time 1h', 'avg by (job) (avg_over_time(memory_bytes[1h]))'],
  ['quantile by job', 'quantile by (job) (0.95, memory_bytes)'],
  ['two-window burn rate', `(${errors('1h')} > 0.0144) and (${errors('5m')} > 0.0144)`],
  ['sum of all rates', 'sum(rate({__name__=~"requests_total|latency_seconds_bucket"}[5m]))'],
];

/** Milliseconds in which one size of the benchmark must be done. */
const timeLimitMs = 15 * 60_000;
const ratioMax = 0.5;
const meanRatioMax = 0.15;
const instantRatioMax = 1;
/** Node itself, beside which a small data set does not count. */
const smallAllowanceMb = 60;

const { values: options } = parseArgs({
  options: {
    series: { type: 'string' },
    rounds: { type: 'string', default: '9' },
    program: { type: 'string', default: 'dist/firedrill.js' },
  },
});

const client = new Agent({ connections: 1, headersTimeout: 120_000, bodyTimeout: 120_000 });

async function ask(server: Server, path: string): Promise<{ ms: number; text: string }> {
  const start = performance.now();
  const { body } = await request(server.url + path, { dispatcher: client });
  const text = await body.text();
  return { ms: performance.now() - start, text };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

interface Pair {
  readonly ours: Server;
  readonly theirs: Server;
}

class Report {
  readonly missed: string[] = [];
  differences = 0;

  expect(holds: boolean, text: string): void {
    if (!holds) this.missed.push(text);
  }
}

/** Medians of the same call to both in turns, after one call that does not count. */
async function measure({ ours, theirs }: Pair, path: string, rounds: number) {
  const difference = differenceOf((await ask(ours, path)).text, (await ask(theirs, path)).text);
  const [oursMs, theirsMs]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    oursMs.push((await ask(ours, path)).ms);
    theirsMs.push((await ask(theirs, path)).ms);
  }
  return { ours: median(oursMs), theirs: median(theirsMs), difference };
}

async function measureAll(
  pair: Pair,
  title: string,
  report: Report,
  max: number,
  rounds: number,
  pathOf: (expr: string) => string,
): Promise<number> {
  console.log(
    `\n${title.padEnd(32)}${'ours ms'.padStart(10)}${'theirs ms'.padStart(11)}${'ratio'.padStart(8)}`,
  );
  let logarithms = 0;
  for (const [name, expr] of queries) {
    const { ours, theirs, difference } = await measure(pair, pathOf(expr), rounds);
    const ratio = ours / theirs;
    logarithms += Math.log(ratio);
    console.log(
      `${name.padEnd(32)}${ours.toFixed(1).padStart(10)}${theirs.toFixed(1).padStart(11)}${ratio.toFixed(3).padStart(8)}`,
    );
    report.expect(difference === undefined, `${title}: ${name}: answers differ: ${difference}`);
    if (difference !== undefined) report.differences++;
    report.expect(ratio <= max, `${title}: ${name}: ratio ${ratio.toFixed(3)} is above ${max}`);
  }
  const mean = Math.exp(logarithms / queries.length);
  console.log(`${'geometric mean'.padEnd(53)}${mean.toFixed(3).padStart(8)}`);
  return mean;
}

async function compare(pair: Pair, series: number, report: Report): Promise<void> {
  const after = { ours: pair.ours.memoryMb('VmRSS'), theirs: pair.theirs.memoryMb('VmRSS') };
  const rounds = Number(options.rounds);
  for (const stepSeconds of [15, 60]) {
    const title = `${series} series, step ${stepSeconds} s`;
    const mean = await measureAll(pair, title, report, ratioMax, rounds, (expr) => {
      const start = beginMs / 1000 + stepSeconds;
      return `/api/v1/query_range?${new URLSearchParams({
        query: expr,
        start: String(start),
        end: String(endMs / 1000),
        step: String(stepSeconds),
      })}`;
    });
    report.expect(
      mean <= meanRatioMax,
      `${title}: geometric mean ${mean.toFixed(3)} is above ${meanRatioMax}`,
    );
  }
  await measureAll(pair, `${series} series, instant`, report, instantRatioMax, 3 * rounds, (expr) => {
    return `/api/v1/query?${new URLSearchParams({ query: expr, time: String(endMs / 1000) })}`;
  });
  const peak = { ours: pair.ours.memoryMb('VmHWM'), theirs: pair.theirs.memoryMb('VmHWM') };
  const mb = (value: number) => `${value.toFixed(0)} MB`;
  console.log(`\nmemory after loading: ours ${mb(after.ours)}, theirs ${mb(after.theirs)}`);
  console.log(`memory at the peak: ours ${mb(peak.ours)}, theirs ${mb(peak.theirs)}`);
  const isSmall = series < 10_000;
  const expectAtMost = (when: string, ours: number, theirs: number) => {
    const allowed = theirs + (isSmall ? smallAllowanceMb : 0);
    report.expect(ours <= allowed, `${series} series: memory ${when}: ${mb(ours)} is above ${mb(allowed)}`);
  };
  expectAtMost('at the peak', peak.ours, peak.theirs);
  // Theirs maps its blocks and has read nothing yet: with much data only what queries need is to be compared.
  if (isSmall) expectAtMost('after loading', after.ours, after.theirs);
}

async function bench(series: number, report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'firedrill-bench-'));
  const servers: Server[] = [];
  const stopAll = async () => {
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  };
  const end = (reason: string) => {
    console.error(reason);
    void stopAll().then(() => process.exit(2));
  };
  const interrupted = () => end('interrupted');
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  const timer = setTimeout(() => end('the benchmark takes too long'), timeLimitMs);
  try {
    const file = join(folder, 'samples.om');
    await writeOpenMetrics(file, series / seriesPerTarget);
    const theirs = await startPrometheus(folder, file, servers);
    const start = performance.now();
    const ours = await startOurs(options.program, file, servers);
    console.log(`\n${series} series loaded by us in ${((performance.now() - start) / 1000).toFixed(1)} s`);
    await compare({ ours, theirs }, series, report);
  } finally {
    clearTimeout(timer);
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    await stopAll();
  }
}

const report = new Report();
for (const series of options.series ? [Number(options.series)] : [1100, 11_000]) await bench(series, report);
await client.close();
if (report.differences === 0) console.log(`\nanswers equal within ${tolerance} relative`);
if (report.missed.length === 0) {
  console.log('every target is met');
} else {
  console.log('\nmissed:');
  for (const line of report.missed) console.log(`  ${line}`);
  process.exitCode = 1;
}
