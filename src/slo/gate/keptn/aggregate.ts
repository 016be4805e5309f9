// What a relative criterion is compared with: one number made of earlier results.

export const aggregateFunctions = ['avg', 'p50', 'p90', 'p95'] as const;
export type AggregateFunction = (typeof aggregateFunctions)[number];

/** At least one value. */
export function aggregate(name: AggregateFunction, values: readonly number[]): number {
  if (name === 'avg') return values.reduce((sum, value) => sum + value, 0) / values.length;
  return percentile(values, Number(name.slice(1)) / 100);
}

/**
 * Keptn's: the position among the sorted values is share * (n + 1), between two values in proportion, and the first or last value
 * outside (lighthouse-service, event_handler/evaluate_sli_handler.go).
 */
function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = share * (sorted.length + 1);
  if (position < 1) return sorted[0]!;
  if (position >= sorted.length) return sorted.at(-1)!;
  const below = Math.floor(position);
  const low = sorted[below - 1]!;
  return low + (position - below) * (sorted[below]! - low);
}
