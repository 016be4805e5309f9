// The frame of all functions over range vectors: one kernel call a series, which fills all its steps. A series of floats
// goes to the fast kernel. Where histograms or start timestamps are in it, the function's mixed kernel takes over; a
// function that has none looks at the floats alone.

import type { Labels } from '../../base/labels.ts';
import type { Sums } from '../aggregate/accumulate.ts';
import type { SumOf } from '../aggregate/aggregate.ts';
import { droppedName, forbidDuplicates, sameMetadata } from '../duplicates.ts';
import type { Interrupt } from '../interrupt.ts';
import { samplesInLongest } from '../select/longest-window.ts';
import { windowsEndingAt } from '../select/windows.ts';
import { quote } from '../syntax/quote.ts';
import {
  type Boundary,
  floatsOnly,
  newSeries,
  type RangeSeriesInput,
  type Series,
  type SeriesBuilder,
  setValue,
  type VectorValue,
  vector,
} from '../values.ts';
import { argumentStart, type FunctionInput, matrixArgument } from './function.ts';

/** Fills `out` from the windows of one series. `interrupt` hears of work beyond one look at each sample and step. */
export type RangeKernel = (
  samples: RangeSeriesInput,
  out: SeriesBuilder,
  rangeMs: number,
  interrupt: Interrupt,
) => void;

/**
 * Adds the results of one series of floats to the sums that it asks for, and returns how many there were; 0 where it cannot
 * or there are none, and then it has not asked.
 */
export type AddingKernel = (samples: RangeSeriesInput, rangeMs: number, sumOf: () => Sums) => number;

export interface RangeFunctionOptions {
  /** The value is still the metric's own. */
  readonly keepsName?: boolean;
  /** For series with histograms; without it histograms are ignored, with an info where floats are beside them. */
  readonly mixed?: (input: FunctionInput) => RangeKernel;
  /** For series with start timestamps; without it they are ignored. */
  readonly started?: (input: FunctionInput) => RangeKernel;
  /** For selectors that are `anchored` or `smoothed`. */
  readonly bounded?: (input: FunctionInput, boundary: Boundary) => RangeKernel;
  /** For sums of floats, of which the results of each series then need not be made. */
  readonly adding?: AddingKernel;
  /** Called for every series of which floats came out. */
  readonly onFloats?: (input: FunctionInput, samples: RangeSeriesInput) => void;
}

/** A function of which the results can be had one by one. */
export interface RangeFunction {
  (input: FunctionInput): VectorValue;
  /**
   * The results in the order of the argument. A `fleeting` one that has no histograms is good only until the next is
   * asked for, which is written into the same arrays. What goes into sums right away is not among them.
   */
  each(input: FunctionInput, fleeting: boolean, sumOf?: SumOf): Iterable<Series>;
}

/** `prepare` runs once a query; the kernel it returns once a series. */
export function rangeFunction(
  prepare: (input: FunctionInput) => RangeKernel,
  options: RangeFunctionOptions = {},
): RangeFunction {
  const { keepsName = false, adding, onFloats } = options;
  function* each(input: FunctionInput, fleeting: boolean, sumOf?: SumOf): Generator<Series> {
    const { context, grid } = input;
    const { series, rangeMs, boundary } = matrixArgument(input);
    const kernelOf = kernels(input, prepare, options);
    const mayCollide = !keepsName && !context.delayedNameRemoval && !sameMetadata(series);
    const held: { labels: Labels }[] = [];
    let spare: SeriesBuilder | undefined;
    const account = (samples: RangeSeriesInput, labels: Labels, count: number) => {
      context.budget.chargeFleeting(samplesInLongest(samples) + count);
      if (count === 0) return;
      context.budget.charge(Math.max(count, grid.steps >> 4));
      if (mayCollide) held.push({ labels });
    };
    for (const samples of series) {
      const { labels, dropName } = keepsName ? samples : droppedName(context, samples.labels);
      context.interrupt.spend(samples.last - samples.first + grid.steps);
      if (sumOf && adding && !boundary && !samples.histograms && !samples.starts) {
        const added = adding(samples, rangeMs, () => sumOf(labels, dropName));
        if (added > 0) {
          account(samples, labels, added);
          onFloats?.(input, samples);
          continue;
        }
      }
      const result = spare ? renewed(spare, labels, dropName) : newSeries(labels, dropName, grid.steps);
      if (fleeting) spare ??= { ...result };
      kernelOf(samples)(samples, result, rangeMs, context.interrupt);
      account(samples, labels, result.count);
      if (result.histograms) spare = undefined;
      if (result.count === 0) continue;
      if (onFloats && floatsOnly([result]).length > 0) onFloats(input, samples);
      yield result;
    }
    forbidDuplicates(held);
  }
  return Object.assign((input: FunctionInput) => vector([...each(input, false)]), { each });
}

