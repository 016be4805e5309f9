// When an alert would have fired with another history: its rule, and the recording rules that it reads, evaluated over
// that history and what the run recorded after it.

import type { LabelRecord } from '../../base/labels.ts';
import { rangeQuery } from '../../promql/engine.ts';
import type { Features } from '../../promql/features.ts';
import { parseExpr } from '../../promql/parser.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import type { PlannedHistory, PlannedRecording, PlannedRule } from '../timeline.ts';
import { HeldSeries } from './held-series.ts';
import { hold, readersOf, recordedOver, stepFor } from './recorded.ts';
import { WarmedSource } from './warmed-source.ts';

export interface Replay {
  readonly rule: Pick<PlannedRule, 'expr' | 'labels' | 'forMs' | 'evaluationIntervalMs'>;
  /** Each after those that it reads. */
  readonly recordings: readonly PlannedRecording[];
  readonly windows: PlannedHistory['windows'];
  /** Of raw series, up to `fromMs`. */
  readonly history: Queryable;
  readonly live: Queryable;
  /** Of the evaluations, both included; Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly features: Features;
  /** Which alerts count, by their labels. */
  counts(labels: LabelRecord): boolean;
}

/** Unix milliseconds of the first firing; null when it would not have fired up to `toMs`. */
export function firstFiring(replay: Replay): number | null {
  const { rule, fromMs, toMs, features } = replay;
  const parsed = parseExpr(rule.expr, { features });
  if (!parsed.ok) return null;
  const source = withRecordings(replay);
  const stepMs = rule.evaluationIntervalMs;
  const { series } = rangeQuery(source, parsed.expr, fromMs, toMs, stepMs, { features });
  const firings = series
    .filter(({ labels }) => replay.counts({ ...labels.without('__name__').toRecord(), ...rule.labels }))
    .flatMap(({ times }) => firstHeld(times, stepMs, rule.forMs) ?? []);
  return firings.length === 0 ? null : Math.min(...firings);
}

/** The first evaluation at which it has been true for so long, at each evaluation in between. */
function firstHeld(times: Float64Array, stepMs: number, forMs: number): number | undefined {
  let sinceMs = Number.NaN;
  let beforeMs = Number.NaN;
  for (const at of times) {
    if (at - beforeMs !== stepMs) sinceMs = at;
    if (at - sinceMs >= forMs) return at;
    beforeMs = at;
  }
  return undefined;
}

/** What was recorded under the real history is not shown: it is recorded anew. */
function withRecordings({ recordings, windows, history, live, fromMs, toMs, features }: Replay): Queryable {
  const hidden = new Set(recordings.map(({ name }) => name));
  const raw = new WarmedSource(history, live, { liveAfterMs: fromMs, hidden });
  const recorded = new HeldSeries();
  const source = new WarmedSource(recorded, raw);
  for (const recording of recordings) {
    const readers = readersOf(recording, windows);
    const everyMs = recording.evaluationIntervalMs;
    const series = recordedOver(recording, source, { fromMs, toMs, stepMs: everyMs, features });
    if (readers.length === 0) {
      hold(recorded, series);
      continue;
    }
    const stepMs = stepFor(recording, readers);
    const steps = Math.floor(Math.max(...readers.map(({ reachMs }) => reachMs)) / stepMs);
    const past = { fromMs: fromMs - steps * stepMs, toMs: fromMs - everyMs, stepMs, features };
    hold(recorded, joined(recordedOver(recording, source, past), series));
  }
  return source;
}

function joined(
  past: ReturnType<typeof recordedOver>,
  since: ReturnType<typeof recordedOver>,
): ReturnType<typeof recordedOver> {
  const before = new Map(past.map((series) => [series.labels.key, series]));
  const all = since.map((series) => {
    const earlier = before.get(series.labels.key);
    before.delete(series.labels.key);
    if (!earlier) return series;
    return {
      labels: series.labels,
      times: Float64Array.from([...earlier.times, ...series.times]),
      values: Float64Array.from([...earlier.values, ...series.values]),
    };
  });
  return [...all, ...before.values()];
}
