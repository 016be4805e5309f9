// The share of observations between two values, with the interpolation that quantiles use.

import { type NativeHistogram, usesCustomBuckets } from '../../telemetry/metrics/native-histogram.ts';
import { type Bucket, bucketsInOrder, fractionBelow, hasBuckets } from './buckets.ts';

export interface NativeFraction {
  readonly value: number;
  /** There are observations that are NaN: they lie between no two values. */
  readonly hasNaN: boolean;
}

export function nativeFraction(lower: number, upper: number, histogram: NativeHistogram): NativeFraction {
  if (histogram.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) {
    return { value: Number.NaN, hasNaN: false };
  }
  if (lower >= upper) return { value: 0, hasNaN: false };
  const buckets = bucketsInOrder(histogram).map((bucket) => cutAroundZero(bucket, histogram));
  const sumIsNaN = Number.isNaN(histogram.sum);
  const counted = buckets.reduce((sum, { count }) => sum + count, 0);
  const all = sumIsNaN ? counted : histogram.count;
  const below = (value: number) => Math.min(countBelow(value, buckets, histogram) ?? all, all);
  const value = (below(upper) - below(lower)) / histogram.count;
  return { value, hasNaN: sumIsNaN && counted < histogram.count };
}

function cutAroundZero(bucket: Bucket, { negative, positive }: NativeHistogram): Bucket {
  if (bucket.lower > 0 || bucket.upper < 0) return bucket;
  if (hasBuckets(positive) && !hasBuckets(negative)) return { ...bucket, lower: 0 };
  if (hasBuckets(negative) && !hasBuckets(positive)) return { ...bucket, upper: 0 };
  return bucket;
}

/** Undefined when no bucket reaches the value: all lie below. */
function countBelow(
  value: number,
  buckets: readonly Bucket[],
  histogram: NativeHistogram,
): number | undefined {
  let count = 0;
  for (const bucket of buckets) {
    if (bucket.lower >= value) return count;
    if (bucket.upper > value) {
      const linear = usesCustomBuckets(histogram) || (bucket.lower <= 0 && bucket.upper >= 0);
      if (!linear) return count + bucket.count * fractionBelow(bucket, value, false);
      // Nothing says how far down the lowest bucket reaches.
      if (bucket.lower === Number.NEGATIVE_INFINITY) return bucket.count;
      return count + bucket.count * fractionBelow(bucket, value, true);
    }
    count += bucket.count;
  }
  return undefined;
}
