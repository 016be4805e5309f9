// Counts of a share of events over stretches of the recording, and whether they are enough to tell on which side of its
// target the true share lies.

import { instantQuery, rangeQuery } from '../../promql/engine.ts';
import type { Features } from '../../promql/features.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import { eventsToSettle, type Interval, wilsonInterval } from './binomial.ts';
import type { EventShare } from './event-share.ts';
import type { Window } from './readings.ts';

/** One series of the objective over one stretch. `events` are extrapolated to its ends, and so no whole number. */
export interface ShareCount {
  readonly goodShare: number;
  readonly events: number;
}

/** Of each series, over the `windowMs` before `atMs`; what had no events is left out. */
export function countShare(
  recording: Queryable,
  share: EventShare,
  atMs: number,
  windowMs: number,
  features: Features,
): ShareCount[] {
  const read = (expr: ReturnType<EventShare['value']>) => {
    const result = instantQuery(recording, expr, atMs, { features });
    return result.type === 'vector' ? result.samples : [];
  };
  const events = new Map<string, number>();
  for (const form of share.events(windowMs))
    for (const { labels, value } of read(form)) if (!events.has(labels.key)) events.set(labels.key, value);
  return read(share.value(windowMs)).flatMap(({ labels, value }) => {
    const count = events.get(labels.key);
    if (count === undefined || !(count > 0) || Number.isNaN(value)) return [];
    return [{ goodShare: within(share.goodShareOf(value)), events: count }];
  });
}

/** Rounding and extrapolation may leave [0, 1] by a little. */
function within(share: number): number {
  return Math.min(1, Math.max(0, share));
}

/** Events of all series at each step, over the window before it. */
export function eventsAtSteps(
  recording: Queryable,
  share: EventShare,
  windowMs: number,
  { fromMs, toMs, stepMs, features }: Window,
): ReadonlyMap<number, number> {
  const sums = new Map<number, number>();
  for (const form of share.events(windowMs)) {
    if (sums.size > 0) break;
    for (const { times, values } of rangeQuery(recording, form, fromMs, toMs, stepMs, { features }).series)
      times.forEach((at, index) => {
        sums.set(at, (sums.get(at) ?? 0) + values[index]!);
      });
  }
  return sums;
}

/** What a stretch proves: the share met its target, missed it, or cannot be told from it. */
export interface ShareFinding {
  readonly side: 'met' | 'missed' | 'unclear';
  readonly count: ShareCount;
  readonly interval: Interval;
  /** From how many events on the same share would be clear; infinite on the target. */
  readonly needed: number;
}

/** The finding that decides: a missed target before an unclear one. Undefined without counts. */
export function findShare(counts: readonly ShareCount[], target: number): ShareFinding | undefined {
  const findings = counts.map((count): ShareFinding => {
    const interval = wilsonInterval(count.goodShare, count.events);
    const side = interval.high < target ? 'missed' : interval.low > target ? 'met' : 'unclear';
    return { side, count, interval, needed: eventsToSettle(count.goodShare, target) };
  });
  const order = ['missed', 'unclear', 'met'];
  return findings.toSorted((a, b) => order.indexOf(a.side) - order.indexOf(b.side))[0];
}
