// Where real samples of an earlier time come from: a recording, an OpenMetrics file, or a Prometheus that has watched the
// same system for longer.

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import type { Labels } from '../../base/labels.ts';
import type { Queryable, SeriesView } from '../../telemetry/metrics/series.ts';
import { importOpenMetrics } from '../../telemetry/recording/openmetrics-import.ts';
import { readRecording } from '../../telemetry/recording/reader.ts';
import { RemoteApi } from '../../telemetry/remote/api.ts';
import type { HistorySpec } from '../model.ts';
import type { PlannedHistory, TimelineEvent } from '../timeline.ts';
import { HeldSeries } from './held-series.ts';
import type { RealPast } from './real-past.ts';

export interface RealSource {
  /** What windows read of it; `joinMs` is where the run's own samples begin, Unix milliseconds. Rejects with a UserError. */
  read(plan: PlannedHistory, joinMs: number): Promise<RealPast>;
}

/** Rejects with FD804, or with what is wrong with the file. An address is not asked before it is read. */
export async function openRealSource(
  from: NonNullable<HistorySpec['from']>,
  clock: Clock,
): Promise<RealSource> {
  if ('url' in from) {
    const api = new RemoteApi(from, clock);
    const read = (plan: PlannedHistory, joinMs: number) => readRemote(api, plan, joinMs);
    return { read: (plan, joinMs) => read(plan, joinMs).finally(() => api.close()) };
  }
  const source = await openRecorded(from.path);
  const endMs = endOf(source);
  return {
    read: async (_, joinMs) => ({ source, from: from.path, shiftMs: Math.max(0, joinMs - endMs) }),
  };
}

async function openRecorded(path: string): Promise<Queryable> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile()) return importOpenMetrics(path);
  if (!found?.isDirectory()) throw UserError.of('FD804', `there is no recording ${path} for the history`);
  const inRun = await stat(join(path, 'recording')).catch(() => undefined);
  const { store } = await readRecording(inRun ? join(path, 'recording') : path);
  const faultAt = await firstFault(join(path, 'timeline.jsonl'));
  return faultAt === undefined ? store : new Before(store, faultAt);
}

/** A past run is a history up to its own fault. */
async function firstFault(timeline: string): Promise<number | undefined> {
  const text = await readFile(timeline, 'utf8').catch(() => '');
  const line = text.split('\n').find((each) => each.includes('"fault.injecting"'));
  return line === undefined ? undefined : (JSON.parse(line) as TimelineEvent).at;
}

class Before implements Queryable {
  readonly #source: Queryable;
  readonly #beforeMs: number;

  constructor(source: Queryable, beforeMs: number) {
    this.#source = source;
    this.#beforeMs = beforeMs;
  }

  select(matchers: Parameters<Queryable['select']>[0], minMs: number, maxMs: number): SeriesView[] {
    const toMs = Math.min(maxMs, this.#beforeMs - 1);
    return toMs < minMs ? [] : this.#source.select(matchers, minMs, toMs);
  }
}

function endOf(source: Queryable): number {
  return source
    .select([], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
    .reduce(
      (latest, { column, last }) => Math.max(latest, column.times[last - 1]!),
      Number.NEGATIVE_INFINITY,
    );
}

interface Asked {
  readonly selector: string;
  readonly reachMs: number;
  readonly spacingMs: number;
}

/** Each selector once, as far back and as densely as any of its windows needs. */
function askedOf({ windows, lengthMsMax }: PlannedHistory): Asked[] {
  const asked = new Map<string, Asked>();
  for (const { kind, selector, reachMs, spacingMs } of windows) {
    if (kind === 'recorded') continue;
    const known = asked.get(selector);
    asked.set(selector, {
      selector,
      reachMs: Math.max(Math.min(reachMs, lengthMsMax ?? reachMs), known?.reachMs ?? 0),
      spacingMs: Math.max(spacingMsMin, Math.min(spacingMs, known?.spacingMs ?? Number.POSITIVE_INFINITY)),
    });
  }
  return [...asked.values()];
}

/** Prometheus answers no more than 11,000 points a series at once. */
const pointsAtOnce = 10_000;
/** No denser than most scrapes. */
const spacingMsMin = 15_000;

/** At the distance that the windows need, not sample by sample: three days of a second each are nobody's to send. */
async function readRemote(api: RemoteApi, plan: PlannedHistory, joinMs: number): Promise<RealPast> {
  const found = new Map<string, { labels: Labels; times: number[]; values: number[] }>();
  for (const { selector, reachMs, spacingMs } of askedOf(plan)) {
    const oldestMs = joinMs - reachMs;
    for (let fromMs = oldestMs; fromMs < joinMs; fromMs += pointsAtOnce * spacingMs) {
      const toMs = Math.min(joinMs - 1, fromMs + (pointsAtOnce - 1) * spacingMs);
      const { series } = await api.queryRange(selector, fromMs, toMs, spacingMs);
      for (const { labels, samples } of series) {
        const known = found.get(labels.key) ?? { labels, times: [], values: [] };
        found.set(labels.key, known);
        for (const { atMs, value } of samples) {
          if (atMs <= (known.times.at(-1) ?? Number.NEGATIVE_INFINITY)) continue;
          known.times.push(atMs);
          known.values.push(value);
        }
      }
    }
  }
  const source = new HeldSeries();
  for (const { labels, times, values } of found.values())
    source.add(labels, { times: Float64Array.from(times), length: times.length }, Float64Array.from(values));
  return { source, from: api.shownUrl, shiftMs: 0 };
}
