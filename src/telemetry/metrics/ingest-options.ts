// What Prometheus does with incoming samples only behind a feature flag. Whoever knows the flags passes these on.

/** Each under the name of its flag in the comment. */
export interface IngestOptions {
  /** `type-and-unit-labels`: the metadata of a metric also becomes its labels `__type__` and `__unit__`. */
  readonly typeAndUnitLabels?: boolean;
  /**
   * `st-storage`, and part of `created-timestamp-zero-ingestion`: `_created` lines of OpenMetrics are start timestamps
   * and no samples. The other formats name start timestamps as such; those are always kept.
   */
  readonly createdLinesAsStarts?: boolean;
}

const typeLabel = '__type__';
const unitLabel = '__unit__';

type Pairs = readonly (readonly [name: string, value: string])[];

/** The pairs with the labels of a type and a unit in place of what a sender wrote under these names. */
export function withTypeAndUnit(pairs: Pairs, { type, unit }: { type: string; unit: string }): Pairs {
  const known = [
    ...(type === 'unknown' || type === '' ? [] : [[typeLabel, type] as const]),
    ...(unit === '' ? [] : [[unitLabel, unit] as const]),
  ];
  if (known.length === 0) return pairs;
  return [...pairs.filter(([name]) => !known.some(([own]) => own === name)), ...known];
}
