// Recovery is judged on the shortest window that has enough events, because an expression's range is its memory: over
// five minutes a ratio is out of bounds for minutes after everything is well.

import { scalarOperator } from '../../promql/binary/operators.ts';
import { rangeQuery } from '../../promql/engine.ts';
import type { TopComparison } from '../../promql/walk.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import type { EventShare } from './event-share.ts';
import type { Window } from './readings.ts';
import { eventsAtSteps } from './share-counts.ts';
import type { Reading } from './stretches.ts';

/** A rate needs two samples, and one scrape may fail. */
const scrapesInShortest = 4;

/**
 * The readings since the undo: what is out of bounds over the objective's own range is read over the shortest window that
 * held `eventsNeeded`, one for all of them, and what is in bounds there is back.
 */
export function withShortMemory(
  recording: Queryable,
  share: EventShare,
  comparison: TopComparison,
  readings: readonly Reading[],
  options: {
    readonly undoneAt: number;
    readonly scrapeMs: number;
    readonly eventsNeeded: number;
    readonly window: Window;
  },
): readonly Reading[] {
  const { undoneAt, scrapeMs, eventsNeeded, window } = options;
  const open = readings.filter(({ at, bounds }) => at > undoneAt && bounds === 'out');
  if (open.length === 0) return readings;
  // At the times of the readings themselves, which lie on the window's steps.
  const own = { ...window, fromMs: open[0]!.at, toMs: open.at(-1)!.at };
  const windowMs = windowsBelow(share.rangeMs ?? 0, scrapesInShortest * scrapeMs).find((each) => {
    const events = eventsAtSteps(recording, share, each, own);
    return middleOf(open.map(({ at }) => events.get(at) ?? 0)) >= eventsNeeded;
  });
  if (windowMs === undefined) return readings;
  const isOpen = new Set(open);
  const values = valuesAtSteps(recording, share, windowMs, own);
  return readings.map((reading) => {
    if (!isOpen.has(reading)) return reading;
    const value = worstOf(share, values.get(reading.at) ?? []);
    return value !== undefined && isIn(share, comparison, value) ? back(share, reading, value) : reading;
  });
}

/** The window must not change from reading to reading: the longer one still remembers what the shorter has forgotten. */
function middleOf(counts: readonly number[]): number {
  return counts.toSorted((a, b) => a - b)[Math.floor(counts.length / 2)] ?? 0;
}

/** From the shortest on, each twice as long as the one before it. */
function windowsBelow(rangeMs: number, shortestMs: number): number[] {
  const windows: number[] = [];
  for (let windowMs = shortestMs; windowMs < rangeMs; windowMs *= 2) windows.push(windowMs);
  return windows;
}

function valuesAtSteps(
  recording: Queryable,
  share: EventShare,
  windowMs: number,
  { fromMs, toMs, stepMs, features }: Window,
): ReadonlyMap<number, readonly number[]> {
  const all = new Map<number, number[]>();
  const { series } = rangeQuery(recording, share.value(windowMs), fromMs, toMs, stepMs, { features });
  for (const { times, values } of series)
    times.forEach((at, index) => {
      if (!Number.isNaN(values[index]!)) all.set(at, [...(all.get(at) ?? []), values[index]!]);
    });
  return all;
}

/** That of the series with the smallest share of good. */
function worstOf(share: EventShare, values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => share.goodShareOf(a) - share.goodShareOf(b))[0];
}

/** Of a percentile, `value` is the share under its threshold. */
function isIn(share: EventShare, { operator, threshold }: TopComparison, value: number): boolean {
  if (share.what === 'percentile') return share.goodShareOf(value) >= share.target;
  return scalarOperator(operator)!(value, threshold!) === 1;
}

/** Of a percentile the share has been read, and no value. */
function back(share: EventShare, reading: Reading, value: number): Reading {
  return { ...reading, bounds: 'in', value: share.what === 'percentile' ? null : value };
}
