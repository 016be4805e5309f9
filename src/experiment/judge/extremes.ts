// The largest and the smallest of many numbers: Math.max(...values) ends with a full stack at some ten thousand.

export function largest(values: readonly number[]): number {
  return values.reduce((best, value) => Math.max(best, value), Number.NEGATIVE_INFINITY);
}

export function smallest(values: readonly number[]): number {
  return values.reduce((best, value) => Math.min(best, value), Number.POSITIVE_INFINITY);
}

/** How far apart the largest and the smallest are; 0 without any. */
export function movementOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : largest(values) - smallest(values);
}
