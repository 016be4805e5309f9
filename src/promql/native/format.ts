// A native histogram as text: what count_values makes a label of.

import type { NativeHistogram } from '../../telemetry/metrics/native-histogram.ts';
import { formatGeneral } from '../format.ts';
import { type Bucket, negativeBucket, positiveBucket, zeroBucket } from './buckets.ts';

/** `{count:3, sum:5, (0.5,1]:2}`: the filled buckets from the lowest to the highest. */
export function formatHistogram(histogram: NativeHistogram): string {
  const { count, sum, positive, negative, zeroCount } = histogram;
  const sideOf = ({ indexes, counts }: typeof positive, bucketOf: typeof positiveBucket) =>
    Array.from(indexes, (index, i) => bucketOf(histogram, index, counts[i]!));
  const buckets = [
    ...sideOf(negative, negativeBucket).reverse(),
    ...(zeroCount === 0 ? [] : [zeroBucket(histogram)]),
    ...sideOf(positive, positiveBucket),
  ];
  const filled = buckets.filter((bucket) => bucket.count !== 0).map(formatBucket);
  return `{${[`count:${formatGeneral(count)}`, `sum:${formatGeneral(sum)}`, ...filled].join(', ')}}`;
}

function formatBucket({ lower, upper, lowerInclusive, upperInclusive, count }: Bucket): string {
  const open = lowerInclusive ? '[' : '(';
  const close = upperInclusive ? ']' : ')';
  return `${open}${formatGeneral(lower)},${formatGeneral(upper)}${close}:${formatGeneral(count)}`;
}
