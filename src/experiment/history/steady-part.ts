// One series over the steady part of the baseline: what its history is made of, and where the history joins it.

import { firstAfter, firstAtOrAfter } from '../../telemetry/metrics/columns.ts';
import { present, type SeriesView } from '../../telemetry/metrics/series.ts';

export interface SteadyPart {
  /** Where the history ends, Unix milliseconds, and the value there. */
  readonly anchor: {
    readonly atMs: number;
    readonly value: number;
    /** The history has a sample there, because the series that goes on after it has none. */
    readonly included: boolean;
  };
  /** Mean distance of samples, in whole milliseconds. */
  readonly intervalMs: number;
  readonly times: Float64Array;
  readonly values: Float64Array;
}

export interface SteadyBounds {
  readonly fromMs: number;
  readonly toMs: number;
  /** Where the history joins: before the series' first sample, or at `toMs` in place of all that was before. */
  readonly joins: 'first' | 'end';
  /** A counter that is born by what it counts stood at zero before. */
  readonly isCounter: boolean;
}

/** Undefined where there are not two samples to say how the series moves. `view` reaches back to its first sample. */
export function steadyPartOf(view: SeriesView, bounds: SteadyBounds): SteadyPart | undefined {
  const from = firstAtOrAfter(view.column, bounds.fromMs);
  const to = Math.min(view.last, firstAfter(view.column, bounds.toMs));
  const firstEver = nextPresent(view, view.first);
  if (firstEver >= to) return undefined;
  const isBorn = bounds.isCounter && firstEver > from;
  const rows = presentRows(view, Math.max(from, view.first), to);
  const zeros = isBorn ? firstEver - from : 0;
  const length = zeros + rows.length;
  if (length < 2) return undefined;
  const times = new Float64Array(length);
  const values = new Float64Array(length);
  times.set(view.column.times.subarray(from, from + zeros));
  rows.forEach((row, i) => {
    times[zeros + i] = view.column.times[row]!;
    values[zeros + i] = valueAt(view, row);
  });
  const intervalMs = Math.max(1, Math.round((times[length - 1]! - times[0]!) / (length - 1)));
  const anchor =
    bounds.joins === 'end'
      ? { atMs: times[length - 1]!, value: values[length - 1]!, included: true }
      : isBorn
        ? { atMs: view.column.times[firstEver - 1]!, value: 0, included: true }
        : { atMs: view.column.times[firstEver]!, value: valueAt(view, firstEver), included: false };
  return { anchor, intervalMs, times, values };
}

function valueAt({ values, offset }: SeriesView, row: number): number {
  return values[row - offset]!;
}

function nextPresent(view: SeriesView, from: number): number {
  let row = from;
  while (row < view.last && view.states[row - view.offset] !== present) row++;
  return row;
}

function presentRows(view: SeriesView, from: number, to: number): number[] {
  const rows: number[] = [];
  for (let row = nextPresent(view, from); row < to; row = nextPresent(view, row + 1))
    if (Number.isFinite(valueAt(view, row))) rows.push(row);
  return rows;
}
