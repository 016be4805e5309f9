// Arithmetic and estimates of native histograms: properties over random ones, and figures worked out by hand.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, compact, divide, multiply, subtract } from '../../src/promql/native/arithmetic.ts';
import { formatHistogram } from '../../src/promql/native/format.ts';
import { nativeFraction } from '../../src/promql/native/fraction.ts';
import { atSchema, commonLayout } from '../../src/promql/native/layout.ts';
import { nativeQuantile } from '../../src/promql/native/quantile.ts';
import { hasReset } from '../../src/promql/native/reset.ts';
import { nativeVariance } from '../../src/promql/native/statistics.ts';
import { meanOfHistograms, sumOfHistograms } from '../../src/promql/native/total.ts';
import { trim } from '../../src/promql/native/trim.ts';
import { parseHistogram } from '../../src/rules/unit-test/histogram-notation.ts';
import {
  customBucketsSchema,
  equalHistograms,
  type NativeHistogram,
  upperBound,
} from '../../src/telemetry/metrics/native-histogram.ts';

function of(fields: string): NativeHistogram {
  return parseHistogram(`{{${fields}}}`).histogram;
}

/** A histogram of these observations, as an application would keep it. */
function observed(values: readonly number[], schema: number, zeroThreshold: number): NativeHistogram {
  const sides = { positive: new Map<number, number>(), negative: new Map<number, number>() };
  let zeroCount = 0;
  for (const value of values) {
    const size = Math.abs(value);
    if (size <= zeroThreshold) {
      zeroCount++;
      continue;
    }
    let index = Math.ceil(Math.log2(size) * 2 ** schema);
    // Logarithms round; the bounds decide.
    while (upperBound(index - 1, { schema, customBounds: undefined }) >= size) index--;
    while (upperBound(index, { schema, customBounds: undefined }) < size) index++;
    const side = value > 0 ? sides.positive : sides.negative;
    side.set(index, (side.get(index) ?? 0) + 1);
  }
  const bucketsOf = (side: Map<number, number>) => {
    const sorted = [...side].sort(([a], [b]) => a - b);
    return {
      indexes: Int32Array.from(sorted, ([index]) => index),
      counts: Float64Array.from(sorted, ([, count]) => count),
    };
  };
  return {
    schema,
    count: values.length,
    sum: values.reduce((sum, value) => sum + value, 0),
    zeroThreshold,
    zeroCount,
    positive: bucketsOf(sides.positive),
    negative: bucketsOf(sides.negative),
    customBounds: undefined,
    resetHint: 'unknown',
  };
}

const observations = fc.array(
  fc.integer({ min: -400, max: 400 }).map((value) => value / 16),
  { maxLength: 60 },
);
const resolution = fc.record({
  schema: fc.integer({ min: -2, max: 5 }),
  zeroThreshold: fc.constantFrom(0, 0.25, 1, 3),
});

describe('layouts', () => {
  it('merging buckets is as if one had observed with fewer', () => {
    fc.assert(
      fc.property(observations, fc.integer({ min: -2, max: 5 }), fc.nat(7), (values, schema, coarser) => {
        const target = Math.max(-4, schema - coarser);
        const merged = atSchema(observed(values, schema, 0.25), target);
        expect(equalHistograms(merged, observed(values, target, 0.25))).toBe(true);
      }),
    );
  });

  it('a sum is as if one had observed both at the coarser resolution', () => {
    fc.assert(
      fc.property(observations, resolution, observations, resolution, (a, ofA, b, ofB) => {
        const left = observed(a, ofA.schema, ofA.zeroThreshold);
        const right = observed(b, ofB.schema, ofB.zeroThreshold);
        const { histogram } = add(left, right)!;
        const { schema, zeroThreshold } = histogram;
        expect(schema).toBe(Math.min(ofA.schema, ofB.schema));
        expect(zeroThreshold).toBeGreaterThanOrEqual(Math.max(ofA.zeroThreshold, ofB.zeroThreshold));
        expect(equalHistograms(compact(histogram), observed([...a, ...b], schema, zeroThreshold))).toBe(true);
        const back = compact(subtract(histogram, right)!.histogram);
        expect(equalHistograms(back, commonLayout(left, histogram)!.left)).toBe(true);
      }),
    );
  });

  it('custom bounds are reduced to those in common', () => {
    const { histogram, reconciled } = add(
      of('schema:-53 count:3 sum:9 custom_values:[1 2 5] buckets:[1 1 0 1]'),
      of('schema:-53 count:4 sum:8 custom_values:[2 4 5] buckets:[1 0 2 1]'),
    )!;
    expect(reconciled).toBe(true);
    expect([...histogram.customBounds!]).toEqual([2, 5]);
    expect([...histogram.positive.counts]).toEqual([3, 2, 2]);
  });

  it('exponential and custom buckets do not meet', () => {
    expect(
      add(of('count:1 buckets:[1]'), of('schema:-53 count:1 custom_values:[1] buckets:[1]')),
    ).toBeUndefined();
  });
});

