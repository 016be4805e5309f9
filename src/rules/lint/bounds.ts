// Between which values the results of an expression lie, by interval arithmetic. What is not known is unbounded, so
// that whoever says "never" from it is right.

import {
  type Aggregate,
  type Binary,
  type Call,
  type Expr,
  isComparison,
  typeOf,
  unwrapParens,
} from '../../promql/ast.ts';
import { isShareOf } from './share.ts';

export interface Bounds {
  readonly min: number;
  readonly max: number;
  /** False where a metric's name alone says so. */
  readonly proven: boolean;
}

/** The expressions that record a metric in the rules that are loaded together, and what is known of it already. */
export interface Recorded {
  definitions(metric: string): readonly Expr[];
  readonly bounds: Map<string, Bounds>;
}

const unknown: Bounds = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY, proven: true };
const notNegative: Bounds = { min: 0, max: Number.POSITIVE_INFINITY, proven: true };
const share: Bounds = { min: 0, max: 1, proven: true };

const between = (min: number, max: number, proven = true): Bounds => ({ min, max, proven });

/** Deeper nesting, also through recording rules that read each other, is not followed. */
const depthMax = 500;

export function boundsOf(expr: Expr, recorded: Recorded, depth = 0): Bounds {
  if (depth > depthMax) return unknown;
  const of = (inner: Expr): Bounds => boundsOf(inner, recorded, depth + 1);
  switch (expr.kind) {
    case 'number':
      return between(expr.value, expr.value);
    case 'string':
      return unknown;
    case 'vectorSelector':
      return ofMetric(expr.name, recorded, depth);
    case 'matrixSelector':
      return of(expr.selector);
    case 'subquery':
    case 'paren':
      return of(expr.expr);
    case 'unary': {
      const inner = of(expr.expr);
      return expr.operator === '-' ? between(-inner.max, -inner.min, inner.proven) : inner;
    }
    case 'call':
      return ofCall(expr, of);
    case 'aggregate':
      return ofAggregate(expr, of);
    case 'binary':
      return ofBinary(expr, of);
  }
}

/** Names that say of themselves that they are shares of failures or successes. */
const shareName = /:ratio_rate\d+[smhdwy]$|(?:error|failure|success|availability)s?_ratio$/;

function ofMetric(name: string, recorded: Recorded, depth: number): Bounds {
  const known = recorded.bounds.get(name);
  if (known) return known;
  // Whoever reads itself, by whatever way, says nothing.
  recorded.bounds.set(name, unknown);
  const definitions = recorded.definitions(name).map((expr) => boundsOf(expr, recorded, depth + 1));
  const all = definitions.reduce<Bounds | undefined>((sum, one) => (sum ? union(sum, one) : one), undefined);
  const says = all && (all.min > unknown.min || all.max < unknown.max);
  const bounds = says ? all : byName(name);
  recorded.bounds.set(name, bounds);
  return bounds;
}

function byName(name: string): Bounds {
  if (name === 'up' || name === 'probe_success') return share;
  if (shareName.test(name)) return { ...share, proven: false };
  if (/_(?:total|count|bucket)$/.test(name)) return { ...notNegative, proven: false };
  return unknown;
}

const sameAsArgument = new Set([
  'avg_over_time',
  'min_over_time',
  'max_over_time',
  'last_over_time',
  'first_over_time',
]);
for (const name of ['label_replace', 'label_join', 'sort', 'sort_desc', 'vector', 'scalar'])
  sameAsArgument.add(name);
const neverNegative = new Set([
  'rate',
  'increase',
  'irate',
  'resets',
  'changes',
  'abs',
  'exp',
  'sqrt',
  'time',
]);
for (const name of ['timestamp', 'stddev_over_time', 'stdvar_over_time']) neverNegative.add(name);
const fixed: Readonly<Record<string, Bounds>> = {
  absent: between(1, 1),
  absent_over_time: between(1, 1),
  present_over_time: between(1, 1),
  count_over_time: between(1, Number.POSITIVE_INFINITY),
  histogram_fraction: share,
  minute: between(0, 59),
  hour: between(0, 23),
  day_of_week: between(0, 6),
  day_of_month: between(1, 31),
  day_of_year: between(1, 366),
  days_in_month: between(28, 31),
  month: between(1, 12),
};

