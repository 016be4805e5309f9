// The share of observations between two values, linear within a bucket.

import type { Buckets } from './classic.ts';

export function bucketFraction(lower: number, upper: number, buckets: Buckets): number {
  const { bounds, counts, length } = buckets;
  const observations = counts[length - 1]!;
  if (bounds[length - 1] !== Number.POSITIVE_INFINITY || observations === 0) return Number.NaN;
  if (Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN;
  if (lower >= upper) return 0;
  return (rankOf(upper, buckets) - rankOf(lower, buckets)) / observations;
}

/** How many observations are at or below a value. */
function rankOf(value: number, { bounds, counts, length }: Buckets): number {
  // Buckets whose first bound is above zero are taken to begin at zero, others have no beginning.
  let lower = bounds[0]! > 0 ? 0 : Number.NEGATIVE_INFINITY;
  let below = 0;
  for (let i = 0; i < length; i++) {
    if (lower >= value) return below;
    const upper = bounds[i]!;
    if (upper > value) {
      // An infinitely wide bucket cannot be divided: none of the last one counts, all of the first one does.
      if (lower === Number.NEGATIVE_INFINITY) return Math.min(counts[i]!, counts[length - 1]!);
      const rank = below + ((counts[i]! - below) * (value - lower)) / (upper - lower);
      return Math.min(rank, counts[length - 1]!);
    }
    below = counts[i]!;
    lower = upper;
  }
  return counts[length - 1]!;
}
