// stdvar_over_time and stddev_over_time: the population variance, by Welford's method with compensated sums.

import { KahanSum } from '../../kahan.ts';
import type { RangeSeriesInput } from '../../values.ts';
import { perWindow, rangeFunction } from '../range-function.ts';

function variance({ values, offset }: RangeSeriesInput, from: number, to: number): number {
  const mean = new KahanSum();
  const squares = new KahanSum();
  for (let j = from; j < to; j++) {
    const value = values[j - offset]!;
    const difference = value - (mean.sum + mean.compensation);
    mean.add(difference / (j - from + 1));
    squares.add(difference * (value - (mean.sum + mean.compensation)));
  }
  return (squares.sum + squares.compensation) / (to - from);
}

export const stdvarOverTime = rangeFunction(() => perWindow(1, variance));

export const stddevOverTime = rangeFunction(() =>
  perWindow(1, (samples, from, to) => Math.sqrt(variance(samples, from, to))),
);
