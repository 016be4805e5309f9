// sum_over_time and avg_over_time. Long windows are differences of running sums held in two floats each (Knuth's
// two-sum), which keeps about 106 bits; where a window is so small beside everything before it that even those could
// not hold it, and where the series has an infinity or NaN, the window is summed on its own.

import { KahanMean, KahanSum } from '../../kahan.ts';
import { meanOfHistograms, sumOfHistograms, type Totalled } from '../../native/total.ts';
import { type RangeSeriesInput, setHistogram, setValue } from '../../values.ts';
import type { FunctionInput } from '../function.ts';
import { eachWindow, perWindow, type RangeKernel, rangeFunction } from '../range-function.ts';
import { histogramsIn, notesOn } from '../window.ts';

/** Below this mean length, summing each window anew is as fast. */
const slidingLengthMin = 24;

/** A window's share of all magnitudes so far from which on its difference is exact to the last bit or two. */
const magnitudeShareMin = 2 ** -40;

/** Sums of the first k samples of a series, at index k. The series of a query use the arrays one after the other. */
class RunningSums {
  high = new Float64Array(0);
  low = new Float64Array(0);
  magnitude = new Float64Array(0);

  /** False where a value or a sum is not finite. */
  compute({ values, offset, first, last }: RangeSeriesInput): boolean {
    const length = last - first + 1;
    if (this.high.length < length) {
      this.high = new Float64Array(length);
      this.low = new Float64Array(length);
      this.magnitude = new Float64Array(length);
    }
    const { high, low, magnitude } = this;
    let [sum, rest, size] = [0, 0, 0];
    for (let k = 1; k < length; k++) {
      const value = values[first + k - 1 - offset]!;
      const total = sum + value;
      const part = total - sum;
      const lost = rest + (sum - (total - part) + (value - part));
      sum = total + lost;
      rest = lost - (sum - total);
      size += Math.abs(value);
      high[k] = sum;
      low[k] = rest;
      magnitude[k] = size;
    }
    return Number.isFinite(size);
  }
}

function sumOf(samples: RangeSeriesInput, from: number, to: number): number {
  const kahan = new KahanSum();
  for (let j = from; j < to; j++) kahan.add(samples.values[j - samples.offset]!);
  return kahan.total;
}

function meanOf(samples: RangeSeriesInput, from: number, to: number): number {
  const kahan = new KahanMean();
  for (let j = from; j < to; j++) kahan.add(samples.values[j - samples.offset]!);
  return kahan.mean;
}

/** `isMean`: the sum divided by the number of samples. */
function sliding(
  scan: (samples: RangeSeriesInput, from: number, to: number) => number,
  isMean: boolean,
): RangeKernel {
  const scanning = perWindow(1, scan);
  const sums = new RunningSums();
  return (samples, out, rangeMs, interrupt) => {
    const isLong = samples.windows.mean >= slidingLengthMin;
    if (!isLong || !sums.compute(samples)) return scanning(samples, out, rangeMs, interrupt);
    const { first, last, windows } = samples;
    const { lo, hi } = windows;
    const { high, low, magnitude } = sums;
    const { values: results, presence } = out;
    let held = 0;
    for (let i = 0; i < lo.length; i++) {
      const from = lo[i]! < first ? 0 : lo[i]! - first;
      const to = (hi[i]! > last ? last : hi[i]!) - first;
      if (to <= from) continue;
      const count = isMean ? to - from : 1;
      const isHeld = magnitude[to]! - magnitude[from]! >= magnitude[to]! * magnitudeShareMin;
      results[i] = isHeld
        ? (high[to]! - high[from]!) / count + (low[to]! - low[from]!) / count
        : scan(samples, first + from, first + to);
      presence[i] = 1;
      held++;
    }
    out.count = held;
  };
}

/** Windows of floats, and windows of histograms; one that holds both is left out. */
function mixed(
  input: FunctionInput,
  ofFloats: (samples: RangeSeriesInput, from: number, to: number) => number,
  ofHistograms: (histograms: ReturnType<typeof histogramsIn>) => Totalled,
): RangeKernel {
  return (series, out, rangeMs, interrupt) => {
    const notes = notesOn(input, series);
    const kernel = eachWindow(1, (samples, from, to, step) => {
      const histograms = histogramsIn(samples, from, to);
      if (histograms.length === 0) return setValue(out, step, ofFloats(samples, from, to));
      if (histograms.length < to - from) return notes.mixedFloatsAndHistograms();
      const { histogram, reconciled, conflictingHints } = ofHistograms(histograms);
      if (!histogram) return notes.mixedSchemas();
      if (conflictingHints) notes.conflictingResets();
      if (reconciled) notes.reconciled('aggregation');
      setHistogram(out, step, histogram);
    });
    kernel(series, out, rangeMs, interrupt);
  };
}

export const sumOverTime = rangeFunction(() => sliding(sumOf, false), {
  mixed: (input) => mixed(input, sumOf, sumOfHistograms),
});

export const avgOverTime = rangeFunction(() => sliding(meanOf, true), {
  mixed: (input) => mixed(input, meanOf, meanOfHistograms),
});
