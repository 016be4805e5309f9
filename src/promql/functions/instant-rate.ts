// irate and idelta: the difference of the last two samples of the window.

import { asGauge, compact, divide, subtract } from '../native/arithmetic.ts';
import { hasReset } from '../native/reset.ts';
import { type RangeSeriesInput, setHistogram, setValue } from '../values.ts';
import type { FunctionInput } from './function.ts';
import { eachWindow, perWindow, type RangeKernel, rangeFunction } from './range-function.ts';
import { startedAnew } from './start-timestamps.ts';
import { notesOn } from './window.ts';

export const idelta = rangeFunction(
  () => perWindow(2, ({ values, offset }, _from, to) => values[to - 1 - offset]! - values[to - 2 - offset]!),
  { mixed: (input) => lastTwo(input, false) },
);

export const irate = rangeFunction(() => perWindow(2, perSecond), {
  mixed: (input) => lastTwo(input, true),
  started: () => perWindow(2, perSecond),
});

function perSecond(samples: RangeSeriesInput, _from: number, to: number): number {
  const { times, values, starts, offset } = samples;
  const last = values[to - 1 - offset]!;
  const previous = values[to - 2 - offset]!;
  // After a reset the counter began at zero.
  const isReset = last < previous || (starts !== undefined && startedAnew(samples, to - 1));
  const difference = isReset ? last : last - previous;
  return difference / ((times[to - 1]! - times[to - 2]!) / 1000);
}

function lastTwo(input: FunctionInput, counter: boolean): RangeKernel {
  return (series, out, rangeMs, interrupt) => {
    const notes = notesOn(input, series);
    const kernel = eachWindow(2, (samples, from, to, step) => {
      const { times, values, histograms, offset } = samples;
      const [previous, last] = [histograms?.[to - 2 - offset], histograms?.[to - 1 - offset]];
      if (!previous && !last) {
        const difference = values[to - 1 - offset]! - values[to - 2 - offset]!;
        return setValue(out, step, counter ? perSecond(samples, from, to) : difference);
      }
      if (!previous || !last) return notes.mixedFloatsAndHistograms();
      const gauges = [previous, last].filter(({ resetHint }) => resetHint === 'gauge').length;
      if (counter && gauges > 0) notes.notCounter();
      if (!counter && gauges < 2) notes.notGauge();
      const isReset = counter && (startedAnew(samples, to - 1) || hasReset(previous, last));
      const difference = isReset ? { histogram: last, reconciled: false } : subtract(last, previous);
      if (!difference) return notes.mixedSchemas();
      if (difference.reconciled) notes.reconciled('subtraction');
      const histogram = compact(asGauge(difference.histogram));
      const seconds = (times[to - 1]! - times[to - 2]!) / 1000;
      setHistogram(out, step, counter ? divide(histogram, seconds) : histogram);
    });
    kernel(series, out, rangeMs, interrupt);
  };
}
