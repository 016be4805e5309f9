// double_exponential_smoothing: a smoothed value that follows the trend (Holt's linear method).

import { queryError } from '../errors.ts';
import { matrixArgument, scalarArgument } from './function.ts';
import { perWindow, rangeFunction } from './range-function.ts';

export const doubleExponentialSmoothing = rangeFunction((input) => {
  const smoothingFactors = scalarArgument(input, 1);
  const trendFactors = scalarArgument(input, 2);
  if (matrixArgument(input).series.length > 0) {
    for (const factor of smoothingFactors) checkFactor('smoothing', 'sf', factor);
    for (const factor of trendFactors) checkFactor('trend', 'tf', factor);
  }
  return perWindow(2, ({ values, offset }, from, to, step) => {
    const smoothing = smoothingFactors[step]!;
    const trending = trendFactors[step]!;
    let previous = 0;
    let level = values[from - offset]!;
    let trend = values[from + 1 - offset]! - level;
    for (let j = from + 1; j < to; j++) {
      if (j > from + 1) trend = trending * (level - previous) + (1 - trending) * trend;
      previous = level;
      level = smoothing * values[j - offset]! + (1 - smoothing) * (level + trend);
    }
    return level;
  });
});

function checkFactor(name: string, short: string, factor: number): void {
  if (factor > 0 && factor < 1) return;
  throw queryError(`invalid ${name} factor. Expected: 0 < ${short} < 1, got: ${factor.toFixed(6)}`);
}
