// irate and idelta: the difference of the last two samples of the window.

import type { RangeSeriesInput } from '../values.ts';
import { perWindow, rangeFunction } from './range-function.ts';

export const idelta = rangeFunction(() =>
  perWindow(2, ({ values, offset }, _from, to) => values[to - 1 - offset]! - values[to - 2 - offset]!),
);

export const irate = rangeFunction(() => perWindow(2, perSecond));

function perSecond({ times, values, offset }: RangeSeriesInput, _from: number, to: number): number {
  const last = values[to - 1 - offset]!;
  const previous = values[to - 2 - offset]!;
  // After a reset the counter began at zero.
  const difference = last < previous ? last : last - previous;
  return difference / ((times[to - 1]! - times[to - 2]!) / 1000);
}
