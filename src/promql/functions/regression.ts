// deriv and predict_linear: least squares over the samples of the window.

import { KahanSum } from '../kahan.ts';
import { type RangeSeriesInput, stepTime } from '../values.ts';
import { scalarArgument } from './function.ts';
import { perWindow, rangeFunction } from './range-function.ts';

interface Line {
  readonly slope: number;
  /** Value of the line at the given time. */
  readonly intercept: number;
}

/** The line through samples from <= j < to; `originMs` is time zero, which should be near them for precision. */
function fitLine(samples: RangeSeriesInput, from: number, to: number, originMs: number): Line {
  const { times, values, offset } = samples;
  const sumX = new KahanSum();
  const sumY = new KahanSum();
  const sumXY = new KahanSum();
  const sumX2 = new KahanSum();
  const firstY = values[from - offset]!;
  let constant = true;
  for (let j = from; j < to; j++) {
    const x = (times[j]! - originMs) / 1000;
    const y = values[j - offset]!;
    if (j > from && y !== firstY) constant = false;
    sumX.add(x);
    sumY.add(y);
    sumXY.add(x * y);
    sumX2.add(x * x);
  }
  if (constant) {
    return Number.isFinite(firstY) || Number.isNaN(firstY)
      ? { slope: 0, intercept: firstY }
      : { slope: Number.NaN, intercept: Number.NaN };
  }
  const n = to - from;
  const [x, y] = [sumX.total, sumY.total];
  const slope = (sumXY.total - (x * y) / n) / (sumX2.total - (x * x) / n);
  return { slope, intercept: y / n - (slope * x) / n };
}

export const deriv = rangeFunction(() =>
  perWindow(2, (samples, from, to) => fitLine(samples, from, to, samples.times[from]!).slope),
);

export const predictLinear = rangeFunction((input) => {
  const ahead = scalarArgument(input, 1);
  return perWindow(2, (samples, from, to, step) => {
    const { slope, intercept } = fitLine(samples, from, to, stepTime(input.grid, step));
    return slope * ahead[step]! + intercept;
  });
});
