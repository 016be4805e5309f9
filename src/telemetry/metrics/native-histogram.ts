// A native histogram: counts in buckets whose bounds follow from a schema. Objects are immutable and may be shared, so
// whoever computes a new one builds a new one. Bounds are those of Prometheus's native histogram specification.

/** Schemas -4 to 8: bucket i ends at 2^(i * 2^-schema). */
export const exponentialSchemaMin = -4;
export const exponentialSchemaMax = 8;
/** Bounds are listed, as those of a classic histogram are. */
export const customBucketsSchema = -53;

/** What a sample says about the one before: nothing, "I began anew", "I did not", or "I may fall at any time". */
export type ResetHint = 'unknown' | 'reset' | 'notReset' | 'gauge';

/** Buckets of one side. A bucket that is not listed is empty; a listed one may be empty too. */
export interface Buckets {
  /** Rising. */
  readonly indexes: Int32Array;
  readonly counts: Float64Array;
}

export interface NativeHistogram {
  readonly schema: number;
  readonly count: number;
  readonly sum: number;
  /** The zero bucket holds what lies in [-zeroThreshold, zeroThreshold]. */
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly positive: Buckets;
  /** Buckets of values below zero, by the index that the absolute value has. */
  readonly negative: Buckets;
  /** Upper bounds for `customBucketsSchema`, without +Inf; bucket i ends at bound i, and one more holds the rest. */
  readonly customBounds: Float64Array | undefined;
  readonly resetHint: ResetHint;
}

export const noBuckets: Buckets = { indexes: new Int32Array(0), counts: new Float64Array(0) };

/** A run of neighbouring buckets, `offset` buckets after the end of the run before (the first: after index 0). */
export interface BucketSpan {
  readonly offset: number;
  readonly length: number;
}

/** Buckets from the form in which protocols send them; `counts` are absolute. */
export function bucketsFromSpans(spans: readonly BucketSpan[], counts: ArrayLike<number>): Buckets {
  const indexes = new Int32Array(counts.length);
  let index = 0;
  let position = 0;
  for (const { offset, length } of spans) {
    index += offset;
    for (let i = 0; i < length && position < indexes.length; i++) indexes[position++] = index++;
  }
  if (position < indexes.length) throw new RangeError('more bucket counts than the spans have places for');
  return { indexes, counts: Float64Array.from(counts) };
}

export function usesCustomBuckets({ schema }: Pick<NativeHistogram, 'schema'>): boolean {
  return schema === customBucketsSchema;
}

export function sameBounds(a: Float64Array | undefined, b: Float64Array | undefined): boolean {
  const [left, right] = [a ?? noBuckets.counts, b ?? noBuckets.counts];
  return left === right || (left.length === right.length && left.every((bound, i) => bound === right[i]));
}

/** Upper bound of a bucket on the positive side; its lower bound is that of the index before. */
export function upperBound(index: number, { schema, customBounds }: BoundSource): number {
  if (schema === customBucketsSchema) {
    if (index < 0) return Number.NEGATIVE_INFINITY;
    return customBounds?.[index] ?? Number.POSITIVE_INFINITY;
  }
  // The whole and the broken part of the exponent apart: powers of two stay exact.
  const perPower = 2 ** schema;
  const whole = Math.floor(index / perPower);
  const bound = brokenPower(schema, index - whole * perPower) * 2 ** whole;
  // The bucket that would end at 2^1024 ends at the largest float; infinity has the next one to itself.
  return bound === Number.POSITIVE_INFINITY && index === 1024 * perPower ? Number.MAX_VALUE : bound;
}

/** By schema: 2^(i * 2^-schema) for each i of one power of two. */
const brokenPowers = new Map<number, Float64Array>();

function brokenPower(schema: number, part: number): number {
  // Elsewhere a bucket is at least a whole power wide.
  if (schema <= 0) return 1;
  let powers = brokenPowers.get(schema);
  if (!powers) {
    powers = Float64Array.from({ length: 2 ** schema }, (_, i) => 2 ** (i / 2 ** schema));
    brokenPowers.set(schema, powers);
  }
  return powers[part]!;
}

type BoundSource = Pick<NativeHistogram, 'schema' | 'customBounds'>;

/** Whether some bucket of `before` holds more than the same bucket of `after`. Both are of one schema. */
export function someBucketFell(before: Buckets, after: Buckets): boolean {
  let j = 0;
  for (let i = 0; i < before.indexes.length; i++) {
    const index = before.indexes[i]!;
    while (j < after.indexes.length && after.indexes[j]! < index) j++;
    const now = after.indexes[j] === index ? after.counts[j]! : 0;
    if (before.counts[i]! > now) return true;
  }
  return false;
}

/**
 * The hint with which a sample is kept after `previous` (undefined: after a float, a stale marker or nothing): a gauge, or
 * the next of a run without a reset, or unknown. As in Prometheus's store, which begins a new run at a reset or with
 * another layout, and does not vouch for the first sample of a run.
 */
export function storedResetHint(previous: NativeHistogram | undefined, next: NativeHistogram): ResetHint {
  if (next.resetHint === 'gauge') return 'gauge';
  if (!previous || previous.resetHint === 'gauge' || next.resetHint === 'reset') return 'unknown';
  const continues =
    next.count >= previous.count &&
    next.schema === previous.schema &&
    next.zeroThreshold === previous.zeroThreshold &&
    sameBounds(next.customBounds, previous.customBounds) &&
    next.zeroCount >= previous.zeroCount &&
    !someBucketFell(previous.positive, next.positive) &&
    !someBucketFell(previous.negative, next.negative);
  return continues ? 'notReset' : 'unknown';
}

/** A histogram of the same buckets that has observed nothing yet. */
export function emptied(histogram: NativeHistogram): NativeHistogram {
  const nothing = { count: 0, sum: 0, zeroCount: 0, positive: noBuckets, negative: noBuckets };
  return { ...histogram, ...nothing, resetHint: 'reset' };
}

/** Equal to the bit, but for empty buckets and the hint. */
export function equalHistograms(a: NativeHistogram, b: NativeHistogram): boolean {
  return (
    a.schema === b.schema &&
    Object.is(a.count, b.count) &&
    Object.is(a.sum, b.sum) &&
    a.zeroThreshold === b.zeroThreshold &&
    Object.is(a.zeroCount, b.zeroCount) &&
    sameBounds(a.customBounds, b.customBounds) &&
    equalBuckets(a.positive, b.positive) &&
    equalBuckets(a.negative, b.negative)
  );
}

function equalBuckets(a: Buckets, b: Buckets): boolean {
  const [left, right] = [withoutEmpty(a), withoutEmpty(b)];
  if (left.indexes.length !== right.indexes.length) return false;
  return left.indexes.every(
    (index, i) => index === right.indexes[i] && Object.is(left.counts[i], right.counts[i]),
  );
}

/** The buckets that hold something. */
export function withoutEmpty(buckets: Buckets): Buckets {
  const { indexes, counts } = buckets;
  if (!counts.includes(0)) return buckets;
  const isHeld = (_: number, i: number) => counts[i] !== 0;
  return { indexes: indexes.filter(isHeld), counts: counts.filter((count) => count !== 0) };
}
