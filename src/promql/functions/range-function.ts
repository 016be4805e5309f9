// The frame of all functions over range vectors: one kernel call a series, which fills all its steps.

import { droppedName, forbidDuplicates, sameMetadata } from '../duplicates.ts';
import { newSeries, type RangeSeriesInput, type SeriesBuilder, setValue, vector } from '../values.ts';
import { type FunctionImplementation, type FunctionInput, matrixArgument } from './function.ts';

/** Fills `out` from the windows of one series. */
export type RangeKernel = (samples: RangeSeriesInput, out: SeriesBuilder, rangeMs: number) => void;

/** `prepare` runs once a query; the kernel it returns once a series. */
export function rangeFunction(
  prepare: (input: FunctionInput) => RangeKernel,
  keepsName = false,
): FunctionImplementation {
  return (input) => {
    const { context, grid } = input;
    const { series, rangeMs } = matrixArgument(input);
    const kernel = prepare(input);
    const out: SeriesBuilder[] = [];
    for (const samples of series) {
      const { labels, dropName } = keepsName ? samples : droppedName(context, samples.labels);
      const result = newSeries(labels, dropName, grid.steps);
      kernel(samples, result, rangeMs);
      if (result.count === 0) continue;
      context.budget.charge(Math.max(result.count, grid.steps >> 4));
      out.push(result);
    }
    if (!keepsName && !context.delayedNameRemoval && !sameMetadata(series)) forbidDuplicates(out);
    return vector(out);
  };
}

/** A kernel that computes each window on its own. Windows with fewer than `samplesMin` samples yield nothing. */
export function perWindow(
  samplesMin: number,
  compute: (samples: RangeSeriesInput, from: number, to: number, step: number) => number,
): RangeKernel {
  return (samples, out) => {
    const { first, last, windows } = samples;
    for (let i = 0; i < windows.lo.length; i++) {
      const from = Math.max(windows.lo[i]!, first);
      const to = Math.min(windows.hi[i]!, last);
      if (to - from >= samplesMin) setValue(out, i, compute(samples, from, to, i));
    }
  };
}

/** Samples in an average window: short windows are scanned, long ones slid over. */
export function meanWindowLength({ windows, first, last }: RangeSeriesInput): number {
  const steps = windows.lo.length;
  let total = 0;
  for (let i = 0; i < steps; i++) {
    total += Math.max(0, Math.min(windows.hi[i]!, last) - Math.max(windows.lo[i]!, first));
  }
  return total / steps;
}
