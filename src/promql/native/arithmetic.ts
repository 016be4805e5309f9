// Sums, differences and multiples of native histograms.

import {
  type Buckets,
  type NativeHistogram,
  noBuckets,
  type ResetHint,
  withoutEmpty,
} from '../../telemetry/metrics/native-histogram.ts';
import { commonLayout } from './layout.ts';

export interface Combined {
  readonly histogram: NativeHistogram;
  /** One said that it had been reset and the other that it had not. */
  readonly conflictingHints: boolean;
  readonly reconciled: boolean;
}

/** Undefined when the bucket layouts have nothing in common. */
export function add(left: NativeHistogram, right: NativeHistogram): Combined | undefined {
  return combine(left, right, 1);
}

export function subtract(left: NativeHistogram, right: NativeHistogram): Combined | undefined {
  return combine(left, right, -1);
}

function combine(left: NativeHistogram, right: NativeHistogram, sign: 1 | -1): Combined | undefined {
  const layout = commonLayout(left, right);
  if (!layout) return undefined;
  const { left: a, right: b, reconciled } = layout;
  const { hint: resetHint, conflict } = combinedHint(left.resetHint, right.resetHint);
  const histogram: NativeHistogram = {
    ...a,
    count: a.count + sign * b.count,
    sum: a.sum + sign * b.sum,
    zeroCount: a.zeroCount + sign * b.zeroCount,
    positive: mergeBuckets(a.positive, b.positive, sign),
    negative: mergeBuckets(a.negative, b.negative, sign),
    resetHint,
  };
  return { histogram, conflictingHints: conflict, reconciled };
}

/** A gauge makes a gauge of the other; otherwise two hints that differ say nothing. */
export function combinedHint(
  left: ResetHint,
  right: ResetHint,
): { readonly hint: ResetHint; readonly conflict: boolean } {
  if (left === right) return { hint: left, conflict: false };
  if (left === 'gauge' || right === 'gauge') return { hint: 'gauge', conflict: false };
  return { hint: 'unknown', conflict: left !== 'unknown' && right !== 'unknown' };
}

function mergeBuckets(left: Buckets, right: Buckets, sign: 1 | -1): Buckets {
  // Samples of one series mostly list the same buckets.
  if (sameIndexes(left.indexes, right.indexes)) {
    const counts = left.counts.map((count, i) => count + sign * right.counts[i]!);
    return { indexes: left.indexes, counts };
  }
  const indexes = new Int32Array(left.indexes.length + right.indexes.length);
  const counts = new Float64Array(indexes.length);
  let [i, j, length] = [0, 0, 0];
  while (i < left.indexes.length || j < right.indexes.length) {
    const a = left.indexes[i] ?? Number.POSITIVE_INFINITY;
    const b = right.indexes[j] ?? Number.POSITIVE_INFINITY;
    indexes[length] = Math.min(a, b);
    if (a <= b) counts[length]! += left.counts[i++]!;
    if (b <= a) counts[length]! += sign * right.counts[j++]!;
    length++;
  }
  return { indexes: indexes.slice(0, length), counts: counts.slice(0, length) };
}

function sameIndexes(a: Int32Array, b: Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function multiply(histogram: NativeHistogram, factor: number): NativeHistogram {
  return scale(histogram, factor < 0, (value) => value * factor);
}

/** By zero nothing is left of the buckets: what fell into which one is no longer a number. */
export function divide(histogram: NativeHistogram, divisor: number): NativeHistogram {
  const divided = scale(histogram, divisor < 0, (value) => value / divisor);
  return divisor === 0 ? { ...divided, positive: noBuckets, negative: noBuckets } : divided;
}

function scale(
  histogram: NativeHistogram,
  turnsNegative: boolean,
  compute: (value: number) => number,
): NativeHistogram {
  const { count, sum, zeroCount, positive, negative } = histogram;
  return {
    ...histogram,
    count: compute(count),
    sum: compute(sum),
    zeroCount: compute(zeroCount),
    positive: { ...positive, counts: positive.counts.map(compute) },
    negative: { ...negative, counts: negative.counts.map(compute) },
    // A counter cannot be negative.
    resetHint: turnsNegative ? 'gauge' : histogram.resetHint,
  };
}

/** Without empty buckets: how results are handed on. */
export function compact(histogram: NativeHistogram): NativeHistogram {
  const positive = withoutEmpty(histogram.positive);
  const negative = withoutEmpty(histogram.negative);
  if (positive === histogram.positive && negative === histogram.negative) return histogram;
  return { ...histogram, positive, negative };
}

export function asGauge(histogram: NativeHistogram): NativeHistogram {
  return { ...histogram, resetHint: 'gauge' };
}
