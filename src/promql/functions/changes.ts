// resets and changes: how often the value fell, and how often it became another one.

import type { RangeSeriesInput } from '../values.ts';
import { perWindow, rangeFunction } from './range-function.ts';

function countPairs(
  { values, offset }: RangeSeriesInput,
  from: number,
  to: number,
  counts: (previous: number, current: number) => boolean,
): number {
  let count = 0;
  for (let j = from + 1; j < to; j++) {
    if (counts(values[j - 1 - offset]!, values[j - offset]!)) count++;
  }
  return count;
}

export const resets = rangeFunction(() =>
  perWindow(1, (samples, from, to) =>
    countPairs(samples, from, to, (previous, current) => current < previous),
  ),
);

export const changes = rangeFunction(() =>
  perWindow(1, (samples, from, to) =>
    countPairs(
      samples,
      from,
      to,
      (previous, current) => current !== previous && !(Number.isNaN(current) && Number.isNaN(previous)),
    ),
  ),
);
