// Exponential histograms of OTLP as native histograms. Bucket i there is (base^i, base^(i+1)], here it is the one that
// ends at base^i: indexes differ by one. Scales above 8 are merged down to 8.

import {
  type Buckets,
  exponentialSchemaMax,
  exponentialSchemaMin,
  type NativeHistogram,
} from '../native-histogram.ts';
import type { ExponentialPoint, ExponentialSide } from './model.ts';

/** Where the sender names no width of its zero bucket. */
const zeroThresholdDefault = 1e-128;

/** Merging down further than any index reaches would shift by more than a number has bits. */
const scaleMax = 39;

/** The histogram, or what is wrong with it. */
export function exponentialHistogram(point: ExponentialPoint): NativeHistogram | string {
  const { scale, count, zeroCount, positive, negative } = point;
  if (!Number.isInteger(scale) || scale < exponentialSchemaMin || scale > scaleMax)
    return `an exponential histogram has the scale ${scale}`;
  const numbers = [count, zeroCount, ...positive.counts, ...negative.counts];
  if (numbers.some((value) => !(value >= 0))) return 'an exponential histogram has a negative count';
  if (
    ![positive.offset, negative.offset].every(
      (offset) => Number.isInteger(offset) && Math.abs(offset) < 2 ** 30,
    )
  )
    return 'an exponential histogram has an offset beyond 30 bits';
  const down = Math.max(0, scale - exponentialSchemaMax);
  return {
    schema: scale - down,
    count,
    sum: point.sum ?? 0,
    zeroThreshold: point.zeroThreshold > 0 ? point.zeroThreshold : zeroThresholdDefault,
    zeroCount,
    positive: merged(positive, down),
    negative: merged(negative, down),
    customBounds: undefined,
    resetHint: 'unknown',
  };
}

function merged({ offset, counts }: ExponentialSide, down: number): Buckets {
  const byIndex = new Map<number, number>();
  for (const [i, count] of counts.entries()) {
    if (count === 0) continue;
    const index = Math.floor((offset + i) / 2 ** down) + 1;
    byIndex.set(index, (byIndex.get(index) ?? 0) + count);
  }
  return { indexes: Int32Array.from(byIndex.keys()), counts: Float64Array.from(byIndex.values()) };
}
