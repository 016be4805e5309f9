import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPromqlError } from '../../src/promql/errors.ts';
import { type Features, noFeatures } from '../../src/promql/features.ts';
import { parseExpr, parseMatchers } from '../../src/promql/parser.ts';
import { printExpr } from '../../src/promql/printer.ts';
import { allFeatures } from './all-features.ts';
import { plainTree } from './plain-tree.ts';

function problem(text: string, features: Features = allFeatures): string {
  const parsed = parseExpr(text, { features });
  return parsed.ok ? 'no error' : `${parsed.error.code} ${formatPromqlError(text, parsed.error)}`;
}

describe('errors and their places', () => {
  it.each([
    // Syntax.
    ['', 'FD201 1:1: parse error: no expression found in input'],
    ['up(', 'FD201 1:4: parse error: unclosed left parenthesis'],
    ['(up))', "FD201 1:6: parse error: unexpected right parenthesis ')'"],
    ['up +', 'FD201 1:5: parse error: unexpected end of input'],
    ['up + * 2', 'FD201 1:6: parse error: unexpected <op:*>'],
    ['up up', 'FD201 1:4: parse error: unexpected identifier "up"'],
    ['up{job', 'FD201 1:7: parse error: unexpected end of input inside braces'],
    ['up{job}', 'FD201 1:7: parse error: unexpected "}" in label matching, expected label matching operator'],
    ['up{job=a}', 'FD201 1:8: parse error: unexpected identifier "a" in label matching, expected string'],
    ['up{job=~"("}', 'FD201 1:4: parse error: error parsing regexp: missing closing ): `(`'],
    ['up{job="a"', 'FD201 1:11: parse error: unexpected end of input inside braces'],
    ['"open', 'FD201 1:1: parse error: unterminated quoted string'],
    ['"\\q"', "FD201 1:1: parse error: unknown escape sequence U+0071 'q'"],
    ['up[5m', 'FD201 1:6: parse error: unclosed left bracket'],
    ['up[5x]', 'FD201 1:4: parse error: bad number or duration syntax: "5"'],
    ['up[1m5h]', 'FD201 1:4: parse error: not a valid duration string: "1m5h"'],
    ['up[0s]', 'FD201 1:4: parse error: duration must be greater than 0'],
    [
      'up offset',
      'FD201 1:10: parse error: unexpected end of input in offset, expected number, duration, step(), or range()',
    ],
    ['up offset 1m offset 2m', 'FD201 1:1: parse error: offset may not be set multiple times'],
    ['up @ later', 'FD201 1:6: parse error: unexpected identifier "later" in @, expected timestamp'],
    ['rate(up)[5m]', 'FD201 1:9: parse error: ranges only allowed for vector selectors'],
    ['sum by job (up)', 'FD201 1:8: parse error: unexpected identifier "job" in grouping opts, expected "("'],
    ['sum(up job)', 'FD201 1:8: parse error: unexpected identifier "job" in aggregation'],
    ['sum()', 'FD201 1:1: parse error: no arguments for aggregate expression provided'],
    ['rat(up[5m])', 'FD201 1:1: parse error: unknown function with name "rat"'],
    ['abs(up,)', 'FD201 1:7: parse error: trailing commas not allowed in function call args'],
    [
      '1e400',
      'FD201 1:1: parse error: error parsing number: strconv.ParseFloat: parsing "1e400": value out of range',
    ],
    // Types.
    [
      'rate(up)',
      'FD202 1:6: parse error: expected type range vector in call to function "rate", got instant vector',
    ],
    ['abs(up, 1)', 'FD202 1:1: parse error: expected 1 argument(s) in call to "abs", got 2'],
    [
      'sum(up[5m])',
      'FD202 1:5: parse error: expected type instant vector in aggregation expression, got range vector',
    ],
    ['1 == 1', 'FD202 1:3: parse error: comparisons between scalars must use BOOL modifier'],
    ['up and 1', 'FD202 1:1: parse error: set operator "and" not allowed in binary scalar expression'],
    ['up + bool up', 'FD202 1:4: parse error: bool modifier can only be used on comparison operators'],
    ['{job=""}', 'FD202 1:1: parse error: vector selector must contain at least one non-empty matcher'],
    ['up{__name__="down"}', 'FD202 1:1: parse error: metric name must not be set twice: "up" or "down"'],
    ['info(up, up)', 'FD202 1:10: parse error: expected label selectors only, got vector selector instead'],
    ['up[5m:] smoothed', 'FD201 1:1: parse error: smoothed modifier is not supported for subqueries'],
    [
      'up anchored smoothed',
      'FD201 1:1: parse error: anchored and smoothed modifiers cannot be used together',
    ],
  ])('%s', (text, expected) => {
    expect(problem(text)).toBe(expected);
  });

  it('counts lines from one and columns in bytes', () => {
    expect(problem('sum(\n  {"müll"} ++\n  "x")')).toMatch(/^FD202 2:14: /);
    expect(problem('{"ü"} + * 1')).toMatch(/^FD201 1:10: /);
  });

  it('gives offsets in characters, for excerpts', () => {
    const parsed = parseExpr('{"ü"} + * 1');
    expect(parsed).toMatchObject({ ok: false, error: { start: 8, end: 9 } });
  });

  it('refuses what nests too deep instead of overflowing', () => {
    expect(problem(`${'('.repeat(5000)}1${')'.repeat(5000)}`)).toMatch(/^FD203 .* nests deeper than/);
    expect(problem(`${'-'.repeat(5000)}up`)).toMatch(/^FD203 /);
    expect(problem(`up${'+up'.repeat(5000)}`)).toMatch(/^FD203 /);
    expect(problem(`up${'[1m:]'.repeat(5000)}`)).toMatch(/^FD203 /);
    expect(problem(`up${'+up'.repeat(900)}`)).toBe('no error');
  });
});

