// The operators `</` and `>/`: what a histogram would hold had nothing above (or below) a value been observed. A bucket
// that the value cuts keeps the share that interpolation gives it; the sum is estimated anew from the buckets left.

import {
  type Buckets,
  type NativeHistogram,
  usesCustomBuckets,
} from '../../telemetry/metrics/native-histogram.ts';
import { compact } from './arithmetic.ts';
import { type Bucket, fractionBelow, negativeBucket, positiveBucket, zeroBucket } from './buckets.ts';

type Side = 'below' | 'above';

/** What is kept of a bucket, and the value at which it counts in the sum. */
interface Kept {
  readonly count: number;
  readonly middle: number;
}

/** Keeps what lies below (or above) `value`; a histogram of which nothing is cut is returned as it is. */
export function trim(histogram: NativeHistogram, value: number, side: Side): NativeHistogram {
  const linear = usesCustomBuckets(histogram);
  const positive = trimSide(histogram.positive, (index, count) =>
    keep(positiveBucket(histogram, index, count), value, side, linear, 1),
  );
  const negative = trimSide(histogram.negative, (index, count) =>
    keep(negativeBucket(histogram, index, count), value, side, linear, -1),
  );
  const zero: Kept =
    histogram.zeroCount > 0
      ? keepOfZero(zeroBucket(histogram), value, side, negative.isFilled, positive.isFilled)
      : { count: histogram.zeroCount, middle: 0 };
  const isCut = positive.isCut || negative.isCut || zero.count !== histogram.zeroCount;
  if (!isCut) return histogram;
  return compact({
    ...histogram,
    count: positive.count + negative.count + zero.count,
    sum: positive.sum + negative.sum + zero.middle * zero.count,
    zeroCount: zero.count,
    positive: positive.buckets,
    negative: negative.buckets,
  });
}

function trimSide({ indexes, counts }: Buckets, keepOf: (index: number, count: number) => Kept) {
  const kept = new Float64Array(counts.length);
  let [count, sum] = [0, 0];
  let [isCut, isFilled] = [false, false];
  for (let i = 0; i < indexes.length; i++) {
    if (counts[i] === 0) continue;
    isFilled = true;
    const one = keepOf(indexes[i]!, counts[i]!);
    kept[i] = one.count;
    isCut ||= one.count !== counts[i];
    count += one.count;
    if (one.count !== 0) sum += one.middle * one.count;
  }
  return { buckets: { indexes, counts: kept }, count, sum, isCut, isFilled };
}

function keep(bucket: Bucket, value: number, side: Side, linear: boolean, sign: 1 | -1): Kept {
  const { lower, upper, count } = bucket;
  const isWhole = side === 'below' ? upper <= value : lower >= value;
  if (isWhole) return { count, middle: middleOf(lower, upper, linear, sign) };
  const isGone = side === 'below' ? !(lower < value) : !(upper > value);
  if (isGone) return { count: 0, middle: 0 };
  if (lower === Number.NEGATIVE_INFINITY) return keepOfLowest(bucket, value, side);
  // A bucket without an upper bound is taken to lie at its lower one: cut above it, and everything is above the cut.
  if (upper === Number.POSITIVE_INFINITY) {
    return side === 'above' && value >= lower ? { count, middle: value } : { count: 0, middle: lower };
  }
  const below = count * fractionBelow(bucket, value, linear);
  return side === 'below'
    ? { count: below, middle: middleOf(lower, value, linear, sign) }
    : { count: count - below, middle: middleOf(value, upper, linear, sign) };
}

/** The bucket below the first bound begins at zero where its bound is positive; otherwise it is not to be cut. */
function keepOfLowest({ upper, count }: Bucket, value: number, side: Side): Kept {
  const isOpen = upper === Number.POSITIVE_INFINITY;
  if (side === 'below') {
    if (value > 0 && upper > 0 && !isOpen) return { count: (count * value) / upper, middle: value / 2 };
    return upper <= 0 ? { count, middle: value } : { count: 0, middle: 0 };
  }
  if (value >= 0 && upper > value && !isOpen) {
    return { count: count * (1 - value / upper), middle: (value + upper) / 2 };
  }
  return { count: 0, middle: 0 };
}

/** Observations in the zero bucket are on the side on which there are others. */
function keepOfZero(bucket: Bucket, value: number, side: Side, hasBelow: boolean, hasAbove: boolean): Kept {
  const { count } = bucket;
  const lower = hasAbove && !hasBelow ? 0 : bucket.lower;
  const upper = hasBelow && !hasAbove ? 0 : bucket.upper;
  const [all, none]: [Kept, Kept] = [
    { count, middle: (lower + upper) / 2 },
    { count: 0, middle: 0 },
  ];
  if (side === 'below') {
    if (value <= lower) return none;
    if (value >= upper) return all;
    return { count: (count * (value - lower)) / (upper - lower), middle: (lower + value) / 2 };
  }
  if (value <= lower) return all;
  if (value >= upper) return none;
  return { count: (count * (upper - value)) / (upper - lower), middle: (value + upper) / 2 };
}

function middleOf(lower: number, upper: number, linear: boolean, sign: 1 | -1): number {
  if (!Number.isFinite(lower)) {
    if (!Number.isFinite(upper)) return 0;
    return upper > 0 ? upper / 2 : upper;
  }
  if (!Number.isFinite(upper)) return lower;
  if (linear) return (lower + upper) / 2;
  return sign * Math.sqrt(Math.abs(lower * upper));
}
