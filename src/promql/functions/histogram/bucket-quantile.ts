// The quantile of classic buckets, linear within a bucket, and the repair of buckets that are not cumulative.

import type { Buckets } from './classic.ts';

/** Relative difference of two counts that is taken for rounding. */
const roundingTolerance = 1e-12;

const smallestNormal = 2.2250738585072014e-308;

/** What monotonicity cost: the span of bounds that were raised, and the largest step. */
export interface Repair {
  readonly minBucket: number;
  readonly maxBucket: number;
  readonly maxDiff: number;
}

export interface BucketQuantile {
  readonly value: number;
  readonly repair: Repair | undefined;
}

/** Changes `counts` in place where they are not cumulative. */
export function bucketQuantile(q: number, buckets: Buckets): BucketQuantile {
  const { bounds, counts, length } = buckets;
  const plain = (value: number): BucketQuantile => ({ value, repair: undefined });
  if (Number.isNaN(q)) return plain(Number.NaN);
  if (q < 0) return plain(Number.NEGATIVE_INFINITY);
  if (q > 1) return plain(Number.POSITIVE_INFINITY);
  // Without a +Inf bucket nobody knows how many observations there were.
  if (bounds[length - 1] !== Number.POSITIVE_INFINITY) return plain(Number.NaN);
  const repair = makeMonotonic(buckets);
  const observations = counts[length - 1]!;
  if (length < 2 || observations === 0) return { value: Number.NaN, repair };
  return { value: interpolate(q * observations, buckets), repair };
}

function interpolate(rank: number, { bounds, counts, length }: Buckets): number {
  let bucket = 0;
  while (bucket < length - 1 && !(counts[bucket]! >= rank)) bucket++;
  // In the +Inf bucket there is no upper bound to interpolate to; below the first bound, none to interpolate from,
  // unless the buckets begin at zero.
  if (bucket === length - 1) return bounds[length - 2]!;
  if (bucket === 0 && bounds[0]! <= 0) return bounds[0]!;
  const lower = bucket > 0 ? bounds[bucket - 1]! : 0;
  const below = bucket > 0 ? counts[bucket - 1]! : 0;
  return lower + (bounds[bucket]! - lower) * ((rank - below) / (counts[bucket]! - below));
}

/** Raises counts that are smaller than one before; differences that rounding explains are evened out silently. */
function makeMonotonic({ bounds, counts, length }: Buckets): Repair | undefined {
  let previous = counts[0]!;
  let repaired = false;
  const repair = { minBucket: Number.POSITIVE_INFINITY, maxBucket: Number.NEGATIVE_INFINITY, maxDiff: 0 };
  for (let i = 1; i < length; i++) {
    const count = counts[i]!;
    if (count === previous) continue;
    const isRounding = almostEqual(previous, count);
    if (!isRounding && !(count < previous)) {
      previous = count;
      continue;
    }
    counts[i] = previous;
    if (isRounding) continue;
    repaired = true;
    repair.minBucket = Math.min(repair.minBucket, bounds[i]!);
    repair.maxBucket = Math.max(repair.maxBucket, bounds[i]!);
    repair.maxDiff = Math.max(repair.maxDiff, previous - count);
  }
  return repaired ? repair : undefined;
}

function almostEqual(a: number, b: number): boolean {
  const sum = Math.abs(a) + Math.abs(b);
  const difference = Math.abs(a - b);
  if (a === 0 || b === 0 || sum < smallestNormal) return difference < roundingTolerance * smallestNormal;
  return difference / Math.min(sum, Number.MAX_VALUE) < roundingTolerance;
}
