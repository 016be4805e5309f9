// How long a projection of 24 hours takes for 200 rules: 40 services with Sloth's recording rules over eight windows and
// five burn-rate alerts each, three days of history, a baseline and a fault at 15 seconds. Processor time, the median
// of some rounds. Run by itself: `tsx scripts/bench/projection.ts`.

import { pathToFileURL } from 'node:url';
import { Labels } from '../../src/base/labels.ts';
import { HeldSeries } from '../../src/experiment/history/held-series.ts';
import { WarmedSource } from '../../src/experiment/history/warmed-source.ts';
import { type ProjectedRule, Projector } from '../../src/experiment/projection/projector.ts';
import type { PlannedRecording } from '../../src/experiment/timeline.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const services = 40;
const scrapeMs = 15_000;
const baselineMs = 10 * minute;
const faultMs = 2 * minute;
const horizonMs = 24 * hour;
const historyMs = 3 * day;
const injectedAtMs = Date.UTC(2026, 0, 5, 9);
/** Of the requests during the fault: some alerts fire at once, some after hours, some never. */
const errorRatio = 0.04;

const windows = ['5m', '30m', '1h', '2h', '6h', '1d', '2d', '3d'];
const tiers = [
  { name: 'PageQuick', factor: 14.4, long: '1h', short: '5m' },
  { name: 'PageSlow', factor: 6, long: '6h', short: '30m' },
  { name: 'TicketQuick', factor: 3, long: '1d', short: '2h' },
  { name: 'TicketMiddle', factor: 2, long: '2d', short: '2h' },
  { name: 'TicketSlow', factor: 1, long: '3d', short: '6h' },
];

/** Of processor time. */
export const projectionAimMs = 2000;

interface ProjectionFigures {
  readonly rules: number;
  readonly hours: number;
  readonly fired: number;
  /** Median of the rounds; processor time of this process. */
  readonly cpuMs: number;
}

export function benchProjection(rounds = 5): ProjectionFigures {
  const recording = recordingOf();
  const times: number[] = [];
  let fired = 0;
  for (let round = 0; round < rounds; round++) {
    const startedAt = process.cpuUsage();
    fired = project(recording);
    const { user, system } = process.cpuUsage(startedAt);
    times.push((user + system) / 1000);
  }
  const cpuMs = times.sort((a, b) => a - b)[Math.floor(rounds / 2)]!;
  return { rules: services * tiers.length, hours: horizonMs / hour, fired, cpuMs };
}

function project(recording: WarmedSource): number {
  const rules = Array.from({ length: services }, (_, service) => rulesOf(service)).flat();
  const undoneAtMs = injectedAtMs + faultMs;
  const projector = new Projector({
    recording,
    levelFromMs: injectedAtMs + faultMs / 2,
    undoneAtMs,
    untilMs: undoneAtMs + horizonMs,
    expressions: rules.map(({ expr }) => expr),
    recordings: Array.from({ length: services }, (_, service) => recordingsOf(service)).flat(),
    features: new Set(),
  });
  const asking = { pendingSinceMs: undefined, untilMs: undoneAtMs + horizonMs, counts: () => true };
  return rules.filter((rule) => projector.firstFiring(rule, asking) !== null).length;
}

function rulesOf(service: number): ProjectedRule[] {
  const ratio = (window: string) =>
    `slo:sli_error:ratio_rate${window}{sloth_id="svc${service}-requests", sloth_service="svc${service}"}`;
  return tiers.map(({ name, factor, long, short }) => ({
    expr: `max(${ratio(short)} > (${factor} * 0.001)) without (sloth_window) and max(${ratio(long)} > (${factor} * ${service % 2 ? 0.001 : 0.01})) without (sloth_window)`,
    labels: { severity: name },
    forMs: 2 * minute,
    evaluationIntervalMs: minute,
  }));
}

function recordingsOf(service: number): PlannedRecording[] {
  return windows.map((window) => ({
    name: `slo:sli_error:ratio_rate${window}`,
    expr: `(sum(rate(requests_total{job="svc${service}",code=~"(5..|429)"}[${window}]))) / (sum(rate(requests_total{job="svc${service}"}[${window}])))`,
    labels: {
      sloth_id: `svc${service}-requests`,
      sloth_service: `svc${service}`,
      sloth_window: window,
    },
    evaluationIntervalMs: minute,
  }));
}

/** Three days as a history would have made them, then the run. */
function recordingOf(): WarmedSource {
  const history = new HeldSeries();
  const store = new SeriesStore();
  const spacingMs = scrapeMs;
  const length = historyMs / spacingMs;
  const beganMs = injectedAtMs - baselineMs;
  const times = Float64Array.from({ length }, (_, i) => beganMs - (length - i) * spacingMs);
  const column = { times, length };
  const rate = (code: string, failing: boolean) =>
    code === '500' ? (failing ? errorRatio : 0.0001) : failing ? 1 - errorRatio : 0.9999;
  const labelsOf = (service: number, code: string) =>
    Labels.from({ __name__: 'requests_total', job: `svc${service}`, code });
  const values = new Map<string, number>();
  for (const code of ['200', '500']) {
    const counted = times.map((_, i) => i * rate(code, false) * 750);
    for (let service = 0; service < services; service++)
      history.add(labelsOf(service, code), column, counted);
    values.set(code, length * rate(code, false) * 750);
  }
  for (let at = beganMs; at <= injectedAtMs + faultMs; at += scrapeMs) {
    for (const code of ['200', '500'])
      values.set(code, values.get(code)! + rate(code, at > injectedAtMs) * 750);
    for (let service = 0; service < services; service++)
      store.appendBatch({
        source: `svc${service}`,
        atMs: at,
        samples: ['200', '500'].map((code) => ({
          labels: labelsOf(service, code),
          value: values.get(code)!,
        })),
      });
  }
  return new WarmedSource(history, store);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { rules, hours, fired, cpuMs } = benchProjection();
  console.log(
    `projection of ${hours} h for ${rules} rules (${fired} fire): ${cpuMs.toFixed(0)} ms of processor time`,
  );
  process.exitCode = cpuMs <= projectionAimMs ? 0 : 1;
}
