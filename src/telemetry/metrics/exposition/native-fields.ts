// Native histograms as protocols write them: spans and counts, the counts as differences (integer histograms) or as
// they are (float histograms). Checked as Prometheus checks them.

import {
  type BucketSpan,
  type Buckets,
  bucketsFromSpans,
  customBucketsSchema,
  exponentialSchemaMax,
  exponentialSchemaMin,
  type NativeHistogram,
  noBuckets,
  type ResetHint,
} from '../native-histogram.ts';

/** Buckets of one side of a histogram that we take. */
export const bucketsMax = 20_000;

/** One side as written. */
export interface SideFields {
  readonly spans: BucketSpan[];
  /** Differences between neighbours, of integer histograms. */
  readonly deltas: number[];
  /** Counts, of float histograms. */
  readonly counts: number[];
}

export interface NativeFields {
  schema: number;
  count: number;
  sum: number;
  zeroThreshold: number;
  zeroCount: number;
  resetHint: ResetHint;
  readonly positive: SideFields;
  readonly negative: SideFields;
  readonly customBounds: number[];
}

function newSide(): SideFields {
  return { spans: [], deltas: [], counts: [] };
}

export function newNativeFields(): NativeFields {
  return {
    schema: 0,
    count: 0,
    sum: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    resetHint: 'unknown',
    positive: newSide(),
    negative: newSide(),
    customBounds: [],
  };
}

/** The histogram, or what is wrong with it. */
export function nativeHistogram(fields: NativeFields): NativeHistogram | string {
  const { schema, customBounds } = fields;
  const custom = schema === customBucketsSchema;
  if (!custom && (schema < exponentialSchemaMin || schema > exponentialSchemaMax))
    return `histogram schema ${schema} is not known`;
  if (custom) {
    const wrong = customMistake(fields);
    if (wrong !== undefined) return wrong;
  } else if (customBounds.length > 0) return 'a histogram of an exponential schema has custom bounds';
  if (!(fields.count >= 0) || !(fields.zeroCount >= 0)) return 'a histogram has a negative count';
  const positive = side(fields.positive);
  if (typeof positive === 'string') return positive;
  const negative = side(fields.negative);
  if (typeof negative === 'string') return negative;
  const { count, sum, zeroThreshold, zeroCount, resetHint } = fields;
  const wrong = countMistake(fields, positive, negative);
  if (wrong !== undefined) return wrong;
  const bounds = custom ? Float64Array.from(customBounds) : undefined;
  return {
    schema,
    count,
    sum,
    zeroThreshold,
    zeroCount,
    positive,
    negative,
    customBounds: bounds,
    resetHint,
  };
}

function customMistake({ customBounds, negative, zeroCount, positive }: NativeFields): string | undefined {
  if (zeroCount !== 0 || negative.spans.length > 0)
    return 'a histogram of custom buckets has only positive ones';
  for (const [i, bound] of customBounds.entries()) {
    if (!Number.isFinite(bound)) return 'a custom bound is not finite';
    if (i > 0 && bound <= customBounds[i - 1]!) return 'the custom bounds do not rise';
  }
  const places = positive.spans.reduce((sum, { offset, length }) => sum + offset + length, 0);
  return places > customBounds.length + 1 ? 'a histogram has more buckets than custom bounds' : undefined;
}

/** Far beyond the bucket of the largest float. */
const indexMax = 2 ** 30;

function side({ spans, deltas, counts }: SideFields): Buckets | string {
  if (deltas.length > 0 && counts.length > 0) return 'a histogram has differences and counts';
  let places = 0;
  let index = 0;
  for (const [i, { offset, length }] of spans.entries()) {
    if (i > 0 && offset < 0) return 'the spans of a histogram overlap';
    places += length;
    index += offset;
    if (Math.abs(index) > indexMax || index + length > indexMax)
      return `a histogram has a bucket beyond ${indexMax}`;
    index += length;
  }
  const given = deltas.length > 0 ? absolute(deltas) : counts;
  if (places !== given.length)
    return `the spans of a histogram need ${places} buckets, there are ${given.length}`;
  if (given.some((count) => !(count >= 0))) return 'a bucket of a histogram is negative';
  return given.length === 0 ? noBuckets : bucketsFromSpans(spans, given);
}

function absolute(deltas: readonly number[]): number[] {
  let count = 0;
  return deltas.map((delta) => {
    count += delta;
    return count;
  });
}

/** Of integer histograms the buckets add up to the count; observations that are NaN are in none. */
function countMistake(fields: NativeFields, positive: Buckets, negative: Buckets): string | undefined {
  const isInteger = fields.positive.counts.length === 0 && fields.negative.counts.length === 0;
  if (!isInteger) return undefined;
  const total = (buckets: Buckets) => buckets.counts.reduce((sum, count) => sum + count, 0);
  const inBuckets = total(positive) + total(negative) + fields.zeroCount;
  const fits = Number.isNaN(fields.sum) ? inBuckets <= fields.count : inBuckets === fields.count;
  return fits
    ? undefined
    : `the buckets of a histogram hold ${inBuckets} observations, its count is ${fields.count}`;
}
