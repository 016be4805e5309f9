// resets and changes: how often the series began anew, and how often its value became another one. From a number to a
// histogram and back is both.

import { equalHistograms } from '../../telemetry/metrics/native-histogram.ts';
import { hasReset } from '../native/reset.ts';
import { type Boundary, type RangeSeriesInput, setValue } from '../values.ts';
import { eachWindow, perWindow, type RangeKernel, rangeFunction } from './range-function.ts';
import { startedAnew } from './start-timestamps.ts';

/** Whether sample j counts beside sample j - 1. */
type Counts = (samples: RangeSeriesInput, j: number) => boolean;

function counting(counts: Counts): RangeKernel {
  return perWindow(1, (samples, from, to) => countFrom(samples, from, to, counts));
}

function countFrom(samples: RangeSeriesInput, from: number, to: number, counts: Counts): number {
  let count = 0;
  for (let j = from + 1; j < to; j++) if (counts(samples, j)) count++;
  return count;
}

/** Of the samples before the range only the last is looked at. */
function countingFromStart(counts: Counts, { afterMs }: Boundary): RangeKernel {
  return (series, out, rangeMs, interrupt) => {
    const kernel = eachWindow(1, (samples, from, to, step) => {
      const startMs = samples.windows.ends[step]! - afterMs - rangeMs;
      let first = from;
      while (first + 1 < to && samples.times[first + 1]! <= startMs) first++;
      if (samples.times[to - 1]! <= startMs) return;
      setValue(out, step, countFrom(samples, first, to, counts));
    });
    kernel(series, out, rangeMs, interrupt);
  };
}

function fell({ values, offset }: RangeSeriesInput, j: number): boolean {
  return values[j - offset]! < values[j - 1 - offset]!;
}

const beganAnew: Counts = (samples, j) => {
  const { histograms, offset } = samples;
  const [before, now] = [histograms?.[j - 1 - offset], histograms?.[j - offset]];
  if (!before !== !now || startedAnew(samples, j)) return true;
  return before && now ? hasReset(before, now) : fell(samples, j);
};

function differs({ values, offset }: RangeSeriesInput, j: number): boolean {
  const [before, now] = [values[j - 1 - offset]!, values[j - offset]!];
  return now !== before && !(Number.isNaN(now) && Number.isNaN(before));
}

const becameAnother: Counts = (samples, j) => {
  const { histograms, offset } = samples;
  const [before, now] = [histograms?.[j - 1 - offset], histograms?.[j - offset]];
  if (!before !== !now) return true;
  return before && now ? !equalHistograms(before, now) : differs(samples, j);
};

export const resets = rangeFunction(() => counting(fell), {
  mixed: () => counting(beganAnew),
  started: () => counting(beganAnew),
  bounded: (_input, boundary) => countingFromStart(beganAnew, boundary),
});

export const changes = rangeFunction(() => counting(differs), {
  mixed: () => counting(becameAnother),
  bounded: (_input, boundary) => countingFromStart(becameAnother, boundary),
});
