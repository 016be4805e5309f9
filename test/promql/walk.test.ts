import { describe, expect, it } from 'vitest';
import type { Expr } from '../../src/promql/ast.ts';
import { parseExpr } from '../../src/promql/parser.ts';
import { printExpr } from '../../src/promql/printer.ts';
import { asBool, longestReachMs, selectorsOf, topComparison } from '../../src/promql/walk.ts';

function parse(text: string): Expr {
  const parsed = parseExpr(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.expr;
}

const minute = 60_000;

describe('selectorsOf', () => {
  it('adds the ranges and offsets of subqueries', () => {
    const uses = selectorsOf(parse('max_over_time(rate(a{x="1"}[5m] offset 1m)[1h:] offset 2m) > b'));
    expect(uses.map(({ selector, rangeMs, offsetMs }) => [selector.name, rangeMs, offsetMs])).toEqual([
      ['a', 65 * minute, 3 * minute],
      ['b', 0, 0],
    ]);
    expect(uses[0]!.matchers.map(({ name }) => name)).toEqual(['x', '__name__']);
  });

  it('knows which series are meant to be missing', () => {
    const uses = selectorsOf(parse('absent(a) or absent_over_time(b[5m]) or c'));
    expect(uses.map(({ onlyInAbsent }) => onlyInAbsent)).toEqual([true, true, false]);
  });

  it('looks into parameters and arguments', () => {
    const uses = selectorsOf(parse('topk(scalar(k), quantile_over_time(scalar(q), m[1m]))'));
    expect(uses.map(({ selector }) => selector.name)).toEqual(['k', 'q', 'm']);
  });
});

describe('longestReachMs', () => {
  it.each([
    ['up', 5 * minute],
    ['up offset 10m', 15 * minute],
    ['up offset -1h', 0],
    ['rate(a[30m])', 30 * minute],
    ['rate(a[1m]) / b', 5 * minute],
    ['max_over_time(rate(a[5m])[1h:1m] offset 10m)', 75 * minute],
    ['a[1d] @ 0', 0],
    ['1', 0],
  ])('%s', (text, expected) => {
    expect(longestReachMs(parse(text))).toBe(expected);
  });

  it('takes another look-back', () => {
    expect(longestReachMs(parse('up'), minute)).toBe(minute);
  });
});

describe('topComparison', () => {
  it.each([
    ['a < 5', 'a', '<', 5],
    ['((a >= bool -2))', 'a', '>=', -2],
    ['5 < a', 'a', '>', 5],
    ['a / b == 1 / 4', 'a / b', '==', 0.25],
    ['a > b', 'a', '>', undefined],
    ['100e6 >= (a)', '(a)', '<=', 100e6],
  ])('%s', (text, left, operator, threshold) => {
    const comparison = topComparison(parse(text));
    expect(comparison && printExpr(comparison.left)).toBe(left);
    expect(comparison?.operator).toBe(operator);
    expect(comparison?.threshold).toBe(threshold);
  });

  it.each(['a', 'a and b', 'sum(a > 1)', '1'])('%s is none', (text) => {
    expect(topComparison(parse(text))).toBeUndefined();
  });
});

describe('asBool', () => {
  it.each([
    ['a < 5', 'a < bool 5'],
    ['(a < 5)', '(a < bool 5)'],
    ['a < bool 5', 'a < bool 5'],
    ['a + 5', 'a + 5'],
  ])('%s', (text, expected) => {
    expect(printExpr(asBool(parse(text)))).toBe(expected);
  });
});