describe('features that are off', () => {
  it.each([
    [
      'limitk(1, up)',
      '1:1: parse error: limitk() is experimental and must be enabled with --enable-feature=promql-experimental-functions',
    ],
    ['1 + mad_over_time(up[5m])', '1:5: parse error: function "mad_over_time" is not enabled'],
    ['start_timestamp(up)', '1:1: parse error: function "start_timestamp" is not enabled'],
    ['rate(up[5m] anchored)', '1:6: parse error: anchored modifier is experimental and not enabled'],
    ['up smoothed', '1:1: parse error: smoothed modifier is experimental and not enabled'],
    ['1 + a + fill(0) b', '1:1: parse error: binop fill modifiers are experimental and not enabled'],
    ['up[5m + 1m]', '1:4: parse error: experimental duration expression is not enabled'],
    ['up[(5m)]', '1:5: parse error: experimental duration expression is not enabled'],
    ['up offset step()', '1:11: parse error: experimental duration expression is not enabled'],
    ['up[max_of(5m, 1m):]', '1:4: parse error: experimental duration expression is not enabled'],
  ])('%s', (text, expected) => {
    expect(problem(text, noFeatures)).toBe(`FD201 ${expected}`);
    expect(problem(text)).toBe('no error');
  });

  it('are each named like the flag', () => {
    const features = new Set(['promql-duration-expr' as const]);
    expect(problem('up[5m + 1m]', features)).toBe('no error');
    expect(problem('up smoothed', features)).toMatch(/^FD201 /);
  });
});

