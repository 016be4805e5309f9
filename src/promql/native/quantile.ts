// Quantiles of a native histogram. Inside a bucket, observations are taken to be spread evenly over the exponents of its
// bounds; in the zero bucket and in custom buckets, evenly over its width.

import { type NativeHistogram, usesCustomBuckets } from '../../telemetry/metrics/native-histogram.ts';
import { type Bucket, bucketsInOrder, hasBuckets } from './buckets.ts';

export interface NativeQuantile {
  readonly value: number;
  /** NaN observations are in no bucket: they made the result NaN, or pushed it up. */
  readonly nanObservations: 'result' | 'skew' | undefined;
}

export function nativeQuantile(q: number, histogram: NativeHistogram): NativeQuantile {
  if (q < 0) return plain(Number.NEGATIVE_INFINITY);
  if (q > 1) return plain(Number.POSITIVE_INFINITY);
  if (histogram.count === 0 || Number.isNaN(q)) return plain(Number.NaN);
  const hasNaN = Number.isNaN(histogram.sum);
  // Counting from the nearer end is exact for longer. NaN observations count as the highest, so it must be the lower end.
  const fromBelow = hasNaN || q < 0.5;
  const buckets = bucketsInOrder(histogram);
  if (!fromBelow) buckets.reverse();
  const rank = (fromBelow ? q : 1 - q) * histogram.count;
  const { bucket, position, count } = findRank(buckets, rank);
  const cut = cutAtKnownSide(bucket, histogram);
  if ('value' in cut) return plain(cut.value);
  const reached = Math.min(count, histogram.count);
  if (reached < rank) {
    return hasNaN ? { value: Number.NaN, nanObservations: 'result' } : plain(cut.upper);
  }
  const within = fromBelow ? rank - (reached - bucket.count) : reached - rank;
  const value = interpolate(cut, within / bucket.count, usesCustomBuckets(histogram));
  if (!hasNaN) return plain(value);
  const all = buckets.slice(position + 1).reduce((sum, one) => sum + one.count, reached);
  return { value, nanObservations: all < histogram.count ? 'skew' : undefined };
}

function plain(value: number): NativeQuantile {
  return { value, nanObservations: undefined };
}

const nothing: Bucket = { lower: 0, upper: 0, lowerInclusive: false, upperInclusive: false, count: 0 };

/** The first filled bucket at which the counts so far reach the rank, or the last filled one. */
function findRank(buckets: readonly Bucket[], rank: number) {
  let bucket = nothing;
  let count = 0;
  let position = 0;
  for (; position < buckets.length; position++) {
    if (buckets[position]!.count === 0) continue;
    bucket = buckets[position]!;
    count += bucket.count;
    if (count >= rank) break;
  }
  return { bucket, position, count };
}

/** A bucket whose bounds say less than is known: around zero with one side empty, or open at an end. */
function cutAtKnownSide(
  bucket: Bucket,
  histogram: NativeHistogram,
): { readonly lower: number; readonly upper: number } | { readonly value: number } {
  let { lower, upper } = bucket;
  if (!usesCustomBuckets(histogram)) {
    if (lower < 0 && upper > 0) {
      const [below, above] = [hasBuckets(histogram.negative), hasBuckets(histogram.positive)];
      if (above && !below) lower = 0;
      if (below && !above) upper = 0;
    }
    return { lower, upper };
  }
  if (lower === Number.NEGATIVE_INFINITY) {
    if (upper <= 0) return { value: upper };
    lower = 0;
  } else if (upper === Number.POSITIVE_INFINITY) return { value: lower };
  return { lower, upper };
}

function interpolate(
  { lower, upper }: { readonly lower: number; readonly upper: number },
  fraction: number,
  custom: boolean,
): number {
  if (custom || (lower <= 0 && upper >= 0)) return lower + (upper - lower) * fraction;
  const logLower = Math.log2(Math.abs(lower));
  const logUpper = Math.log2(Math.abs(upper));
  if (lower > 0) return 2 ** (logLower + (logUpper - logLower) * fraction);
  return -(2 ** (logUpper + (logLower - logUpper) * (1 - fraction)));
}
