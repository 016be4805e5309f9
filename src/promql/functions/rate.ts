// rate, increase and delta: the difference over the window, extrapolated to its edges; counters may reset to zero.
// The extrapolation is Prometheus's: up to the edge when the first (last) sample is nearer to it than 1.1 mean
// intervals, otherwise by half an interval, and never to where a counter would have been negative.

import type { Sums } from '../aggregate/accumulate.ts';
import { quote } from '../syntax/quote.ts';
import { fillsWindows, type RangeSeriesInput, type SeriesBuilder, type Windows } from '../values.ts';
import { boundedDifference } from './bounded-difference.ts';
import { extrapolatedWindows, type RateOptions, reachIntervals } from './extrapolated-windows.ts';
import { argumentStart, type FunctionInput } from './function.ts';
import { type AddingKernel, type RangeKernel, rangeFunction } from './range-function.ts';

/** By what differences grow to those of their ranges, for each window of a column. */
interface Extrapolation {
  /** 0 where a window has less than two samples. */
  readonly factors: Float64Array;
  /** A counter would have been negative where its first value is below this share of the difference. */
  readonly shares: Float64Array;
  readonly shareMax: number;
  /** 1 where there is a factor, and how often that is. */
  readonly held: Uint8Array;
  readonly heldCount: number;
}

/** Extrapolations depend on times alone, so the series of one column share them. */
type Extrapolations = WeakMap<Windows, Extrapolation>;
const ofDifferences: Extrapolations = new WeakMap();
const ofRates: Extrapolations = new WeakMap();

/** How far to extrapolate to an edge of the range; both in seconds. */
function reach(gap: number, interval: number): number {
  return gap >= interval * reachIntervals ? interval / 2 : gap;
}

function extrapolationOver(
  { times, windows: { lo, hi, ends } }: RangeSeriesInput,
  rangeMs: number,
  divisor: number,
): Extrapolation {
  const steps = lo.length;
  const buffer = new ArrayBuffer(steps * 17);
  const factors = new Float64Array(buffer, 0, steps);
  const shares = new Float64Array(buffer, steps * 8, steps);
  const held = new Uint8Array(buffer, steps * 16, steps);
  let heldCount = 0;
  let shareMax = 0;
  // Where steps keep the rhythm of scrapes, one window is like the one before.
  let [intervals, sampledMs, beforeMs, afterMs, factor, share] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < steps; i++) {
    const [from, to] = [lo[i]!, hi[i]!];
    if (to - from < 2) continue;
    const [firstMs, lastMs, endMs] = [times[from]!, times[to - 1]!, ends[i]!];
    if (
      to - 1 - from !== intervals ||
      lastMs - firstMs !== sampledMs ||
      firstMs - (endMs - rangeMs) !== beforeMs ||
      endMs - lastMs !== afterMs
    ) {
      intervals = to - 1 - from;
      sampledMs = lastMs - firstMs;
      beforeMs = firstMs - (endMs - rangeMs);
      afterMs = endMs - lastMs;
      const sampled = sampledMs / 1000;
      const toStart = reach(beforeMs / 1000, sampled / intervals);
      const toEnd = reach(afterMs / 1000, sampled / intervals);
      factor = (sampled + toStart + toEnd) / sampled / divisor;
      share = toStart / sampled;
      if (share > shareMax) shareMax = share;
    }
    factors[i] = factor;
    shares[i] = share;
    held[i] = 1;
    heldCount++;
  }
  return { factors, shares, shareMax, held, heldCount };
}

/** The factor of one window. A counter was zero `share` of the sampled time before its first sample. */
function factorOf(
  times: Float64Array,
  from: number,
  to: number,
  endMs: number,
  rangeMs: number,
  share: number,
): number {
  const sampled = (times[to - 1]! - times[from]!) / 1000;
  const interval = sampled / (to - 1 - from);
  const toStart = reach((times[from]! - (endMs - rangeMs)) / 1000, interval);
  const toEnd = reach((endMs - times[to - 1]!) / 1000, interval);
  return (sampled + Math.min(toStart, sampled * share) + toEnd) / sampled;
}

function sharedExtrapolation(samples: RangeSeriesInput, rangeMs: number, perSecond: boolean): Extrapolation {
  const known = perSecond ? ofRates : ofDifferences;
  let shared = known.get(samples.windows);
  if (!shared) {
    shared = extrapolationOver(samples, rangeMs, perSecond ? rangeMs / 1000 : 1);
    known.set(samples.windows, shared);
  }
  return shared;
}

