// Where each step's window begins and ends in a column of times. Computed once for a column, a range and an offset, and
// shared by every series on that column.

import type { TimeColumn } from '../../telemetry/metrics/series.ts';
import type { QueryContext } from '../query-context.ts';
import { type Grid, stepTime, type Windows } from '../values.ts';

/** The times at which a selector looks: those of the grid moved by its offset, or one time when `@` fixes it. */
export interface Moments {
  readonly grid: Grid;
  readonly offsetMs: number;
  readonly atMs: number | undefined;
}

function momentAt({ grid, offsetMs, atMs }: Moments, step: number): number {
  return (atMs ?? stepTime(grid, step)) - offsetMs;
}

export function firstMoment(moments: Moments): number {
  return momentAt(moments, 0);
}

export function lastMoment(moments: Moments): number {
  return momentAt(moments, moments.grid.steps - 1);
}

/** The windows (end - rangeMs, end] over any column. */
export interface Windowing {
  /** Over a column that several series may have: computed once a query. */
  shared(column: TimeColumn): Windows;
  /** Over a column that only one series has. */
  own(column: TimeColumn): Windows;
}

export function windowsOver(context: QueryContext, moments: Moments, rangeMs: number): Windowing {
  const { grid, offsetMs, atMs } = moments;
  const key = `${rangeMs}|${offsetMs}|${atMs}|${grid.startMs}|${grid.stepMs}|${grid.steps}`;
  const byColumn = context.windows.get(key) ?? new Map<TimeColumn, Windows>();
  context.windows.set(key, byColumn);
  const own = (column: TimeColumn) => computeWindows(column, moments, rangeMs);
  return {
    own,
    shared(column) {
      let windows = byColumn.get(column);
      if (!windows) {
        windows = own(column);
        byColumn.set(column, windows);
      }
      return windows;
    },
  };
}

function computeWindows({ times, length }: TimeColumn, moments: Moments, rangeMs: number): Windows {
  const { steps } = moments.grid;
  const lo = new Int32Array(steps);
  const hi = new Int32Array(steps);
  const ends = new Float64Array(steps);
  const first = firstMoment(moments);
  // Moments never go back, so both bounds only move forward.
  let low = firstAfter(times, length, first - rangeMs);
  let high = firstAfter(times, length, first);
  for (let i = 0; i < steps; i++) {
    const end = momentAt(moments, i);
    while (high < length && times[high]! <= end) high++;
    while (low < length && times[low]! <= end - rangeMs) low++;
    ends[i] = end;
    lo[i] = low;
    hi[i] = high;
  }
  return { lo, hi, ends, longest: longestOf(lo, hi) };
}

function longestOf(lo: Int32Array, hi: Int32Array): number {
  let longest = 0;
  for (let i = 0; i < lo.length; i++) if (hi[i]! - lo[i]! > longest) longest = hi[i]! - lo[i]!;
  return longest;
}

/** The windows that end at the same times as others, over another column. */
export function windowsEndingAt(column: TimeColumn, ends: Float64Array, rangeMs: number): Windows {
  const { times, length } = column;
  const bound = (time: number) => firstAfter(times, length, time);
  const lo = Int32Array.from(ends, (end) => bound(end - rangeMs));
  const hi = Int32Array.from(ends, (end) => bound(end));
  return { lo, hi, ends, longest: longestOf(lo, hi) };
}

/** Index of the first time that is later than `time`. */
function firstAfter(times: Float64Array, length: number, time: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}