describe('totals', () => {
  const histograms = fc.array(
    fc
      .tuple(observations, resolution)
      .map(([values, { schema, zeroThreshold }]) => observed(values, schema, zeroThreshold)),
    { minLength: 1, maxLength: 6 },
  );

  it('agree with adding one after the other', () => {
    fc.assert(
      fc.property(histograms, (all) => {
        const plain = all.reduce((sum, one) => add(sum, one)!.histogram);
        expect(equalHistograms(sumOfHistograms(all).histogram!, plain)).toBe(true);
        const mean = meanOfHistograms(all).histogram!;
        expect(mean.count).toBeCloseTo(plain.count / all.length, 9);
        expect(mean.schema).toBe(plain.schema);
      }),
    );
  });

  it('keep what a large number would swallow', () => {
    const { histogram } = sumOfHistograms([of('sum:1e100'), of('sum:1'), of('sum:-1e100'), of('sum:1')]);
    expect(histogram!.sum).toBe(2);
  });

  it('a mean of huge numbers does not overflow', () => {
    const huge = of('count:1e308 sum:1e308 buckets:[1e308]');
    const { histogram } = meanOfHistograms([huge, huge, huge]);
    expect(histogram!.count).toBeCloseTo(1e308, -300);
  });

  it('tell of hints that contradict each other', () => {
    const [reset, notReset] = [of('counter_reset_hint:reset'), of('counter_reset_hint:not_reset')];
    expect(sumOfHistograms([reset, notReset])).toMatchObject({ conflictingHints: true });
    expect(sumOfHistograms([reset, reset, of('')])).toMatchObject({ conflictingHints: false });
    expect(sumOfHistograms([reset, of('counter_reset_hint:gauge')]).histogram!.resetHint).toBe('gauge');
  });

  it('say which histogram does not fit', () => {
    const total = sumOfHistograms([of('count:1'), of('count:1'), of('schema:-53 count:1')]);
    expect(total).toMatchObject({ histogram: undefined, incompatibleAt: 2 });
  });
});

describe('resets', () => {
  const before = of('count:10 sum:5 z_bucket:2 z_bucket_w:0.5 buckets:[1 3 4]');

  it.each([
    ['the same', 'count:10 sum:5 z_bucket:2 z_bucket_w:0.5 buckets:[1 3 4]', false],
    ['more', 'count:12 sum:5 z_bucket:2 z_bucket_w:0.5 buckets:[1 4 4 1]', false],
    ['a count that fell', 'count:9 sum:5 z_bucket:2 z_bucket_w:0.5 buckets:[1 3 4]', true],
    ['a bucket that fell', 'count:12 sum:5 z_bucket:2 z_bucket_w:0.5 buckets:[0 6 4]', true],
    ['a bucket that is gone', 'count:12 sum:5 z_bucket:2 z_bucket_w:0.5 buckets:[1 9]', true],
    ['a zero bucket that fell', 'count:12 sum:5 z_bucket:1 z_bucket_w:0.5 buckets:[1 5 5]', true],
    [
      'a wider zero bucket that took a bucket in',
      'count:10 sum:5 z_bucket:3 z_bucket_w:1 buckets:[0 3 4]',
      false,
    ],
    [
      'a wider zero bucket that would cut one',
      'count:20 sum:5 z_bucket:13 z_bucket_w:1.5 buckets:[0 3 4]',
      true,
    ],
    ['a narrower zero bucket', 'count:20 sum:5 z_bucket:2 z_bucket_w:0.25 buckets:[11 3 4]', true],
    ['a finer schema', 'schema:1 count:20 sum:5 z_bucket:2 z_bucket_w:0.5 buckets:[9 9]', true],
    ['a coarser schema', 'schema:-1 count:10 sum:5 z_bucket:2 z_bucket_w:0.5 buckets:[1 7]', false],
    ['a hint', 'count:20 sum:5 z_bucket:9 z_bucket_w:0.5 buckets:[3 3 5] counter_reset_hint:reset', true],
    ['a hint against the counts', 'count:1 counter_reset_hint:not_reset', false],
    ['custom buckets', 'schema:-53 count:20 custom_values:[1] buckets:[20]', true],
  ])('%s', (_, after, expected) => {
    expect(hasReset(before, of(after))).toBe(expected);
  });

  it.each([
    ['schema:-53 count:6 custom_values:[1 3] buckets:[1 3 2]', false],
    ['schema:-53 count:6 custom_values:[1 3] buckets:[0 4 2]', true],
    ['schema:-53 count:6 custom_values:[1 3] buckets:[1 5 0]', true],
    ['schema:-53 count:6 custom_values:[7] buckets:[6]', false],
  ])('other custom bounds: %s', (after, expected) => {
    const previous = of('schema:-53 count:5 custom_values:[1 2 3] buckets:[1 2 1 1]');
    expect(hasReset(previous, of(after))).toBe(expected);
  });
});

