// Whether a histogram that counts has begun anew since the sample before.

import {
  type Buckets,
  type NativeHistogram,
  sameBounds,
  someBucketFell,
  upperBound,
  usesCustomBuckets,
} from '../../telemetry/metrics/native-histogram.ts';
import { atSchema, keepIndexes, zeroBucketAt } from './layout.ts';

/** A hint decides where there is one; otherwise any count that fell, or a layout that only a new start explains. */
export function hasReset(previous: NativeHistogram, current: NativeHistogram): boolean {
  if (current.resetHint === 'reset') return true;
  if (current.resetHint === 'notReset') return false;
  if (current.count < previous.count) return true;
  if (usesCustomBuckets(current)) {
    if (!usesCustomBuckets(previous)) return true;
    if (!sameBounds(current.customBounds, previous.customBounds))
      return fellUnderCommonBound(previous, current);
  }
  // Resolution and the precision around zero only ever get coarser while it runs.
  if (current.schema > previous.schema || current.zeroThreshold < previous.zeroThreshold) return true;
  const { threshold, zeroCount } = zeroBucketAt(previous, current.zeroThreshold);
  if (threshold !== current.zeroThreshold || current.zeroCount < zeroCount) return true;
  const before = atSchema(previous, current.schema);
  return (
    someBucketFell(outside(before.positive, current), outside(current.positive, current)) ||
    someBucketFell(outside(before.negative, current), outside(current.negative, current))
  );
}

/** The buckets that the zero bucket does not cover whole. */
function outside(buckets: Buckets, histogram: NativeHistogram): Buckets {
  if (usesCustomBuckets(histogram) || histogram.zeroThreshold === 0) return buckets;
  return keepIndexes(buckets, (index) => upperBound(index, histogram) > histogram.zeroThreshold);
}

/** Whether fewer lie between two neighbouring bounds that both have, or beyond the last. */
function fellUnderCommonBound(previous: NativeHistogram, current: NativeHistogram): boolean {
  const others = new Set(previous.customBounds);
  const common = [...(current.customBounds ?? [])].filter((bound) => others.has(bound));
  let lower = Number.NEGATIVE_INFINITY;
  for (const upper of [...common, Number.POSITIVE_INFINITY]) {
    if (countBetween(current, lower, upper) < countBetween(previous, lower, upper)) return true;
    lower = upper;
  }
  return false;
}

function countBetween(histogram: NativeHistogram, lower: number, upper: number): number {
  const { indexes, counts } = histogram.positive;
  return counts.reduce((sum, count, i) => {
    const bound = upperBound(indexes[i]!, histogram);
    return bound > lower && bound <= upper ? sum + count : sum;
  }, 0);
}
