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
export class Windowing {
  readonly #ends: Float64Array;
  readonly #rangeMs: number;
  readonly #byColumn = new Map<TimeColumn, Windows>();

  constructor(moments: Moments, rangeMs: number) {
    this.#ends = Float64Array.from({ length: moments.grid.steps }, (_, step) => momentAt(moments, step));
    this.#rangeMs = rangeMs;
  }

  /** Over a column that several series may have: computed once a query. */
  shared(column: TimeColumn): Windows {
    let windows = this.#byColumn.get(column);
    if (!windows) {
      windows = this.own(column);
      this.#byColumn.set(column, windows);
    }
    return windows;
  }

  /** Over a column that only one series has. */
  own(column: TimeColumn): Windows {
    return windowsEndingAt(column, this.#ends, this.#rangeMs);
  }
}

export function windowsOver(context: QueryContext, moments: Moments, rangeMs: number): Windowing {
  const { grid, offsetMs, atMs } = moments;
  const key = `${rangeMs}|${offsetMs}|${atMs}|${grid.startMs}|${grid.stepMs}|${grid.steps}`;
  let windowing = context.windowings.get(key);
  if (!windowing) {
    windowing = new Windowing(moments, rangeMs);
    context.windowings.set(key, windowing);
  }
  return windowing;
}

/** `ends` never go back, so both bounds of a window only move forward from step to step. */
export function windowsEndingAt({ times, length }: TimeColumn, ends: Float64Array, rangeMs: number): Windows {
  const steps = ends.length;
  // One buffer for all: allocating is a good part of the work.
  const buffer = new ArrayBuffer(steps * 9);
  const lo = new Int32Array(buffer, 0, steps);
  const hi = new Int32Array(buffer, steps * 4, steps);
  const held = new Uint8Array(buffer, steps * 8, steps);
  let low = firstAfter(times, length, ends[0]! - rangeMs);
  let high = firstAfter(times, length, ends[0]!);
  let longest = 0;
  let heldCount = 0;
  let total = 0;
  for (let i = 0; i < steps; i++) {
    const end = ends[i]!;
    while (high < length && times[high]! <= end) high++;
    while (low < length && times[low]! <= end - rangeMs) low++;
    lo[i] = low;
    hi[i] = high;
    if (high === low) continue;
    held[i] = 1;
    heldCount++;
    total += high - low;
    if (high - low > longest) longest = high - low;
  }
  return { lo, hi, ends, longest, mean: total / steps, held, heldCount };
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
