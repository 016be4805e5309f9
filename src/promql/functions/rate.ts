// rate, increase and delta: the difference over the window, extrapolated to its edges; counters may reset to zero.
// The extrapolation is Prometheus's: up to the edge when the first (last) sample is nearer to it than 1.1 mean
// intervals, otherwise by half an interval, and never to where a counter would have been negative.

import { quote } from '../syntax/quote.ts';
import { setValue } from '../values.ts';
import {
  argumentStart,
  type FunctionImplementation,
  type FunctionInput,
  matrixArgument,
} from './function.ts';
import { type RangeKernel, rangeFunction } from './range-function.ts';

interface RateOptions {
  readonly counter: boolean;
  readonly perSecond: boolean;
}

/** How many mean intervals a sample may be away from the edge and still be taken to reach it. */
const reachIntervals = 1.1;

function extrapolated({ counter, perSecond }: RateOptions): RangeKernel {
  return (samples, out, rangeMs) => {
    const { times, values, offset, first, last, windows } = samples;
    const resets = counter ? resetPositions(values, offset, first, last) : [];
    let nextReset = 0;
    for (let i = 0; i < windows.lo.length; i++) {
      const from = Math.max(windows.lo[i]!, first);
      const to = Math.min(windows.hi[i]!, last);
      if (to - from < 2) continue;
      const firstValue = values[from - offset]!;
      let difference = values[to - 1 - offset]! - firstValue;
      while (nextReset < resets.length && resets[nextReset]! <= from) nextReset++;
      for (let r = nextReset; r < resets.length && resets[r]! < to; r++) {
        difference += values[resets[r]! - 1 - offset]!;
      }
      const sampled = (times[to - 1]! - times[from]!) / 1000;
      const interval = sampled / (to - 1 - from);
      const threshold = interval * reachIntervals;
      const end = windows.ends[i]!;
      let toStart = (times[from]! - (end - rangeMs)) / 1000;
      let toEnd = (end - times[to - 1]!) / 1000;
      if (toStart >= threshold) toStart = interval / 2;
      if (counter && difference > 0 && firstValue >= 0) {
        toStart = Math.min(toStart, sampled * (firstValue / difference));
      }
      if (toEnd >= threshold) toEnd = interval / 2;
      let factor = (sampled + toStart + toEnd) / sampled;
      if (perSecond) factor /= rangeMs / 1000;
      setValue(out, i, difference * factor);
    }
  };
}

/** Indices of samples that are smaller than the one before. */
function resetPositions(values: Float64Array, offset: number, first: number, last: number): number[] {
  const positions: number[] = [];
  for (let j = first + 1; j < last; j++) {
    if (values[j - offset]! < values[j - 1 - offset]!) positions.push(j);
  }
  return positions;
}

export const delta = rangeFunction(() => extrapolated({ counter: false, perSecond: false }));
export const rate = hintingAtCounters(rangeFunction(() => extrapolated({ counter: true, perSecond: true })));
export const increase = hintingAtCounters(
  rangeFunction(() => extrapolated({ counter: true, perSecond: false })),
);

const counterSuffixes = ['_total', '_sum', '_count', '_bucket'];

/** Adds an info for every metric whose name does not look like a counter's. */
function hintingAtCounters(implementation: FunctionImplementation): FunctionImplementation {
  return (input: FunctionInput) => {
    const result = implementation(input);
    for (const { labels, windows, first, last } of matrixArgument(input).series) {
      const { name } = labels;
      if (name === '' || counterSuffixes.some((suffix) => name.endsWith(suffix))) continue;
      const hasResult = windows.lo.some((lo, i) => Math.min(windows.hi[i]!, last) - Math.max(lo, first) >= 2);
      if (!hasResult) continue;
      input.context.annotations.info(
        `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${quote(name)}`,
        argumentStart(input, 0),
      );
    }
    return result;
  };
}