describe('estimates', () => {
  it('quantiles rise, and stay within the outermost buckets', () => {
    const quantiles = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1];
    fc.assert(
      fc.property(
        observations.filter(({ length }) => length > 0),
        resolution,
        (values, { schema, zeroThreshold }) => {
          const histogram = observed(values, schema, zeroThreshold);
          const found = quantiles.map((q) => nativeQuantile(q, histogram).value);
          const growth = 2 ** (2 ** -schema) * (1 + 1e-9);
          const reach = Math.max(zeroThreshold, ...values.map(Math.abs)) * growth;
          for (const [i, value] of found.entries()) {
            expect(Math.abs(value)).toBeLessThanOrEqual(reach);
            if (i > 0) expect(value).toBeGreaterThanOrEqual(found[i - 1]! - 1e-9);
          }
        },
      ),
    );
  });

  it('the share below a quantile is the quantile', () => {
    fc.assert(
      fc.property(
        observations.filter(({ length }) => length > 0),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (values, q) => {
          const histogram = observed(values, 2, 0);
          const { value } = nativeQuantile(q, histogram);
          const share = nativeFraction(Number.NEGATIVE_INFINITY, value, histogram).value;
          // A zero bucket without width holds all its observations at one value, empty buckets none at any.
          const atZero = histogram.zeroCount / values.length;
          expect(share).toBeGreaterThanOrEqual(q - atZero - 1e-9);
          expect(share).toBeLessThanOrEqual(q + atZero + 1e-9);
        },
      ),
    );
  });

  it.each([
    [0.5, 'count:2 sum:3 buckets:[0 2]', Math.SQRT2],
    [0.5, 'count:2 sum:3 n_buckets:[0 2]', -Math.SQRT2],
    [0.25, 'count:4 sum:3 z_bucket:4 z_bucket_w:2', -1],
    [0.75, 'count:4 sum:3 z_bucket:2 z_bucket_w:0.5 buckets:[2]', Math.SQRT1_2],
    [0.25, 'schema:-53 count:4 sum:3 custom_values:[10] buckets:[4 0]', 2.5],
    [0.9, 'schema:-53 count:4 sum:3 custom_values:[10] buckets:[2 2]', 10],
    [0.1, 'schema:-53 count:4 sum:3 custom_values:[-10] buckets:[2 2]', -10],
    [-1, 'count:2 buckets:[2]', Number.NEGATIVE_INFINITY],
  ])('quantile %d of %s', (q, fields, expected) => {
    expect(nativeQuantile(q, of(fields)).value).toBeCloseTo(expected, 12);
  });

  it('nothing has no quantile', () => {
    expect(nativeQuantile(0.5, of('sum:1')).value).toBeNaN();
    expect(nativeFraction(0, 1, of('sum:1')).value).toBeNaN();
  });

  it('observations that are NaN push a quantile up, or are the quantile', () => {
    const histogram = of('count:4 sum:NaN buckets:[0 2]');
    expect(nativeQuantile(0.25, histogram)).toEqual({ value: Math.SQRT2, nanObservations: 'skew' });
    expect(nativeQuantile(0.9, histogram)).toEqual({ value: Number.NaN, nanObservations: 'result' });
    expect(nativeFraction(1, 2, histogram)).toEqual({ value: 0.5, hasNaN: true });
  });

  it('variance takes the middles of the buckets', () => {
    expect(nativeVariance(of('schema:-53 count:2 sum:4 custom_values:[2 4] buckets:[0 1 1]'))).toBe(
      Number.POSITIVE_INFINITY,
    );
    expect(nativeVariance(of('schema:-53 count:2 sum:6 custom_values:[2 4 6] buckets:[0 1 1]'))).toBe(2);
    expect(nativeVariance(of('count:2 sum:0 z_bucket:2 z_bucket_w:1'))).toBe(0);
  });
});

