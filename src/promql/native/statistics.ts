// Estimates from the buckets of a native histogram.

import { type NativeHistogram, usesCustomBuckets } from '../../telemetry/metrics/native-histogram.ts';
import { KahanSum } from '../kahan.ts';
import { type Bucket, bucketsInOrder } from './buckets.ts';

/** The variance, taking every observation to lie at the middle of its bucket: the geometric one where bounds grow so. */
export function nativeVariance(histogram: NativeHistogram): number {
  const mean = histogram.sum / histogram.count;
  const squares = new KahanSum();
  for (const bucket of bucketsInOrder(histogram)) {
    if (bucket.count === 0) continue;
    const distance = middleOf(bucket, usesCustomBuckets(histogram)) - mean;
    squares.add(bucket.count * distance * distance);
  }
  return (squares.sum + squares.compensation) / histogram.count;
}

function middleOf({ lower, upper }: Bucket, custom: boolean): number {
  if (custom) return (lower + upper) / 2;
  if (lower <= 0 && upper >= 0) return 0;
  const middle = Math.sqrt(lower * upper);
  return upper < 0 ? -middle : middle;
}
