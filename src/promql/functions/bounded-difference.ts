// rate, increase and delta over `anchored` and `smoothed` selectors: from one edge of the range to the other, without
// extrapolation. Anchored takes the last sample at or before an edge for the value there (at the start, where there is
// none, the first inside); smoothed draws a line between the samples on both sides of an edge.

import type { NativeHistogram } from '../../telemetry/metrics/native-histogram.ts';
import { usesCustomBuckets } from '../../telemetry/metrics/native-histogram.ts';
import { asGauge, compact, divide } from '../native/arithmetic.ts';
import { hasReset } from '../native/reset.ts';
import { edgeValues, interpolatedHistogram, minus, plus, type Reach, reachOf } from '../select/edges.ts';
import { type Boundary, type RangeSeriesInput, setHistogram, setValue } from '../values.ts';
import type { WindowNotes } from '../window-notes.ts';
import type { RateOptions } from './extrapolated-windows.ts';
import type { FunctionInput } from './function.ts';
import { eachWindow, type RangeKernel } from './range-function.ts';
import { histogramsIn, notesOn } from './window.ts';

export function boundedDifference(
  input: FunctionInput,
  boundary: Boundary,
  { counter, perSecond }: RateOptions,
): RangeKernel {
  return (series, out, rangeMs, interrupt) => {
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
    kernel(series, out, rangeMs, interrupt);
  };
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