describe('trimming', () => {
  it('cuts at a bound exactly', () => {
    const histogram = of('count:7 sum:20 buckets:[1 2 4]');
    expect(compact(trim(histogram, 2, 'below'))).toMatchObject({ count: 3 });
    expect(trim(histogram, 2, 'above')).toMatchObject({ count: 4, sum: 4 * Math.sqrt(8) });
    expect(trim(histogram, 4, 'below')).toBe(histogram);
  });

  it('what is below and what is above make up the whole', () => {
    fc.assert(
      fc.property(
        observations,
        resolution,
        fc.double({ min: -30, max: 30, noNaN: true }),
        (values, { schema, zeroThreshold }, at) => {
          const histogram = observed(values, schema, zeroThreshold);
          const parts = trim(histogram, at, 'below').count + trim(histogram, at, 'above').count;
          expect(parts).toBeCloseTo(histogram.count, 9);
        },
      ),
    );
  });

  it('leaves buckets without an end as they are known', () => {
    const histogram = of('schema:-53 count:6 sum:20 custom_values:[4 8] buckets:[2 2 2]');
    expect(trim(histogram, 2, 'below')).toMatchObject({ count: 1, sum: 1 });
    expect(trim(histogram, 10, 'above')).toMatchObject({ count: 2, sum: 20 });
    expect(trim(histogram, 10, 'below')).toMatchObject({ count: 4, sum: 16 });
  });
});

describe('multiples and text', () => {
  it('a division by zero leaves no buckets', () => {
    expect(divide(of('count:1 sum:0 buckets:[1]'), 0)).toMatchObject({ count: Infinity, sum: Number.NaN });
    expect(divide(of('count:1 sum:0 buckets:[1]'), 0).positive.indexes).toHaveLength(0);
  });

  it('a negative factor makes a gauge', () => {
    expect(multiply(of('count:2 buckets:[2]'), -1)).toMatchObject({ count: -2, resetHint: 'gauge' });
  });

  it('names the filled buckets in order', () => {
    const histogram = of('count:6 sum:2.5 z_bucket:1 z_bucket_w:0.5 buckets:[1 0 2] n_buckets:[2]');
    expect(formatHistogram(histogram)).toBe(
      '{count:6, sum:2.5, [-1,-0.5):2, [-0.5,0.5]:1, (0.5,1]:1, (2,4]:2}',
    );
    expect(formatHistogram(of('schema:-53 count:1 sum:1 custom_values:[5] buckets:[1]'))).toBe(
      '{count:1, sum:1, [-Inf,5]:1}',
    );
  });

  it('bounds of powers of two are exact at every schema', () => {
    for (let schema = -4; schema <= 8; schema++) {
      const indexOf = (power: number) => power * 2 ** schema;
      for (const power of [-16, 0, 16, 512]) {
        expect(upperBound(indexOf(power), { schema, customBounds: undefined })).toBe(2 ** power);
      }
      expect(upperBound(indexOf(1024), { schema, customBounds: undefined })).toBe(Number.MAX_VALUE);
    }
    const custom = { schema: customBucketsSchema, customBounds: Float64Array.of(1, 5) };
    expect([-1, 0, 1, 2].map((index) => upperBound(index, custom))).toEqual([-Infinity, 1, 5, Infinity]);
  });
});