describe('normal form', () => {
  it.each([
    ['SUM(up) BY (job)', 'sum by (job) (up)'],
    ['sum without() (up)', 'sum without () (up)'],
    ['up{job="a",env!~"b.*"}', 'up{env!~"b.*",job="a"}'],
    ['{__name__=\'up\', "a.b"=`c`}', '{"a.b"="c",__name__="up"}'],
    ['{"up","my label"="x"}', '{"my label"="x",__name__="up"}'],
    ['rate(x[90s] offset 1h30m)', 'rate(x[1m30s] offset 1h30m)'],
    ['x offset -5m @ 1.5', 'x @ 1.500 offset -5m'],
    ['x[1h:] @ end()', 'x[1h:] @ end()'],
    ['a - on() group_left(x) c', 'a - on () group_left (x) c'],
    ['a > bool 1e3', 'a > bool 1000'],
    ['a*ignoring()b', 'a * b'],
    ['-2^2', '-2 ^ 2'],
    ['a + fill_right(0) b', 'a + fill_right (0) b'],
    ['x[5m+step()]', 'x[5m + step()]'],
    ['x[5m] offset 1m anchored @ 3', 'x[5m] anchored @ 3.000 offset 1m'],
    ['x smoothed offset 1m', 'x smoothed offset 1m'],
    ['a</2', 'a </ 2'],
    ['count_values("v", x)', 'count_values("v", x)'],
    ['label_replace(x, "a", "\\xff\\n", "b", "c")', 'label_replace(x, "a", "\\xff\\n", "b", "c")'],
  ])('%s', (text, expected) => {
    const parsed = parseExpr(text, { features: allFeatures });
    expect(parsed.ok && printExpr(parsed.expr)).toBe(expected);
    const again = parseExpr(expected, { features: allFeatures });
    expect(again.ok && parsed.ok && plainTree(again.expr)).toEqual(parsed.ok && plainTree(parsed.expr));
  });

  it.each([
    ['1 + 2 * 3 ^ 2 ^ 2', '(1 + (2 * (3 ^ (2 ^ 2))))'],
    ['a or b and c unless d', '(a or ((b and c) unless d))'],
    ['-a ^ 2 * b', '((-(a ^ 2)) * b)'],
    ['a == b + c % d', '(a == (b + (c % d)))'],
    ['2 ^ -a[1h:5m] * 3', undefined],
    ['a atan2 b + c', '((a atan2 b) + c)'],
  ])('%s binds as it should', (text, expected) => {
    const parsed = parseExpr(text);
    const shown = parsed.ok ? JSON.stringify(plainTree(parsed.expr)) : undefined;
    const spelled = expected === undefined ? undefined : parseExpr(expected);
    const stripped = spelled?.ok ? JSON.stringify(withoutParens(plainTree(spelled.expr))) : undefined;
    expect(shown).toBe(stripped);
  });
});

function withoutParens(tree: unknown): unknown {
  if (typeof tree !== 'object' || tree === null) return tree;
  if (Array.isArray(tree)) return tree.map(withoutParens);
  const node = tree as Record<string, unknown>;
  if (node.kind === 'paren') return withoutParens(node.expr);
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, withoutParens(value)]));
}

describe('parseMatchers', () => {
  it('takes a selector apart', () => {
    const parsed = parseMatchers('up{job=~"a|b"}');
    const shown = parsed.ok && parsed.matchers.map(({ name, operator, value }) => [name, operator, value]);
    expect(shown).toEqual([
      ['job', '=~', 'a|b'],
      ['__name__', '=', 'up'],
    ]);
  });

  it.each(['sum(up)', 'up[5m]', 'up offset 1m', 'up @ 1'])('refuses %s', (text) => {
    expect(parseMatchers(text).ok).toBe(false);
  });
});

it('answers any text with an expression or an error inside it', () => {
  const words = [
    'up',
    'sum',
    'by',
    'rate',
    '(',
    ')',
    '{',
    '}',
    '[',
    ']',
    '5m',
    ':',
    '1',
    '"a"',
    '=',
    '=~',
    ',',
  ];
  const more = [
    'offset',
    '@',
    '-',
    '+',
    'and',
    'on',
    'bool',
    'group_left',
    ' ',
    '\n',
    'ü',
    '#',
    '`',
    '\\',
    'step()',
  ];
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.array(fc.constantFrom(...words, ...more)).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(text, (input) => {
      const parsed = parseExpr(input, { features: allFeatures });
      if (parsed.ok) {
        const printed = printExpr(parsed.expr);
        const again = parseExpr(printed, { features: allFeatures });
        expect(again.ok && printExpr(again.expr)).toBe(printed);
        return;
      }
      const { start, end } = parsed.error;
      expect(start).toBeGreaterThanOrEqual(0);
      expect(start).toBeLessThanOrEqual(input.length);
      expect(end).toBeLessThanOrEqual(input.length);
    }),
    { numRuns: 2000 },
  );
});
