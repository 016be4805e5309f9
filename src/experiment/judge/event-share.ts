// An objective on a share of events: a ratio of two counters, or a percentile of a histogram, which asks for the share
// under its threshold. Such an objective can be counted over any stretch of time: its ranges are replaced by the length
// of the stretch, and what it divides by says how many events there were.
//
//     sum(rate(errors_total[1m])) / sum(rate(requests_total[1m])) < 0.01     99 % of requests good
//     histogram_quantile(0.95, sum by (le) (rate(x_bucket[1m]))) < 0.3       95 % of observations up to 0.3

import { metricName } from '../../base/labels.ts';
import { createMatcher, type Matcher } from '../../base/matcher.ts';
import { type Binary, type Call, type Expr, type NumberLiteral, unwrapParens } from '../../promql/ast.ts';
import { parseExpr } from '../../promql/parser.ts';
import { childrenOf, selectorsOf, type TopComparison } from '../../promql/walk.ts';
import { sliCountsOver, sliOver } from '../../slo/sli-over.ts';
import type { SloSpec } from '../model.ts';

export interface EventShare {
  /** What the objective says of it, for sentences. */
  readonly what: 'ratio' | 'percentile';
  /** The least share of good events, in (0, 1). */
  readonly target: number;
  /** How far back its expression looks: for so long it remembers. Undefined where the length is chosen by us. */
  readonly rangeMs: number | undefined;
  /** The measured value over a window; over its own range it is the objective's left side. */
  value(windowMs: number): Expr;
  /** The good share that belongs to a value, and the other way round. */
  goodShareOf(value: number): number;
  valueOf(goodShare: number): number;
  /** How many events the window held, with the labels of `value`; of several forms the first that has series counts. */
  events(windowMs: number): readonly Expr[];
}

/** With fewer, one bad event would be more than a tenth of what the target allows. */
export function eventsNeeded(target: number): number {
  // Ten digits: 1 - 0.95 is not 0.05.
  return Math.ceil(Number((10 / (1 - target)).toPrecision(10)));
}

/** Undefined for an objective on anything else, such as a level. */
export function shareOf(comparison: TopComparison, slo?: SloSpec): EventShare | undefined {
  if (slo) return shareOfSlo(slo);
  const { left, operator, threshold } = comparison;
  if (threshold === undefined || (operator[0] !== '<' && operator[0] !== '>')) return undefined;
  const isBelow = operator[0] === '<';
  return percentileOf(unwrapParens(left), threshold, isBelow) ?? ratioOf(left, threshold, isBelow);
}

function shareOfSlo({ sli, target, sampleMs }: SloSpec): EventShare | undefined {
  const options = { stepMs: sampleMs };
  // One sample more: what a counter gained is counted from the last sample before the window.
  const over = (windowMs: number) => Math.round(windowMs) + sampleMs;
  if (sli.type !== 'ratio' || sliCountsOver(sli, sampleMs, options).total === undefined) return undefined;
  if (!isShare(target.ratio)) return undefined;
  return {
    what: 'ratio',
    target: target.ratio,
    rangeMs: undefined,
    value: (windowMs) => parsed(sliOver(sli, over(windowMs), options)),
    goodShareOf: (value) => value,
    valueOf: (goodShare) => goodShare,
    events: (windowMs) => {
      const { total, factor } = sliCountsOver(sli, over(windowMs), options);
      return [parsed(`(${total}) * ${factor}`)];
    },
  };
}

function parsed(text: string): Expr {
  const result = parseExpr(text);
  if (!result.ok) throw new Error(`an SLI that does not parse: ${result.error.message}`);
  return result.expr;
}

/** `histogram_quantile(q, x) < threshold`: at least q of all observations are up to the threshold. */
function percentileOf(left: Expr, threshold: number, isBelow: boolean): EventShare | undefined {
  if (left.kind !== 'call' || left.name !== 'histogram_quantile') return undefined;
  const [quantile, histogram] = left.args.map(unwrapParens);
  if (quantile?.kind !== 'number' || !histogram || !isShare(quantile.value)) return undefined;
  if (!countsOnly(histogram, /./)) return undefined;
  const target = isBelow ? quantile.value : 1 - quantile.value;
  const { start, end } = left;
  const call = (name: string, args: readonly Expr[]): Call => ({ ...left, name, args });
  const numbers = [number(Number.NEGATIVE_INFINITY, left), number(threshold, left)];
  const everything = createMatcher('le', '=', '+Inf');
  return {
    what: 'percentile',
    target,
    rangeMs: rangeOf(histogram),
    value: (windowMs) => call('histogram_fraction', [...numbers, overWindow(histogram, windowMs)]),
    goodShareOf: (value) => (isBelow ? value : 1 - value),
    valueOf: (goodShare) => (isBelow ? goodShare : 1 - goodShare),
    events: (windowMs) => {
      const observations = overWindow(histogram, windowMs);
      return [
        // Of classic histograms the last bucket holds all; `le` is taken off, as the quantile does.
        {
          ...{ kind: 'aggregate', operator: 'sum', start, end, parameter: undefined },
          ...{ grouping: ['le'], without: true, expr: withMatcher(observations, everything) },
        },
        call('histogram_count', [observations]),
      ];
    },
  };
}

/** `a / b`, also as a percentage or taken off 1: the value is offset + scale * a / b. */
interface Quotient {
  readonly division: Binary;
  readonly offset: number;
  readonly scale: number;
}

