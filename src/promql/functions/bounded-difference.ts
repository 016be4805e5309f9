// rate, increase and delta over `anchored` and `smoothed` selectors: from one edge of the range to the other, without
// extrapolation. Anchored takes the last sample at or before an edge for the value there (at the start, where there is
// none, the first inside); smoothed draws a line between the samples on both sides of an edge.

import type { NativeHistogram } from '../../telemetry/metrics/native-histogram.ts';
import { usesCustomBuckets } from '../../telemetry/metrics/native-histogram.ts';
import { add, asGauge, compact, divide, multiply, subtract } from '../native/arithmetic.ts';
import { hasReset } from '../native/reset.ts';
import { type Boundary, type RangeSeriesInput, setHistogram, setValue } from '../values.ts';
import type { RateOptions } from './extrapolated-windows.ts';
import type { FunctionInput } from './function.ts';
import { eachWindow, type RangeKernel } from './range-function.ts';
import { histogramsIn, notesOn, type WindowNotes } from './window.ts';

/** The samples that matter in a window, and the edges between which the difference is taken. */
interface Reach {
  readonly first: number;
  readonly last: number;
  readonly startMs: number;
  readonly endMs: number;
}

export function boundedDifference(
  input: FunctionInput,
  boundary: Boundary,
  { counter, perSecond }: RateOptions,
): RangeKernel {
  return (series, out, rangeMs) => {
    const notes = notesOn(input, series);
    const seconds = rangeMs / 1000;
    const kernel = eachWindow(1, (samples, from, to, step, result) => {
      const histograms = histogramsIn(samples, from, to).length;
      if (histograms > 0 && histograms < to - from) return notes.mixedFloatsAndHistograms();
      const endMs = samples.windows.ends[step]! - boundary.afterMs;
      const reach = reachOf(samples, from, to, endMs - rangeMs, endMs, boundary);
      if (!reach) return;
      if (histograms === 0) {
        const difference = floatDifference(samples, reach, boundary, counter);
        return setValue(result, step, perSecond ? difference / seconds : difference);
      }
      const difference = histogramDifference(samples, reach, boundary, counter, notes);
      if (!difference) return;
      setHistogram(result, step, compact(asGauge(perSecond ? divide(difference, seconds) : difference)));
    });
    kernel(series, out, rangeMs);
  };
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

function floatDifference(
  samples: RangeSeriesInput,
  reach: Reach,
  boundary: Boundary,
  counter: boolean,
): number {
  const [left, right] = edgeValues(samples, reach, boundary, counter);
  const difference = right - left;
  if (!counter) return difference;
  const { times, values, offset } = samples;
  let previous = left;
  let lost = 0;
  const meet = (value: number) => {
    if (value < previous) lost += previous;
    previous = value;
  };
  for (let j = reach.first; j <= reach.last; j++) {
    // What lies at or beyond an edge is in the value at the edge already.
    const isBefore = j === reach.first && times[j]! <= reach.startMs;
    const isAfter = j === reach.last && times[j]! >= reach.endMs;
    if (!isBefore && !isAfter) meet(values[j - offset]!);
  }
  meet(right);
  return difference + lost;
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

function histogramDifference(
  samples: RangeSeriesInput,
  reach: Reach,
  boundary: Boundary,
  counter: boolean,
  notes: WindowNotes,
): NativeHistogram | undefined {
  const { times, histograms, offset } = samples;
  const { first, last, startMs, endMs } = reach;
  const at = (j: number) => histograms![j - offset]!;
  const custom = usesCustomBuckets(at(first));
  for (let j = first; j <= last; j++) {
    if (usesCustomBuckets(at(j)) !== custom) {
      notes.mixedSchemas();
      return undefined;
    }
    if (counter && at(j).resetHint === 'gauge') notes.notCounter();
  }
  const smoothed = boundary.modifier === 'smoothed';
  const between = (j: number, atMs: number) => interpolatedHistogram(samples, j, atMs, counter, notes);
  const left = smoothed && times[first]! < startMs ? between(first, startMs) : at(first);
  const right = smoothed && times[last]! > endMs && last > first ? between(last - 1, endMs) : at(last);
  if (!counter && (left.resetHint !== 'gauge' || right.resetHint !== 'gauge')) notes.notGauge();
  let total = minus(right, left, notes);
  if (!counter) return total;
  let previous = left;
  let begin = first + 1;
  // The value at the start already counts from a reset that lies right before it.
  if (smoothed && times[first]! < startMs && first < last && hasReset(at(first), at(first + 1))) {
    previous = at(first + 1);
    begin++;
  }
  const meet = (histogram: NativeHistogram) => {
    if (hasReset(previous, histogram)) total = plus(total, previous, notes);
    previous = histogram;
  };
  if (begin > last) return total;
  for (let j = begin; j < last; j++) meet(at(j));
  meet(right);
  return total;
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
function minus(
  a: NativeHistogram,
  b: NativeHistogram,
  notes: Pick<WindowNotes, 'reconciled'>,
): NativeHistogram {
  const difference = subtract(a, b)!;
  if (difference.reconciled) notes.reconciled('subtraction');
  return difference.histogram;
}

function plus(
  a: NativeHistogram,
  b: NativeHistogram,
  notes: Pick<WindowNotes, 'reconciled'>,
): NativeHistogram {
  const sum = add(a, b)!;
  if (sum.reconciled) notes.reconciled('addition');
  return sum.histogram;
}
