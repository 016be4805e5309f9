// Selectors that stand alone, such as `hits_total{code="500"}`: what Pyrra's rules are made of. They are written into rules with other
// names, ranges and matchers.

import { createMatcher, type Matcher } from '../base/matcher.ts';
import type { Expr, VectorSelector } from '../promql/ast.ts';
import { parseExpr } from '../promql/parser.ts';
import { printExpr } from '../promql/printer.ts';
import type { Query } from './objective.ts';
import { withPaddedWindow } from './sli-over.ts';

export interface BareSelector {
  readonly name: string;
  /** Without the one of the name. */
  readonly matchers: readonly Matcher[];
}

const nameLabel = '__name__';

/** Of an expression that is one; else what it is instead, in words. */
export function bareSelectorOf(expr: Expr): BareSelector | { readonly instead: string } {
  if (expr.kind !== 'vectorSelector') return { instead: `is ${wordsOf(expr)}` };
  if (expr.name === '') return { instead: 'does not begin with the name of its metric' };
  if (expr.offsetMs !== 0 || expr.offsetExpr || expr.at !== undefined || expr.extended)
    return { instead: 'has a modifier, such as `offset`' };
  return { name: expr.name, matchers: expr.matchers.filter(({ name }) => name !== nameLabel) };
}

/** Of a text that a reader has let pass. */
export function parseBareSelector(promql: string): BareSelector {
  const parsed = parseExpr(promql);
  const selector = parsed.ok ? bareSelectorOf(parsed.expr) : undefined;
  if (!selector || 'instead' in selector) throw new Error(`a reader let ${promql} pass as a selector`);
  return selector;
}

/** The counter behind `x_total`, `sum(x_total)` and `sum(rate(x_total[{{.window}}]))`; undefined when there is more to the query. */
export function countedBy({ promql, form }: Query): BareSelector | undefined {
  const parsed = parseExpr(withPaddedWindow(promql));
  if (!parsed.ok || form === 'value') return undefined;
  const summed = inside(parsed.expr);
  if (
    summed.kind !== 'aggregate' ||
    summed.operator !== 'sum' ||
    summed.grouping.length > 0 ||
    summed.without
  )
    return form === 'counter' ? selectorOrNothing(summed) : undefined;
  const counted = inside(summed.expr);
  if (form === 'counter') return selectorOrNothing(counted);
  if (counted.kind !== 'call' || !['rate', 'increase'].includes(counted.name)) return undefined;
  const [range] = counted.args;
  return range?.kind === 'matrixSelector' ? selectorOrNothing(range.selector) : undefined;
}

function inside(expr: Expr): Expr {
  return expr.kind === 'paren' ? inside(expr.expr) : expr;
}

function selectorOrNothing(expr: Expr): BareSelector | undefined {
  const selector = bareSelectorOf(expr);
  return 'instead' in selector ? undefined : selector;
}

/** The bucket that it selects, by its first matcher of `le`, as Pyrra takes it. */
export function leOf({ matchers }: BareSelector): string | undefined {
  return matchers.find(({ name }) => name === 'le')?.value;
}

/** In Prometheus's normal form, with a range where one is given. */
export function selectorText({ name, matchers }: BareSelector, rangeMs?: number): string {
  const place = { start: 0, end: 0 };
  const selector: VectorSelector = {
    ...place,
    kind: 'vectorSelector',
    name,
    matchers: [...matchers, createMatcher(nameLabel, '=', name)],
    offsetMs: 0,
    offsetExpr: undefined,
    at: undefined,
  };
  return printExpr(
    rangeMs === undefined
      ? selector
      : { ...place, kind: 'matrixSelector', selector, rangeMs, rangeExpr: undefined },
  );
}

function wordsOf(expr: Expr): string {
  switch (expr.kind) {
    case 'aggregate':
      return `an aggregation by ${expr.operator}`;
    case 'call':
      return `a call of ${expr.name}`;
    case 'binary':
      return `an operation with ${expr.operator}`;
    case 'matrixSelector':
      return 'a selector with a range';
    default:
      return 'more than a selector';
  }
}
