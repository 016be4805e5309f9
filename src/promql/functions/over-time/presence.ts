// Functions that look at which samples the window holds rather than at what they say.

import { perWindow, rangeFunction } from '../range-function.ts';

export const countOverTime = rangeFunction(() => perWindow(1, (_samples, from, to) => to - from));

export const presentOverTime = rangeFunction(() => perWindow(1, () => 1));

// The next two act like an offset: the value is the metric's own, so it keeps its name.
export const lastOverTime = rangeFunction(
  () => perWindow(1, ({ values, offset }, _from, to) => values[to - 1 - offset]!),
  true,
);

export const firstOverTime = rangeFunction(
  () => perWindow(1, ({ values, offset }, from) => values[from - offset]!),
  true,
);

export const tsOfLastOverTime = rangeFunction(() =>
  perWindow(1, ({ times }, _from, to) => times[to - 1]! / 1000),
);

export const tsOfFirstOverTime = rangeFunction(() => perWindow(1, ({ times }, from) => times[from]! / 1000));
