// Native histograms of any kind, for tests that send or keep them.

import fc from 'fast-check';
import {
  type Buckets,
  customBucketsSchema,
  type NativeHistogram,
  type ResetHint,
} from '../../src/telemetry/metrics/native-histogram.ts';

const hints: readonly ResetHint[] = ['unknown', 'reset', 'notReset', 'gauge'];
const wholeCount = fc.integer({ min: 0, max: 1000 });
const anyCount = fc.oneof(wholeCount, fc.double({ min: 0, max: 1e300, noNaN: true }));

function buckets(count: fc.Arbitrary<number>, indexMin: number, indexMax: number): fc.Arbitrary<Buckets> {
  return fc
    .dictionary(fc.integer({ min: indexMin, max: indexMax }).map(String), count, { maxKeys: 6 })
    .map((byIndex) => {
      const entries = Object.entries(byIndex).map(([index, value]) => [Number(index), value] as const);
      entries.sort(([a], [b]) => a - b);
      return {
        indexes: Int32Array.from(entries, ([index]) => index),
        counts: Float64Array.from(entries, ([, value]) => value),
      };
    });
}

function exponential(count: fc.Arbitrary<number>): fc.Arbitrary<NativeHistogram> {
  return fc.record({
    schema: fc.integer({ min: -4, max: 8 }),
    count,
    sum: fc.double(),
    zeroThreshold: fc.constantFrom(0, 1e-128, 0.5),
    zeroCount: count,
    positive: buckets(count, -40, 40),
    negative: buckets(count, -40, 40),
    customBounds: fc.constant(undefined),
    resetHint: fc.constantFrom(...hints),
  });
}

function custom(count: fc.Arbitrary<number>): fc.Arbitrary<NativeHistogram> {
  const noBuckets = { indexes: new Int32Array(0), counts: new Float64Array(0) };
  return fc.record({
    schema: fc.constant(customBucketsSchema),
    count,
    sum: fc.double(),
    zeroThreshold: fc.constant(0),
    zeroCount: fc.constant(0),
    positive: buckets(count, 0, 4),
    negative: fc.constant(noBuckets),
    customBounds: fc.constantFrom(Float64Array.of(0.1, 1, 2.5, 10), Float64Array.of(1, 2, 3, 4)),
    resetHint: fc.constantFrom(...hints),
  });
}

/** Integer and float histograms, of exponential and of custom buckets, with any hint. */
export const anyHistogram: fc.Arbitrary<NativeHistogram> = fc.oneof(
  exponential(wholeCount),
  exponential(anyCount),
  custom(wholeCount),
  custom(anyCount),
);
