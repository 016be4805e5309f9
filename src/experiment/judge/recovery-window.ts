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
 * The readings since the undo: what is out of bounds over the objective's own range is read over the shortest window
 * that held `eventsNeeded`, and that decides.
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
  const isOpen = ({ at, bounds }: Reading) => at > undoneAt && bounds === 'out';
  const decided = new Map<number, Reading>();
  for (const windowMs of windowsBelow(share.rangeMs ?? 0, scrapesInShortest * scrapeMs)) {
    const open = readings.filter((reading) => isOpen(reading) && !decided.has(reading.at));
    if (open.length === 0) break;
    // At the times of the readings themselves, which lie on the window's steps.
    const own = { ...window, fromMs: open[0]!.at, toMs: open.at(-1)!.at };
    const events = eventsAtSteps(recording, share, windowMs, own);
    const values = valuesAtSteps(recording, share, windowMs, own);
    for (const { at } of open) {
      if ((events.get(at) ?? 0) < eventsNeeded) continue;
      const value = worstOf(share, values.get(at) ?? []);
      if (value !== undefined)
        decided.set(at, { at, value, bounds: isIn(share, comparison, value) ? 'in' : 'out' });
    }
  }
  return readings.map((reading) => {
    const short = decided.get(reading.at);
    return short?.bounds === 'in' ? shortened(share, reading, short) : reading;
  });
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

/** A percentile over the short window has not been read; what the share says of it is that it is within bounds. */
function shortened(share: EventShare, reading: Reading, short: Reading): Reading {
  return share.what === 'percentile' ? { ...reading, bounds: 'in', value: null } : short;
}
