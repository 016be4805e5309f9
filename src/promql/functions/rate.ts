// rate, increase and delta: the difference over the window, extrapolated to its edges; counters may reset to zero.
// The extrapolation is Prometheus's: up to the edge when the first (last) sample is nearer to it than 1.1 mean
// intervals, otherwise by half an interval, and never to where a counter would have been negative.

import { quote } from '../syntax/quote.ts';
import { floatsOnly, type RangeSeriesInput, type SeriesBuilder, type Windows } from '../values.ts';
import { boundedDifference } from './bounded-difference.ts';
import { extrapolatedWindows, type RateOptions, reachIntervals } from './extrapolated-windows.ts';
import { argumentStart, type FunctionInput } from './function.ts';
import { type RangeKernel, rangeFunction } from './range-function.ts';

/** How a window's difference grows to that of its range. */
interface Extrapolation {
  /** From the first sample to the last, in seconds; 0 where a window has less than two. */
  readonly sampled: Float64Array;
  /** How far to extrapolate before the first sample, in seconds. */
  readonly toStart: Float64Array;
  readonly toEnd: Float64Array;
  /** What the difference is multiplied by, unless the counter would have been negative; 0 where there is none. */
  readonly factors: Float64Array;
  /** A counter would have been negative where its first value is below this share of the difference. */
  readonly shares: Float64Array;
}

/** Extrapolations depend on times alone, so the series of one column share them. */
type Extrapolations = WeakMap<Windows, Extrapolation>;
const ofDifferences: Extrapolations = new WeakMap();
const ofRates: Extrapolations = new WeakMap();

function newExtrapolation(steps: number): Extrapolation {
  const column = () => new Float64Array(steps);
  return { sampled: column(), toStart: column(), toEnd: column(), factors: column(), shares: column() };
}

function measure(
  { sampled, toStart, toEnd, factors, shares }: Extrapolation,
  step: number,
  times: Float64Array,
  from: number,
  to: number,
  endMs: number,
  rangeMs: number,
  divisor: number,
): void {
  if (to - from < 2) return;
  const covered = (times[to - 1]! - times[from]!) / 1000;
  const interval = covered / (to - 1 - from);
  const threshold = interval * reachIntervals;
  const before = (times[from]! - (endMs - rangeMs)) / 1000;
  const after = (endMs - times[to - 1]!) / 1000;
  sampled[step] = covered;
  toStart[step] = before >= threshold ? interval / 2 : before;
  toEnd[step] = after >= threshold ? interval / 2 : after;
  factors[step] = (covered + toStart[step]! + toEnd[step]!) / covered / divisor;
  shares[step] = toStart[step]! / covered;
}

function extrapolated({ counter, perSecond }: RateOptions): RangeKernel {
  const known = perSecond ? ofRates : ofDifferences;
  return (samples, out, rangeMs) => {
    const { times, first, last, windows } = samples;
    const { lo, hi, ends } = windows;
    const divisor = perSecond ? rangeMs / 1000 : 1;
    let shared = known.get(windows);
    if (!shared) {
      shared = newExtrapolation(lo.length);
      for (let i = 0; i < lo.length; i++)
        measure(shared, i, times, lo[i]!, hi[i]!, ends[i]!, rangeMs, divisor);
      known.set(windows, shared);
    }
    const resets = counter ? resetPositions(samples) : [];
    if (resets.length === 0 && first <= lo[0]! && last >= hi[hi.length - 1]!)
      fillWhole(samples, out, shared, counter, divisor);
    else fillStepwise(samples, out, shared, counter, divisor, rangeMs, resets);
  };
}

/** Of a series that fills all windows and never resets: most of the work of most queries is this loop. */
function fillWhole(
  { values, offset, windows: { lo, hi } }: RangeSeriesInput,
  out: SeriesBuilder,
  extrapolation: Extrapolation,
  counter: boolean,
  divisor: number,
): void {
  const { values: results, presence } = out;
  const { factors, shares } = extrapolation;
  let count = 0;
  for (let i = 0; i < lo.length; i++) {
    const factor = factors[i]!;
    if (factor === 0) continue;
    const firstValue = values[lo[i]! - offset]!;
    const difference = values[hi[i]! - 1 - offset]! - firstValue;
    results[i] =
      counter && firstValue < shares[i]! * difference && firstValue >= 0
        ? difference * (factorFromZero(extrapolation, i, firstValue / difference) / divisor)
        : difference * factor;
    presence[i] = 1;
    count++;
  }
  out.count = count;
}

