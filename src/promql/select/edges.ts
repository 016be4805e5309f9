// The edges of a range: which samples lie around them, and what the value is right at them, where `anchored` or `smoothed`
// asks for that.

import type { NativeHistogram } from '../../telemetry/metrics/native-histogram.ts';
import { add, multiply, subtract } from '../native/arithmetic.ts';
import { hasReset } from '../native/reset.ts';
import type { Boundary, RangeSeriesInput } from '../values.ts';
import type { WindowNotes } from '../window-notes.ts';

/** The samples that matter in a window, and the edges between which the difference is taken. */
export interface Reach {
  readonly first: number;
  readonly last: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** From the last sample at or before the start (or the first after it) to the first at or after the end (or the last). */
export function reachOf(
  { times }: RangeSeriesInput,
  from: number,
  to: number,
  startMs: number,
  endMs: number,
  { modifier }: Boundary,
): Reach | undefined {
  let first = from;
  while (first + 1 < to && times[first + 1]! <= startMs) first++;
  let last = to - 1;
  if (modifier === 'smoothed') while (last > from && times[last - 1]! >= endMs) last--;
  if (times[last]! <= startMs) return undefined;
  if (modifier === 'smoothed' && times[first]! > endMs) return undefined;
  return { first, last, startMs, endMs };
}

/** The values at both edges. */
export function edgeValues(
  samples: RangeSeriesInput,
  { first, last, startMs, endMs }: Reach,
  { modifier }: Boundary,
  counter: boolean,
): [left: number, right: number] {
  const { times, values, offset } = samples;
  const smoothed = modifier === 'smoothed';
  const left =
    smoothed && times[first]! < startMs
      ? interpolated(samples, first, startMs, counter)
      : values[first - offset]!;
  const right =
    smoothed && times[last]! > endMs
      ? interpolated(samples, last - 1, endMs, counter)
      : values[last - offset]!;
  return [left, right];
}

/** The value at a time between samples j and j + 1; a counter that was reset between them rises from zero. */
export function interpolated(
  { times, values, offset }: RangeSeriesInput,
  j: number,
  atMs: number,
  counter: boolean,
): number {
  const after = values[j + 1 - offset]!;
  const before = counter && after < values[j - offset]! ? 0 : values[j - offset]!;
  return before + ((after - before) * (atMs - times[j]!)) / (times[j + 1]! - times[j]!);
}

/** The histogram at a time between samples j and j + 1. */
export function interpolatedHistogram(
  { times, histograms, offset }: RangeSeriesInput,
  j: number,
  atMs: number,
  counter: boolean,
  notes: Pick<WindowNotes, 'reconciled'>,
): NativeHistogram {
  const [before, after] = [histograms![j - offset]!, histograms![j + 1 - offset]!];
  if (atMs === times[j]) return before;
  if (atMs === times[j + 1]) return after;
  const share = (atMs - times[j]!) / (times[j + 1]! - times[j]!);
  if (counter && hasReset(before, after)) return multiply(after, share);
  return plus(multiply(minus(after, before, notes), share), before, notes);
}

/** The layouts are known to fit. */
export function minus(
  a: NativeHistogram,
  b: NativeHistogram,
  notes: Pick<WindowNotes, 'reconciled'>,
): NativeHistogram {
  const difference = subtract(a, b)!;
  if (difference.reconciled) notes.reconciled('subtraction');
  return difference.histogram;
}

export function plus(
  a: NativeHistogram,
  b: NativeHistogram,
  notes: Pick<WindowNotes, 'reconciled'>,
): NativeHistogram {
  const sum = add(a, b)!;
  if (sum.reconciled) notes.reconciled('addition');
  return sum.histogram;
}
