// Buckets with their bounds, in order: what quantiles, fractions and trimming walk over.

import {
  type Buckets,
  type NativeHistogram,
  upperBound,
  usesCustomBuckets,
} from '../../telemetry/metrics/native-histogram.ts';

export interface Bucket {
  readonly lower: number;
  readonly upper: number;
  readonly lowerInclusive: boolean;
  readonly upperInclusive: boolean;
  readonly count: number;
}

/** A bucket of the positive side. */
export function positiveBucket(histogram: NativeHistogram, index: number, count: number): Bucket {
  const lower = upperBound(index - 1, histogram);
  const upper = upperBound(index, histogram);
  const custom = usesCustomBuckets(histogram);
  return { lower, upper, count, lowerInclusive: custom && index === 0, upperInclusive: true };
}

export function negativeBucket(histogram: NativeHistogram, index: number, count: number): Bucket {
  const lower = -upperBound(index, histogram);
  const upper = -upperBound(index - 1, histogram);
  return { lower, upper, count, lowerInclusive: true, upperInclusive: false };
}

export function zeroBucket({ zeroThreshold, zeroCount }: NativeHistogram): Bucket {
  return {
    lower: -zeroThreshold,
    upper: zeroThreshold,
    count: zeroCount,
    lowerInclusive: true,
    upperInclusive: true,
  };
}

/**
 * All buckets from the lowest to the highest, the zero bucket among them when it holds something. Buckets that reach into
 * the zero bucket are cut at its edge.
 */
export function bucketsInOrder(histogram: NativeHistogram): Bucket[] {
  const { positive, negative, zeroThreshold, zeroCount } = histogram;
  const buckets: Bucket[] = [];
  for (let i = negative.indexes.length - 1; i >= 0; i--) {
    const bucket = negativeBucket(histogram, negative.indexes[i]!, negative.counts[i]!);
    const reachesIn = bucket.upper < 0 && bucket.upper > -zeroThreshold;
    buckets.push(reachesIn ? { ...bucket, upper: -zeroThreshold } : bucket);
  }
  if (zeroCount > 0) buckets.push(zeroBucket(histogram));
  for (let i = 0; i < positive.indexes.length; i++) {
    const bucket = positiveBucket(histogram, positive.indexes[i]!, positive.counts[i]!);
    const reachesIn = bucket.lower > 0 && bucket.lower < zeroThreshold;
    buckets.push(reachesIn ? { ...bucket, lower: zeroThreshold } : bucket);
  }
  return buckets;
}

/** Whether a side has any bucket at all, be it an empty one. */
export function hasBuckets({ indexes }: Buckets): boolean {
  return indexes.length > 0;
}

/** The share of a bucket that lies below a value inside it: linear, or by exponents. */
export function fractionBelow({ lower, upper }: Bucket, value: number, linear: boolean): number {
  if (linear) return (value - lower) / (upper - lower);
  const [logLower, logUpper, logValue] = [lower, upper, value].map((one) => Math.log2(Math.abs(one)));
  if (value > 0) return (logValue! - logLower!) / (logUpper! - logLower!);
  return 1 - (logValue! - logUpper!) / (logLower! - logUpper!);
}
