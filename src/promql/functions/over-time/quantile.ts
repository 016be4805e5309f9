// quantile_over_time and mad_over_time (the median absolute deviation): functions of the sorted window.

import { formatGeneral } from '../../format.ts';
import { quantileOf, quantileProblem } from '../../quantile.ts';
import type { RangeSeriesInput } from '../../values.ts';
import { argumentStart, type FunctionInput, scalarArgument } from '../function.ts';
import { perWindow, type RangeKernel, rangeFunction } from '../range-function.ts';

/** The window's values in a buffer that the next call uses again. */
class WindowCopy {
  #buffer = new Float64Array(64);

  of({ values, offset }: RangeSeriesInput, from: number, to: number): Float64Array {
    if (to - from > this.#buffer.length) this.#buffer = new Float64Array((to - from) * 2);
    this.#buffer.set(values.subarray(from - offset, to - offset));
    return this.#buffer;
  }
}

function quantileKernel(input: FunctionInput): RangeKernel {
  const quantiles = scalarArgument(input, 0);
  const copy = new WindowCopy();
  return perWindow(1, (samples, from, to, step) => {
    const q = quantiles[step]!;
    const problem = quantileProblem(q, formatGeneral(q));
    if (problem !== undefined) input.context.annotations.warn(problem, argumentStart(input, 0));
    return quantileOf(q, copy.of(samples, from, to), to - from);
  });
}

export const quantileOverTime = rangeFunction(quantileKernel);

export const madOverTime = rangeFunction(() => {
  const copy = new WindowCopy();
  return perWindow(1, (samples, from, to) => {
    const count = to - from;
    const values = copy.of(samples, from, to);
    for (let j = 0; j < count; j++) if (Number.isNaN(values[j]!)) return Number.NaN;
    const median = quantileOf(0.5, values, count);
    for (let j = 0; j < count; j++) values[j] = Math.abs(values[j]! - median);
    return quantileOf(0.5, values, count);
  });
});
