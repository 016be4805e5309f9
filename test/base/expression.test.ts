import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExpression } from '../../src/base/expression/parse.ts';
import { ExpressionError, type ExpressionValue } from '../../src/base/expression/value.ts';

function evaluate(text: string, result: ExpressionValue): ExpressionValue {
  const parsed = parseExpression(text, { values: ['result'] });
  if (!parsed.ok) throw new Error(`${parsed.message} at ${parsed.offset}`);
  return parsed.evaluate({ result });
}

describe('an expression', () => {
  it.each<[string, ExpressionValue, ExpressionValue]>([
    ['result[0] >= 0.95', [0.97], true],
    ['len(result) == 0 || result[0] < 1', [], true],
    ['result[-1]', [1, 2], 2],
    ['all(result, # < 0.1)', [0.05, 0.09], true],
    ['any(result, {# > 1})', [0.5, 2], true],
    ['none(result, # > 1) and count(result, # == 0) == 2', [0, 0], true],
    ['sum(map(filter(result, # > 1), # * 2))', [1, 2, 3], 10],
    ['1 + 2 * 3 ** 2 - 4 / 2', null, 17],
    ['2 ** 3 ** 2', null, 512],
    ['-2 + 3', null, 1],
    ['!(result > 1) ? "low" : "high"', 1, 'low'],
    ['not false == true', null, true],
    ['result in [1, 2]', 2, true],
    ['result not in [1, 2]', 2, false],
    ['result == nil', null, true],
    ['result ?? 5', null, 5],
    ['"a" + "b" == "ab"', null, true],
    ['max(result) - min(result) < 1_000', [1, 4], true],
    // A value that is no number is below and above nothing.
    ['result < 1 || result >= 1', Number.NaN, false],
  ])('%s of %j is %j', (text, result, expected) => {
    expect(evaluate(text, result)).toEqual(expected);
  });

  it.each<[string, ExpressionValue, string]>([
    ['result[0] > 1', [], 'there is no element 0 in a list of 0'],
    ['result[0] > 1', 3, '[ ] needs a list and has a number'],
    ['result > 1', [3], 'a list > a number cannot be compared'],
    ['result + 1', 'x', '+ needs a number and has a text'],
    ['len(result)', 3, 'len needs a list and has a number'],
    ['max(result)', [], 'an empty list has no least or greatest value'],
  ])('%s of %j has no value', (text, result, message) => {
    expect(() => evaluate(text, result)).toThrow(new ExpressionError(message));
  });

  it.each([
    ['results > 1', 'results is not known; there is result', 0],
    ['len(result, 1)', 'len takes 1 value', 0],
    ['# > 1', '# is not expected here', 0],
    ['all(result # > 1)', 'a , is missing', 11],
    ['result[0 > 1', 'a ] is missing', 12],
    ['result >', 'it ends too early', 8],
    ['result > )', ') is not expected here', 9],
    [`${'('.repeat(200)}1`, 'nested too deep', 100],
  ])('%s is refused', (text, message, offset) => {
    expect(parseExpression(text, { values: ['result'] })).toEqual({ ok: false, message, offset });
  });

  it('is read or refused, and evaluated or not, but never anything else', () => {
    const words = [
      'result',
      '[',
      ']',
      '0',
      '#',
      'all',
      '(',
      ')',
      ',',
      '==',
      '>',
      '!',
      'and',
      '+',
      '"x"',
      '?',
      ':',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 14 }), (parts) => {
        const text = parts.join(' ');
        const parsed = parseExpression(text, { values: ['result'] });
        if (!parsed.ok) {
          expect(parsed.offset).toBeLessThanOrEqual(text.length);
          return;
        }
        try {
          parsed.evaluate({ result: [1] });
        } catch (error) {
          expect(error).toBeInstanceOf(ExpressionError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