function ofCall({ name, args }: Call, of: (expr: Expr) => Bounds): Bounds {
  const known = fixed[name];
  if (known) return known;
  if (neverNegative.has(name)) return notNegative;
  const [first, second, third] = args;
  if (!first) return unknown;
  if (sameAsArgument.has(name)) return of(first);
  if (name === 'sum_over_time')
    return of(first).min >= 0 ? { ...notNegative, proven: of(first).proven } : unknown;
  if (name === 'quantile_over_time' && second && isShare(of(first))) return of(second);
  if (name === 'clamp_max' && second) return atMost(of(first), of(second).max);
  if (name === 'clamp_min' && second) return atLeast(of(first), of(second).min);
  if (name === 'clamp' && second && third) return atLeast(atMost(of(first), of(third).max), of(second).min);
  return unknown;
}

const sameAsOperand = new Set(['avg', 'min', 'max', 'topk', 'bottomk', 'limitk', 'limit_ratio']);

function ofAggregate({ operator, expr, parameter }: Aggregate, of: (expr: Expr) => Bounds): Bounds {
  if (sameAsOperand.has(operator)) return of(expr);
  if (operator === 'quantile' && parameter && isShare(of(parameter))) return of(expr);
  if (operator === 'group') return between(1, 1);
  if (operator === 'count' || operator === 'count_values') return between(1, Number.POSITIVE_INFINITY);
  if (operator === 'stddev' || operator === 'stdvar') return notNegative;
  const inner = of(expr);
  return operator === 'sum' && inner.min >= 0
    ? between(inner.min, Number.POSITIVE_INFINITY, inner.proven)
    : unknown;
}

function ofBinary(expr: Binary, of: (expr: Expr) => Bounds): Bounds {
  const { operator, bool } = expr;
  const [left, right] = [of(expr.left), of(expr.right)];
  if (operator === 'or') return union(left, right);
  if (operator === 'and' || operator === 'unless') return left;
  if (isComparison(operator)) {
    if (bool) return share;
    if (typeOf(expr.left) === 'scalar') return right;
    return narrowed(left, operator, right);
  }
  const proven = left.proven && right.proven;
  switch (operator) {
    case '+':
      return sane(left.min + right.min, left.max + right.max, proven);
    case '-':
      return sane(left.min - right.max, left.max - right.min, proven);
    case '*':
      return product(left, right);
    case '/':
      return quotient(expr, left, right);
    default:
      return unknown;
  }
}

function quotient(expr: Binary, left: Bounds, right: Bounds): Bounds {
  const found = isShareOf(unwrapParens(expr.left), unwrapParens(expr.right));
  if (found) return { ...share, proven: found === 'proven' };
  const proven = left.proven && right.proven;
  if (right.min === right.max && right.min !== 0)
    return product(left, between(1 / right.min, 1 / right.min, right.proven));
  return left.min >= 0 && right.min >= 0 ? { ...notNegative, proven } : unknown;
}

function product(a: Bounds, b: Bounds): Bounds {
  const times = (x: number, y: number): number => (x === 0 || y === 0 ? 0 : x * y);
  const corners = [times(a.min, b.min), times(a.min, b.max), times(a.max, b.min), times(a.max, b.max)];
  return sane(Math.min(...corners), Math.max(...corners), a.proven && b.proven);
}

/** Infinities that cancel out say nothing. */
function sane(min: number, max: number, proven: boolean): Bounds {
  return between(
    Number.isNaN(min) ? Number.NEGATIVE_INFINITY : min,
    Number.isNaN(max) ? Number.POSITIVE_INFINITY : max,
    proven,
  );
}

/** What a filter lets through. */
function narrowed(left: Bounds, operator: string, right: Bounds): Bounds {
  if (operator === '>' || operator === '>=') return atLeast(left, right.min);
  if (operator === '<' || operator === '<=') return atMost(left, right.max);
  if (operator === '==') return atLeast(atMost(left, right.max), right.min);
  return left;
}

const atMost = (bounds: Bounds, max: number): Bounds =>
  between(Math.min(bounds.min, max), Math.min(bounds.max, max), bounds.proven);
const atLeast = (bounds: Bounds, min: number): Bounds =>
  between(Math.max(bounds.min, min), Math.max(bounds.max, min), bounds.proven);
const union = (a: Bounds, b: Bounds): Bounds =>
  between(Math.min(a.min, b.min), Math.max(a.max, b.max), a.proven && b.proven);
const isShare = ({ min, max }: Bounds): boolean => min >= 0 && max <= 1;
