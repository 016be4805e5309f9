import { describe, expect, it } from 'vitest';
import { evaluateK6Threshold, readK6Threshold } from '../../../../src/slo/gate/k6/threshold.ts';

function evaluate(text: string, values: readonly number[]) {
  const read = readK6Threshold(text);
  if (!read.ok) throw new Error(read.message);
  return evaluateK6Threshold(read.threshold, values);
}

describe('a threshold of k6', () => {
  const values = [10, 30, 20, 40, 0];
  it.each([
    ['avg < 21', true, 20],
    ['min===0', true, 0],
    ['max >= 40', true, 40],
    ['med < 20', false, 20],
    ['p(90) < 36.1', true, 36],
    ['p(99.9)<=40', true, 39.96],
    ['count == 5', true, 5],
    ['rate > .79', true, 0.8],
    ['value != 0', false, 0],
  ])('%s', (text, met, value) => {
    const result = evaluate(text, values);
    expect(result).toMatchObject({ met, count: 5 });
    expect('value' in result && result.value).toBeCloseTo(value, 10);
  });

  it('that saw nothing, or no number, is neither met nor missed', () => {
    expect(evaluate('avg < 1', [])).toEqual({ missing: 'no value in this time' });
    expect(evaluate('avg < 1', [0, Number.NaN])).toEqual({ missing: 'a value is not a number' });
  });

  it.each([
    ['p95 < 300', 'no aggregate: avg, count, max, med, min, rate, value or p(N)', 0],
    ['p(101) < 300', 'p(101) is above 100', 6],
    ['avg = 3', 'no operator <, <=, >, >=, ==, === or !=', 3],
    ['avg < 300ms', 'no number at its end', 5],
  ])('%s is refused with its place', (text, message, offset) => {
    expect(readK6Threshold(text)).toEqual({ ok: false, message, offset });
  });
});