function fillStepwise(
  { times, values, offset, first, last, windows: { lo, hi, ends } }: RangeSeriesInput,
  out: SeriesBuilder,
  shared: Extrapolation,
  counter: boolean,
  divisor: number,
  rangeMs: number,
  resets: readonly number[],
): void {
  const { values: results, presence } = out;
  const own = newExtrapolation(1);
  let nextReset = 0;
  let count = 0;
  for (let i = 0; i < lo.length; i++) {
    const from = lo[i]! < first ? first : lo[i]!;
    const to = hi[i]! > last ? last : hi[i]!;
    if (to - from < 2) continue;
    let extrapolation = shared;
    let at = i;
    // A series that begins or ends within its column has other edges there than the rest.
    if (from !== lo[i] || to !== hi[i]) {
      extrapolation = own;
      at = 0;
      measure(own, 0, times, from, to, ends[i]!, rangeMs, divisor);
    }
    const firstValue = values[from - offset]!;
    let difference = values[to - 1 - offset]! - firstValue;
    while (nextReset < resets.length && resets[nextReset]! <= from) nextReset++;
    for (let r = nextReset; r < resets.length && resets[r]! < to; r++) {
      difference += values[resets[r]! - 1 - offset]!;
    }
    let factor = extrapolation.factors[at]!;
    if (counter && firstValue >= 0 && firstValue < extrapolation.shares[at]! * difference) {
      factor = factorFromZero(extrapolation, at, firstValue / difference) / divisor;
    }
    results[i] = difference * factor;
    presence[i] = 1;
    count++;
  }
  out.count = count;
}

/** The factor where a counter was zero `share` of the sampled time before its first sample. */
function factorFromZero({ sampled, toStart, toEnd }: Extrapolation, at: number, share: number): number {
  const covered = sampled[at]!;
  return (covered + Math.min(toStart[at]!, covered * share) + toEnd[at]!) / covered;
}

/** Indices of samples that are smaller than the one before. */
function resetPositions({ values, offset, first, last }: RangeSeriesInput): number[] {
  const positions: number[] = [];
  let previous = Number.NEGATIVE_INFINITY;
  for (let slot = first - offset; slot < last - offset; slot++) {
    const value = values[slot]!;
    if (value < previous) positions.push(slot + offset);
    previous = value;
  }
  return positions;
}

export const delta = rangeFunction(() => extrapolated({ counter: false, perSecond: false }), {
  mixed: (input) => extrapolatedWindows(input, { counter: false, perSecond: false }),
  bounded: (input, boundary) => boundedDifference(input, boundary, { counter: false, perSecond: false }),
});
export const rate = ofCounter({ counter: true, perSecond: true });
export const increase = ofCounter({ counter: true, perSecond: false });

function ofCounter(options: RateOptions) {
  return rangeFunction(() => extrapolated(options), {
    mixed: (input) => extrapolatedWindows(input, options),
    started: (input) => extrapolatedWindows(input, options),
    bounded: (input, boundary) => boundedDifference(input, boundary, options),
    onResult: hintAtCounters,
  });
}

const counterSuffixes = ['_total', '_sum', '_count', '_bucket'];
const counterTypes = ['counter', 'histogram'];

/** Adds an info for a metric of floats that does not look like a counter. */
function hintAtCounters(input: FunctionInput, { labels }: RangeSeriesInput, out: SeriesBuilder): void {
  const { name } = labels;
  const { annotations, typeLabels } = input.context;
  if (name === '' || (!typeLabels && counterSuffixes.some((suffix) => name.endsWith(suffix)))) return;
  if (floatsOnly([out]).length === 0) return;
  const type = labels.get('__type__');
  if (typeLabels) {
    if (counterTypes.includes(type)) return;
    const text = 'metric might not be a counter, __type__ label is not set to "counter" or "histogram"';
    annotations.info(`${text}, got ${quote(type)}: ${quote(name)}`, argumentStart(input, 0));
    return;
  }
  const text = 'metric might not be a counter, name does not end in _total/_sum/_count/_bucket';
  annotations.info(`${text}: ${quote(name)}`, argumentStart(input, 0));
}
