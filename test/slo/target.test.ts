import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { targetOf } from '../../src/slo/target.ts';

describe('a target', () => {
  it.each([
    ['99.9', 'percent', { ratio: 0.999, percent: 99.9, errorBudget: 0.001 }],
    ['0.999', 'ratio', { ratio: 0.999, percent: 99.9, errorBudget: 0.001 }],
    ['99.99999', 'percent', { ratio: 0.9999999, percent: 99.99999, errorBudget: 1e-7 }],
    ['100', 'percent', { ratio: 1, percent: 100, errorBudget: 0 }],
    ['0', 'ratio', { ratio: 0, percent: 0, errorBudget: 1 }],
    ['.5', 'ratio', { ratio: 0.5, percent: 50, errorBudget: 0.5 }],
    ['5e-1', 'ratio', { ratio: 0.5, percent: 50, errorBudget: 0.5 }],
  ] as const)('of %s as %s is exact', (text, unit, expected) => {
    expect(targetOf(text, unit)).toEqual({ text, unit, ...expected });
  });

  it.each(['', '.', '-1', 'NaN', '0x1', '1,5', 'e5'])('%j is none', (text) => {
    expect(targetOf(text, 'ratio')).toBeUndefined();
  });

  it('has a budget that is the nearest double to its complement, in either unit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), (millionths) => {
        const digits = String(millionths).padStart(7, '0');
        const percent = targetOf(`${Number(digits.slice(0, 3))}.${digits.slice(3)}`, 'percent');
        const ratio = targetOf(`${digits[0]}.${digits.slice(1)}`, 'ratio');
        const budget = Number(`${1_000_000 - millionths}e-6`);
        expect(percent?.errorBudget).toBe(budget);
        expect(ratio?.errorBudget).toBe(budget);
        expect(percent?.ratio).toBe(ratio?.ratio);
      }),
    );
  });
});
