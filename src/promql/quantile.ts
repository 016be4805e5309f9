// The quantile of a set of values, interpolated between the two nearest ranks.

/** Sorts the first `count` values in place. NaN counts as smaller than any number. */
export function quantileOf(q: number, values: Float64Array, count: number): number {
  if (count === 0 || Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  const sorted = values.subarray(0, count).sort();
  // Typed arrays sort NaN to the end; ranks count it first.
  let nans = 0;
  while (nans < count && Number.isNaN(sorted[count - 1 - nans]!)) nans++;
  const at = (rank: number) => (rank < nans ? Number.NaN : sorted[rank - nans]!);
  const rank = q * (count - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(count - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  return at(lower) * (1 - weight) + at(upper) * weight;
}

/** The text of the warning that a quantile lies outside [0, 1], or undefined. */
export function quantileProblem(q: number, shown: string): string | undefined {
  return q >= 0 && q <= 1 ? undefined : `quantile value should be between 0 and 1, got ${shown}`;
}