function ratioOf(left: Expr, threshold: number, isBelow: boolean): EventShare | undefined {
  const quotient = quotientIn(left);
  if (!quotient) return undefined;
  const { division, offset, scale } = quotient;
  const limit = (threshold - offset) / scale;
  if (!isShare(limit)) return undefined;
  // Below the limit is good: what it counts above the line is bad.
  const countsBad = isBelow === scale > 0;
  return {
    what: 'ratio',
    target: countsBad ? 1 - limit : limit,
    rangeMs: rangeOf(left),
    value: (windowMs) => overWindow(left, windowMs),
    goodShareOf: (value) => {
      const share = (value - offset) / scale;
      return countsBad ? 1 - share : share;
    },
    valueOf: (goodShare) => offset + scale * (countsBad ? 1 - goodShare : goodShare),
    events: (windowMs) => {
      // 0 * a + b finds the partners that a / b finds, and carries the same labels.
      const nothing: Binary = {
        ...division,
        ...{ operator: '*', left: number(0, division), right: division.left, matching: plain },
      };
      return [overWindow({ ...division, operator: '+', left: nothing }, windowMs)];
    },
  };
}

const plain: Binary['matching'] = {
  card: 'one-to-one',
  on: false,
  labels: [],
  include: [],
  fillLeft: undefined,
  fillRight: undefined,
};

function quotientIn(expr: Expr): Quotient | undefined {
  const top = unwrapParens(expr);
  if (top.kind !== 'binary') return undefined;
  const [left, right] = [unwrapParens(top.left), unwrapParens(top.right)];
  if (top.operator === '/' && selectorsOf(right).length > 0) {
    const isCounted = countsOnly(top.left, eventCounter) && countsOnly(top.right, eventCounter);
    // `100 * a / b` is (100 * a) / b.
    return isCounted ? { division: top, offset: 0, scale: factorOf(left) } : undefined;
  }
  const number = left.kind === 'number' ? left : right.kind === 'number' ? right : undefined;
  if (!number) return undefined;
  const inner = quotientIn(number === left ? right : left);
  if (!inner) return undefined;
  const { division, offset, scale } = inner;
  if (top.operator === '*') return { division, offset: offset * number.value, scale: scale * number.value };
  if (top.operator === '-' && number === left)
    return { division, offset: number.value - offset, scale: -scale };
  return undefined;
}

function factorOf(expr: Expr): number {
  if (expr.kind !== 'binary' || expr.operator !== '*') return 1;
  const number = [expr.left, expr.right].map(unwrapParens).find((side) => side.kind === 'number');
  return number?.kind === 'number' ? number.value : 1;
}

/** By naming convention; a counter of bytes or seconds counts no events. */
const eventCounter = /^(?!.*_(bytes|seconds)_total$).*_(total|count|bucket)$/;

/** Whether all that it reads is what counters of events gained in ranges. */
function countsOnly(expr: Expr, name: RegExp): boolean {
  const top = unwrapParens(expr);
  if (top.kind === 'call' && gains.test(top.name)) {
    const range = unwrapParens(top.args[0]!);
    if (range.kind !== 'matrixSelector') return false;
    const { matchers, at, offsetMs, offsetExpr } = range.selector;
    const own = matchers.find((matcher) => matcher.name === metricName)?.value ?? '';
    return name.test(own) && at === undefined && offsetMs === 0 && offsetExpr === undefined;
  }
  if (top.kind === 'vectorSelector' || top.kind === 'matrixSelector' || top.kind === 'subquery') return false;
  if (top.kind === 'aggregate' && top.operator !== 'sum') return false;
  return childrenOf(top).every((child) => countsOnly(child, name));
}

const gains = /^(rate|irate|increase)$/;

/** The expression with what its counters gained in the window in the place of their rates. */
function overWindow(expr: Expr, windowMs: number): Expr {
  return mapped(expr, (call) => {
    const range = unwrapParens(call.args[0]!);
    if (range.kind !== 'matrixSelector') return call;
    const wide: Expr = { ...range, rangeMs: Math.max(1, Math.round(windowMs)), rangeExpr: undefined };
    return { ...call, name: 'increase', args: [wide] };
  });
}

function withMatcher(expr: Expr, matcher: Matcher): Expr {
  return mapped(expr, (call) => {
    const range = unwrapParens(call.args[0]!);
    if (range.kind !== 'matrixSelector') return call;
    const { selector } = range;
    const matchers = [...selector.matchers.filter(({ name }) => name !== matcher.name), matcher];
    return { ...call, args: [{ ...range, selector: { ...selector, matchers } }] };
  });
}

/** With every rate or increase in it replaced. */
function mapped(expr: Expr, replace: (call: Call) => Expr): Expr {
  const inner = (child: Expr) => mapped(child, replace);
  switch (expr.kind) {
    case 'call':
      return gains.test(expr.name) ? replace(expr) : { ...expr, args: expr.args.map(inner) };
    case 'binary':
      return { ...expr, left: inner(expr.left), right: inner(expr.right) };
    case 'aggregate':
    case 'unary':
    case 'paren':
      return { ...expr, expr: inner(expr.expr) };
    default:
      return expr;
  }
}

/** The longest of its ranges. */
function rangeOf(expr: Expr): number {
  return Math.max(0, ...selectorsOf(expr).map(({ rangeMs }) => rangeMs));
}

function isShare(value: number): boolean {
  return value > 0 && value < 1;
}

function number(value: number, { start, end }: Expr): NumberLiteral {
  return { kind: 'number', value, duration: false, start, end };
}