function extrapolated({ counter, perSecond }: RateOptions): RangeKernel {
  return (samples, out, rangeMs) => {
    const { values, offset, first, last, windows } = samples;
    const { lo, hi } = windows;
    const divisor = perSecond ? rangeMs / 1000 : 1;
    const resets = counter ? resetSlots(values, last - offset) : [];
    const work = { samples, counter, divisor, rangeMs, resets };
    if (!fillsWindows(windows, first, last)) {
      fillStepwise(work, out, 0, lo.length, 0);
      return;
    }
    const shared = sharedExtrapolation(samples, rangeMs, perSecond);
    fillWhole(work, out.values, shared);
    let done = 0;
    for (let r = 0; r < resets.length; r++) {
      // Of windows that hold the sample and the one before it; those before `done` hold earlier resets too.
      const index = resets[r]! + offset;
      const begin = firstAbove(hi, index, done);
      done = begin;
      while (done < lo.length && lo[done]! < index) done++;
      fillStepwise(work, out, begin, done, r);
    }
    out.presence = shared.held;
    out.count = shared.heldCount;
  };
}

/** Of whole series without resets, which most are. */
function adding({ counter, perSecond }: RateOptions): AddingKernel {
  return (samples, rangeMs, sumOf) => {
    const { values, offset, first, last, windows } = samples;
    if (!fillsWindows(windows, first, last)) return 0;
    if (counter && resetSlots(values, last - offset).length > 0) return 0;
    const shared = sharedExtrapolation(samples, rangeMs, perSecond);
    if (shared.heldCount === 0) return 0;
    // What never falls is nowhere below its first value, and nowhere gains more than in all.
    const least = values[first - offset]!;
    const mayBegin = counter && !(least >= shared.shareMax * (values[last - 1 - offset]! - least));
    const sums = sumOf();
    if (mayBegin) addWhole(samples, sums, shared, perSecond ? rangeMs / 1000 : 1, rangeMs);
    else batchOf(sums).add(samples, shared.factors);
    sums.hold(shared.held);
    return shared.heldCount;
  };
}

interface Work {
  readonly samples: RangeSeriesInput;
  readonly counter: boolean;
  readonly divisor: number;
  readonly rangeMs: number;
  /** Slots, in rising order. */
  readonly resets: readonly number[];
}

/** Of a series that fills all windows, as if it never were reset. */
function fillWhole(
  { samples, counter, divisor, rangeMs }: Work,
  results: Float64Array,
  { factors, shares }: Extrapolation,
): void {
  const { times, values, offset, windows } = samples;
  const { lo, hi, ends } = windows;
  for (let i = 0; i < lo.length; i++) {
    let factor = factors[i]!;
    if (factor === 0) continue;
    const firstValue = values[lo[i]! - offset]!;
    const difference = values[hi[i]! - 1 - offset]! - firstValue;
    if (counter && firstValue < shares[i]! * difference && firstValue >= 0)
      factor = factorOf(times, lo[i]!, hi[i]!, ends[i]!, rangeMs, firstValue / difference) / divisor;
    results[i] = difference * factor;
  }
}

/** As `fillWhole`, into sums as `Sums` has them. */
function addWhole(
  { times, values, offset, windows }: RangeSeriesInput,
  { sums, compensations }: Sums,
  { factors, shares }: Extrapolation,
  divisor: number,
  rangeMs: number,
): void {
  const { lo, hi, ends } = windows;
  for (let i = 0; i < lo.length; i++) {
    let factor = factors[i]!;
    if (factor === 0) continue;
    const firstValue = values[lo[i]! - offset]!;
    const difference = values[hi[i]! - 1 - offset]! - firstValue;
    if (firstValue < shares[i]! * difference && firstValue >= 0)
      factor = factorOf(times, lo[i]!, hi[i]!, ends[i]!, rangeMs, firstValue / difference) / divisor;
    const value = difference * factor;
    const before = sums[i]!;
    const total = before + value;
    const part = total - before;
    compensations[i]! += before - (total - part) + (value - part);
    sums[i] = total;
  }
}

const batchMax = 4;

/** Up to four series with the same windows that go into the same sums: together they take half the time. */
class Batch {
  readonly #sums: Sums;
  readonly #series: RangeSeriesInput[] = [];
  #factors: Float64Array = new Float64Array(0);

  constructor(sums: Sums) {
    this.#sums = sums;
  }

