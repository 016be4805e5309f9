// Functions that look at which samples the window holds rather than at what they say.

import { type RangeSeriesInput, type SeriesBuilder, setHistogram, setValue } from '../../values.ts';
import { eachWindow, perWindow, type RangeKernel, rangeFunction } from '../range-function.ts';

/** A function that does not care what kind of samples there are. */
function ofAnySamples(kernel: () => RangeKernel) {
  return rangeFunction(kernel, { mixed: kernel });
}

/** The sample itself becomes the result. */
function keeping(slotOf: (from: number, to: number) => number) {
  const set = (
    { values, histograms, offset }: RangeSeriesInput,
    j: number,
    step: number,
    out: SeriesBuilder,
  ) => {
    const histogram = histograms?.[j - offset];
    if (histogram) setHistogram(out, step, histogram);
    else setValue(out, step, values[j - offset]!);
  };
  const mixed = () =>
    eachWindow(1, (samples, from, to, step, out) => set(samples, slotOf(from, to), step, out));
  const floats = () => perWindow(1, ({ values, offset }, from, to) => values[slotOf(from, to) - offset]!);
  return rangeFunction(floats, { mixed, keepsName: true });
}

export const countOverTime = ofAnySamples(() => perWindow(1, (_samples, from, to) => to - from));

export const presentOverTime = ofAnySamples(() => perWindow(1, () => 1));

// The next two act like an offset: the value is the metric's own, so it keeps its name.
export const lastOverTime = keeping((_from, to) => to - 1);
export const firstOverTime = keeping((from) => from);

export const tsOfLastOverTime = ofAnySamples(() =>
  perWindow(1, ({ times }, _from, to) => times[to - 1]! / 1000),
);

export const tsOfFirstOverTime = ofAnySamples(() => perWindow(1, ({ times }, from) => times[from]! / 1000));
