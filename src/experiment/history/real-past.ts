// Real samples of an earlier time: the history that nobody has to make up. A series takes part when it has the labels of
// one that is recorded now. A counter goes on where it ended, so that the seam shows neither a step nor a reset.

import type { Labels } from '../../base/labels.ts';
import { createMatcher } from '../../base/matcher.ts';
import { present, type Queryable, type TimeColumn } from '../../telemetry/metrics/series.ts';
import { countedOver } from './extend.ts';
import type { SteadyPart } from './steady-part.ts';

export interface RealPast {
  readonly source: Queryable;
  /** Where it was read, for people. */
  readonly from: string;
  /** Added to its times: a recording of yesterday is joined where it ended. */
  readonly shiftMs: number;
}

export interface Joining {
  readonly labels: Labels;
  readonly part: SteadyPart;
  readonly isCounter: boolean;
  /** Nothing older is needed, Unix milliseconds. */
  readonly oldestMs: number;
  readonly spacingMs: number;
}

export interface PastSeries {
  readonly column: TimeColumn;
  readonly values: Float64Array;
}

/** The real samples before the series' own, no nearer to each other than needed; undefined when there are none. */
export function realBefore({ source, shiftMs }: RealPast, joining: Joining): PastSeries | undefined {
  const { labels, part, isCounter, oldestMs, spacingMs } = joining;
  const { atMs, value, included } = part.anchor;
  const matchers = labels.pairs.map(([name, text]) => createMatcher(name, '=', text));
  const view = source
    .select(matchers, oldestMs - shiftMs, atMs - shiftMs - 1)
    .find((each) => each.labels.key === labels.key);
  if (!view) return undefined;
  const times: number[] = [];
  const values: number[] = [];
  for (let row = view.first; row < view.last; row++) {
    const at = view.column.times[row]! + shiftMs;
    const own = view.values[row - view.offset]!;
    if (view.states[row - view.offset] !== present || !Number.isFinite(own)) continue;
    times.push(at);
    values.push(own);
  }
  if (times.length === 0) return undefined;
  const counted = isCounter ? countedOver(Float64Array.from(values)) : undefined;
  const gapMs = atMs - times.at(-1)!;
  const end = value - rateOf(part) * gapMs;
  const continuous = counted ? counted.map((count) => end - (counted.at(-1)! - count)) : values;
  const kept = thinned(times, spacingMs);
  const more = included ? [{ at: atMs, value }] : [];
  const all = [...kept.map((i) => ({ at: times[i]!, value: continuous[i]! })), ...more];
  return {
    column: { times: Float64Array.from(all, ({ at }) => at), length: all.length },
    values: Float64Array.from(all, (sample) => sample.value),
  };
}

/** Per millisecond. */
function rateOf({ times, values }: SteadyPart): number {
  return countedOver(values).at(-1)! / Math.max(1, times.at(-1)! - times[0]!);
}

/** Indices whose times are at least so far apart; the newest is one of them. */
function thinned(times: readonly number[], spacingMs: number): number[] {
  const kept: number[] = [];
  let nextMs = Number.POSITIVE_INFINITY;
  for (let i = times.length - 1; i >= 0; i--) {
    if (times[i]! > nextMs) continue;
    kept.push(i);
    nextMs = times[i]! - spacingMs;
  }
  return kept.reverse();
}