  add(samples: RangeSeriesInput, factors: Float64Array): void {
    if (factors !== this.#factors) this.flush();
    this.#factors = factors;
    if (this.#series.push(samples) === batchMax) this.flush();
  }

  flush(): void {
    const [a, b, c, d] = this.#series;
    if (a) addTogether(this.#series.length, a, b ?? a, c ?? a, d ?? a, this.#factors, this.#sums);
    this.#series.length = 0;
  }
}

function batchOf(sums: Sums): Batch {
  if (sums.pending instanceof Batch) return sums.pending;
  const batch = new Batch(sums);
  sums.pending = batch;
  return batch;
}

/** Adds the first `count` of the series: most of the work of most queries is this loop. */
function addTogether(
  count: number,
  a: RangeSeriesInput,
  b: RangeSeriesInput,
  c: RangeSeriesInput,
  d: RangeSeriesInput,
  factors: Float64Array,
  { sums, compensations }: Sums,
): void {
  const { lo, hi } = a.windows;
  const [valuesA, valuesB, valuesC, valuesD] = [a.values, b.values, c.values, d.values];
  const [offsetA, offsetB, offsetC, offsetD] = [a.offset, b.offset, c.offset, d.offset];
  for (let i = 0; i < lo.length; i++) {
    const factor = factors[i]!;
    if (factor === 0) continue;
    const first = lo[i]!;
    const last = hi[i]! - 1;
    let sum = sums[i]!;
    let compensation = compensations[i]!;
    let value = (valuesA[last - offsetA]! - valuesA[first - offsetA]!) * factor;
    let total = sum + value;
    let part = total - sum;
    compensation += sum - (total - part) + (value - part);
    sum = total;
    if (count > 1) {
      value = (valuesB[last - offsetB]! - valuesB[first - offsetB]!) * factor;
      total = sum + value;
      part = total - sum;
      compensation += sum - (total - part) + (value - part);
      sum = total;
    }
    if (count > 2) {
      value = (valuesC[last - offsetC]! - valuesC[first - offsetC]!) * factor;
      total = sum + value;
      part = total - sum;
      compensation += sum - (total - part) + (value - part);
      sum = total;
    }
    if (count > 3) {
      value = (valuesD[last - offsetD]! - valuesD[first - offsetD]!) * factor;
      total = sum + value;
      part = total - sum;
      compensation += sum - (total - part) + (value - part);
      sum = total;
    }
    sums[i] = sum;
    compensations[i] = compensation;
  }
}

/** The steps from `begin` to `end`, each with the edges and resets of its own window; none has one before `nextReset`. */
function fillStepwise(
  { samples, counter, divisor, rangeMs, resets }: Work,
  out: SeriesBuilder,
  begin: number,
  end: number,
  nextReset: number,
): void {
  const { times, values, offset, first, last, windows } = samples;
  const { lo, hi, ends } = windows;
  const { values: results, presence } = out;
  let reset = nextReset;
  let count = 0;
  for (let i = begin; i < end; i++) {
    const from = lo[i]! < first ? first : lo[i]!;
    const to = hi[i]! > last ? last : hi[i]!;
    if (to - from < 2) continue;
    const firstValue = values[from - offset]!;
    let difference = values[to - 1 - offset]! - firstValue;
    while (reset < resets.length && resets[reset]! <= from - offset) reset++;
    for (let r = reset; r < resets.length && resets[r]! < to - offset; r++) {
      difference += values[resets[r]! - 1]!;
    }
    const mayBegin = counter && firstValue >= 0 && difference > 0;
    const share = mayBegin ? firstValue / difference : Number.POSITIVE_INFINITY;
    results[i] = difference * (factorOf(times, from, to, ends[i]!, rangeMs, share) / divisor);
    presence[i] = 1;
    count++;
  }
  out.count = count;
}

interface KnownResets {
  readonly slots: number[];
  /** How many slots have been looked at. */
  length: number;
}

/** Slots of a column are written once, so what is known of them stays true. */
const knownResets = new WeakMap<Float64Array, KnownResets>();
/** Of the slots of a series: with more resets than that it is no counter, and they are not worth their memory. */
const keptShareMax = 1 / 16;

/** Slots before `end`, in rising order, of values that are smaller than the one before; maybe some from `end` on. */
function resetSlots(values: Float64Array, end: number): readonly number[] {
  const known = knownResets.get(values) ?? { slots: [], length: 0 };
  if (known.length >= end) return known.slots;
  const { slots } = known;
  let previous = known.length > 0 ? values[known.length - 1]! : Number.NEGATIVE_INFINITY;
  for (let slot = known.length; slot < end; slot++) {
    const value = values[slot]!;
    if (value < previous) slots.push(slot);
    previous = value;
  }
  known.length = end;
  if (slots.length <= end * keptShareMax) knownResets.set(values, known);
  else knownResets.delete(values);
  return slots;
}

/** The first index from `from` on at which rising numbers are greater than a limit. */
function firstAbove(numbers: Int32Array, limit: number, from: number): number {
  let low = from;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
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
    adding: adding(options),
    onFloats: hintAtCounters,
  });
}

const counterSuffixes = ['_total', '_sum', '_count', '_bucket'];
const counterTypes = ['counter', 'histogram'];

/** Adds an info for a metric of floats that does not look like a counter. */
function hintAtCounters(input: FunctionInput, { labels }: RangeSeriesInput): void {
  const { name } = labels;
  const { annotations, typeLabels } = input.context;
  if (name === '' || (!typeLabels && counterSuffixes.some((suffix) => name.endsWith(suffix)))) return;
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
