// A month of requests of many services: for each one objective and ten counters, by two handlers and five codes.

import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { Labels } from '../../src/base/labels.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import type { Budgeting, Objective, Query } from '../../src/slo/objective.ts';
import { targetOf } from '../../src/slo/target.ts';
import type { SeriesRun } from '../../src/telemetry/metrics/store.ts';

const scrapeMs = 15_000;
const dayMs = 86_400_000;
export const samplesPerDay = dayMs / scrapeMs;
/** A whole day, so that time slices and hours begin with it. */
const beginMs = Date.UTC(2026, 9, 1);
const handlers = 2;
/** And how many requests a scrape has of each on average. */
const codes = [
  ['200', 150],
  ['201', 20],
  ['404', 3],
  ['500', 1],
  ['503', 0.2],
] as const;
export const seriesPerService = handlers * codes.length;

export interface Extent {
  readonly services: number;
  readonly days: number;
}

export function endOf({ days }: Extent): number {
  return beginMs + days * dayMs;
}

/** The same as OpenMetrics text. */
export async function writeOpenMetrics(path: string, extent: Extent): Promise<void> {
  const file = createWriteStream(path);
  file.write('# TYPE http_requests counter\n');
  const texts = new Map<string, string[]>();
  for (const { labels, times, values, length } of runsOf(extent)) {
    const lines = texts.get(labels.key) ?? [];
    texts.set(labels.key, lines);
    // OpenMetrics has no blanks between labels.
    const series = String(labels).replaceAll(', ', ',');
    for (let i = 0; i < length; i++) lines.push(`${series} ${values[i]} ${times[i]! / 1000}\n`);
  }
  // A series has to stand in one piece.
  for (const lines of texts.values())
    if (!file.write(lines.join(''))) await new Promise<void>((resolve) => file.once('drain', resolve));
  file.end('# EOF\n');
  await finished(file);
}

interface Counter {
  readonly labels: Labels;
  readonly source: string;
  readonly random: Random;
  /** Requests a scrape, on average. */
  readonly speed: number;
  value: number;
}

/** Day after day, each counter's samples of it; the arrays are written anew for the next. */
export function* runsOf({ services, days }: Extent): Generator<SeriesRun> {
  const counters = Array.from({ length: services }, (_, service) => countersOf(service)).flat();
  const times = new Float64Array(samplesPerDay);
  const values = new Float64Array(samplesPerDay);
  for (let day = 0; day < days; day++) {
    // Never on the edge of a range, which Prometheus before 3.0 took to be inside at both ends.
    for (let i = 0; i < samplesPerDay; i++) times[i] = beginMs + day * dayMs + (i + 0.5) * scrapeMs;
    for (const counter of counters) {
      for (let i = 0; i < samplesPerDay; i++) {
        counter.value += Math.round(2 * counter.speed * counter.random());
        values[i] = counter.value;
      }
      yield { source: counter.source, labels: counter.labels, times, values, length: samplesPerDay };
    }
  }
}

function countersOf(service: number): Counter[] {
  return Array.from({ length: seriesPerService }, (_, i) => {
    const [code, speed] = codes[i % codes.length]!;
    const handler = i < codes.length ? '/' : '/search';
    return {
      labels: Labels.from({ __name__: 'http_requests_total', service: nameOf(service), handler, code }),
      source: nameOf(service),
      random: seededRandom(1 + service * seriesPerService + i),
      speed,
      value: 100_000,
    };
  });
}

function nameOf(service: number): string {
  return `service-${String(service).padStart(3, '0')}`;
}

/** Six in ten count events, two time slices, and two the mean over time slices. */
const methods: readonly Budgeting[] = [
  { method: 'Occurrences' },
  { method: 'Occurrences' },
  { method: 'Timeslices', sliceMs: 60_000, sliceTarget: 0.99 },
  { method: 'Occurrences' },
  { method: 'RatioTimeslices', sliceMs: 60_000 },
];

export function objectivesOf({ services, days }: Extent): Objective[] {
  return Array.from({ length: services }, (_, service): Objective => {
    const selector = (more: string): Query => ({
      promql: `sum(http_requests_total{service="${nameOf(service)}"${more}})`,
      form: 'counter',
      source: undefined,
      place: { file: 'bench', line: 1, column: 1 },
    });
    return {
      kind: 'simple',
      id: nameOf(service),
      name: nameOf(service),
      index: 0,
      displayName: undefined,
      description: undefined,
      service: nameOf(service),
      labels: {},
      annotations: {},
      window: { type: 'rolling', durationMs: days * dayMs, text: `${days}d` },
      alertPolicies: [],
      origin: { format: 'openslo/v1', file: 'bench', place: { file: 'bench', line: 1, column: 1 } },
      sli: { type: 'ratio', bad: selector(', code=~"5.."'), total: selector(''), grouping: [] },
      target: targetOf('0.99', 'ratio')!,
      budgeting: methods[service % methods.length]!,
    };
  });
}
