// Bringing two histograms to one layout, which any arithmetic between them needs: the coarser schema, the wider zero
// bucket, or the custom bounds that both have. Nothing is lost but resolution.

import {
  type Buckets,
  type NativeHistogram,
  noBuckets,
  sameBounds,
  upperBound,
  usesCustomBuckets,
  withoutEmpty,
} from '../../telemetry/metrics/native-histogram.ts';
import { KahanSum } from '../kahan.ts';

export interface CommonLayout {
  readonly left: NativeHistogram;
  readonly right: NativeHistogram;
  /** Custom bounds differed, and only those in common are left. */
  readonly reconciled: boolean;
}

/** Undefined when one has exponential and the other custom buckets: nothing is common to them. */
export function commonLayout(left: NativeHistogram, right: NativeHistogram): CommonLayout | undefined {
  if (usesCustomBuckets(left) !== usesCustomBuckets(right)) return undefined;
  if (usesCustomBuckets(left)) return commonBounds(left, right);
  let [a, b] = [left, right];
  while (a.zeroThreshold !== b.zeroThreshold) {
    if (a.zeroThreshold < b.zeroThreshold) a = widenZeroBucket(a, b.zeroThreshold);
    else b = widenZeroBucket(b, a.zeroThreshold);
  }
  const schema = Math.min(a.schema, b.schema);
  return { left: atSchema(a, schema), right: atSchema(b, schema), reconciled: false };
}

/** The same counts in the wider buckets of a lower schema. */
export function atSchema(histogram: NativeHistogram, schema: number): NativeHistogram {
  const { positive, negative, schema: from } = histogram;
  if (schema === from) return histogram;
  const target = (index: number) => ((index - 1) >> (from - schema)) + 1;
  return {
    ...histogram,
    schema,
    positive: mapIndexes(positive, target),
    negative: mapIndexes(negative, target),
  };
}

/** `target` never falls from one index to the next; buckets that meet are added up. */
function mapIndexes({ indexes, counts }: Buckets, target: (index: number) => number): Buckets {
  const outIndexes = new Int32Array(indexes.length);
  const outCounts = new Float64Array(indexes.length);
  const sum = new KahanSum();
  let length = 0;
  for (let i = 0; i < indexes.length; i++) {
    const index = target(indexes[i]!);
    if (length === 0 || outIndexes[length - 1] !== index) {
      outIndexes[length++] = index;
      sum.reset();
    }
    sum.add(counts[i]!);
    outCounts[length - 1] = sum.total;
  }
  return { indexes: outIndexes.slice(0, length), counts: outCounts.slice(0, length) };
}

/** Moves what a wider zero bucket covers into it. The threshold grows further where it would cut a filled bucket. */
function widenZeroBucket(histogram: NativeHistogram, wanted: number): NativeHistogram {
  const { threshold, zeroCount } = zeroBucketAt(histogram, wanted);
  const isOutside = (index: number) => upperBound(index - 1, histogram) >= threshold;
  return {
    ...histogram,
    zeroThreshold: threshold,
    zeroCount,
    positive: withoutEmpty(keepIndexes(histogram.positive, isOutside)),
    negative: withoutEmpty(keepIndexes(histogram.negative, isOutside)),
  };
}

/** The count of a zero bucket of at least this threshold; the threshold is that of the returned bucket. */
export function zeroBucketAt(
  histogram: NativeHistogram,
  wanted: number,
): { readonly threshold: number; readonly zeroCount: number } {
  let threshold = wanted;
  for (;;) {
    const sum = new KahanSum();
    sum.add(histogram.zeroCount);
    const cutAt = [histogram.positive, histogram.negative].map(({ indexes, counts }) => {
      for (let i = 0; i < indexes.length; i++) {
        if (upperBound(indexes[i]! - 1, histogram) >= threshold) break;
        sum.add(counts[i]!);
        const upper = upperBound(indexes[i]!, histogram);
        if (upper > threshold && counts[i] !== 0) return upper;
      }
      return threshold;
    });
    const grown = Math.max(...cutAt);
    if (grown === threshold) return { threshold, zeroCount: sum.total };
    threshold = grown;
  }
}

export function keepIndexes({ indexes, counts }: Buckets, isKept: (index: number) => boolean): Buckets {
  const kept = indexes.map((index) => (isKept(index) ? 1 : 0));
  return { indexes: indexes.filter((_, i) => kept[i]), counts: counts.filter((_, i) => kept[i]) };
}

function commonBounds(left: NativeHistogram, right: NativeHistogram): CommonLayout {
  if (sameBounds(left.customBounds, right.customBounds)) return { left, right, reconciled: false };
  const others = new Set(right.customBounds);
  const bounds = (left.customBounds ?? new Float64Array(0)).filter((bound) => others.has(bound));
  return { left: atBounds(left, bounds), right: atBounds(right, bounds), reconciled: true };
}

/** The same counts under fewer bounds. */
function atBounds(histogram: NativeHistogram, bounds: Float64Array): NativeHistogram {
  const own = histogram.customBounds ?? noBuckets.counts;
  const target = (index: number) => {
    if (index >= own.length) return bounds.length;
    const wider = bounds.findIndex((bound) => bound >= own[index]!);
    return wider < 0 ? bounds.length : wider;
  };
  return {
    ...histogram,
    customBounds: bounds,
    positive: withoutEmpty(mapIndexes(histogram.positive, target)),
  };
}