/** Another series in the arrays of one that is not needed any more. */
function renewed({ values, presence }: SeriesBuilder, labels: Labels, dropName: boolean): SeriesBuilder {
  presence.fill(0);
  return { labels, dropName, values, presence, histograms: undefined, count: 0 };
}

function kernels(
  input: FunctionInput,
  prepare: (input: FunctionInput) => RangeKernel,
  { mixed, started, bounded }: RangeFunctionOptions,
): (samples: RangeSeriesInput) => RangeKernel {
  const { boundary } = matrixArgument(input);
  if (boundary && bounded) {
    const kernel = bounded(input, boundary);
    return () => kernel;
  }
  const ofFloats = prepare(input);
  const ofMixed = mixed?.(input) ?? ignoringHistograms(input, ofFloats);
  const ofStarted = started?.(input) ?? ofFloats;
  return ({ histograms, starts }) => (histograms ? ofMixed : starts ? ofStarted : ofFloats);
}

/** A kernel for floats, given only those. */
function ignoringHistograms(input: FunctionInput, ofFloats: RangeKernel): RangeKernel {
  return (samples, out, rangeMs, interrupt) => {
    const floats = floatsOf(samples, rangeMs);
    ofFloats(floats, out, rangeMs, interrupt);
    const { windows, first, last } = samples;
    const isMixed = windows.lo.some((lo, i) => {
      const held = floats.windows.hi[i]! - floats.windows.lo[i]!;
      return held > 0 && held < Math.min(windows.hi[i]!, last) - Math.max(lo, first);
    });
    if (!isMixed) return;
    const text = 'ignored histograms in a range containing both floats and histograms for metric name';
    input.context.annotations.info(`${text} ${quote(samples.labels.name)}`, argumentStart(input, 0));
  };
}

function floatsOf(samples: RangeSeriesInput, rangeMs: number): RangeSeriesInput {
  const { histograms, offset, first, last, windows } = samples;
  const kept: number[] = [];
  for (let j = first; j < last; j++) if (!histograms?.[j - offset]) kept.push(j);
  const times = Float64Array.from(kept, (j) => samples.times[j]!);
  return {
    ...samples,
    times,
    values: Float64Array.from(kept, (j) => samples.values[j - offset]!),
    histograms: undefined,
    offset: 0,
    first: 0,
    last: kept.length,
    windows: windowsEndingAt({ times, length: kept.length }, windows.ends, rangeMs),
  };
}

/** A kernel that computes each window on its own. Windows with fewer than `samplesMin` samples yield nothing. */
export function perWindow(
  samplesMin: number,
  compute: (samples: RangeSeriesInput, from: number, to: number, step: number) => number,
): RangeKernel {
  return eachWindow(samplesMin, (samples, from, to, step, out) =>
    setValue(out, step, compute(samples, from, to, step)),
  );
}

/** As `perWindow`, for functions that set the result themselves: a float, a histogram, or nothing. */
export function eachWindow(
  samplesMin: number,
  fill: (samples: RangeSeriesInput, from: number, to: number, step: number, out: SeriesBuilder) => void,
): RangeKernel {
  return (samples, out, _rangeMs, interrupt) => {
    const { first, last, windows } = samples;
    for (let i = 0; i < windows.lo.length; i++) {
      const from = Math.max(windows.lo[i]!, first);
      const to = Math.min(windows.hi[i]!, last);
      if (to - from < samplesMin) continue;
      interrupt.spend(to - from);
      fill(samples, from, to, i, out);
    }
  };
}
