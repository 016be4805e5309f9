import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantileOf } from '../../src/promql/quantile.ts';

/** The definition: sort, NaN first, and interpolate between the two nearest ranks. */
function slowQuantile(q: number, values: readonly number[]): number {
  const key = (value: number) => (Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value);
  const isNaNs = (value: number) => Number(!Number.isNaN(value));
  const sorted = values.toSorted((a, b) => isNaNs(a) - isNaNs(b) || (key(a) < key(b) ? -1 : 1));
  const rank = q * (values.length - 1);
  const lower = Math.floor(rank);
  const upper = Math.min(values.length - 1, lower + 1);
  return sorted[lower]! * (1 - (rank - lower)) + sorted[upper]! * (rank - lower);
}

describe('quantile of a set', () => {
  const value = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.double(), fc.constant(Number.NaN));

  it('is what sorting would give, for sets of any size, with NaN, infinities and equals', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1 }),
        fc.array(value, { minLength: 1, maxLength: 300 }),
        (q, set) => {
          const expected = slowQuantile(q, set);
          expect(quantileOf(q, Float64Array.from(set), set.length)).toSatisfy(
            // Zeros of either sign are equal.
            (found: number) => Object.is(found, expected) || found === expected,
          );
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('looks at the first values only', () => {
    expect(quantileOf(1, Float64Array.of(3, 1, 2, 99), 3)).toBe(3);
  });

  it('takes no longer for values that are as badly ordered as can be', () => {
    // Organ pipes lead a median of three to bad pivots again and again.
    const count = 200_000;
    const pipes = Float64Array.from({ length: count }, (_, i) => Math.min(i, count - i));
    expect(quantileOf(0.5, pipes, count)).toBe(count / 4);
  });
});
