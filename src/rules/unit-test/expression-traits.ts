// What can be known of an expression without running it, on the safe side: whether it can fail, whether it yields
// anything from the series that there are, and whether a range query gives what instant queries at each step would.

import { metricName } from '../../base/labels.ts';
import type { Matcher } from '../../base/matcher.ts';
import {
  type Aggregate,
  type Binary,
  type Expr,
  isSetOperator,
  typeOf,
  unwrapParens,
} from '../../promql/ast.ts';
import { childrenOf } from '../../promql/walk.ts';

/** Depend on the query's own times, or look at series that no selector names. */
const notAsRange: ReadonlySet<string> = new Set(['start', 'end', 'range', 'step', 'info']);

/**
 * Whether the expression sees nothing of what lies after its time and nothing of the query's own times: then its values
 * at many times can be had at once, also from series that reach further.
 */
export function isSteady(expr: Expr): boolean {
  switch (expr.kind) {
    case 'vectorSelector':
      if (expr.offsetMs < 0 || expr.offsetExpr || expr.at !== undefined || expr.extended) return false;
      break;
    case 'matrixSelector':
      if (expr.rangeExpr) return false;
      break;
    case 'subquery':
      if (expr.offsetMs < 0 || expr.offsetExpr || expr.at !== undefined) return false;
      if (expr.rangeExpr || expr.stepExpr) return false;
      break;
    case 'call':
      if (notAsRange.has(expr.name)) return false;
  }
  return childrenOf(expr).every(isSteady);
}

/** Whether series that match may be there. */
export type MayBeThere = (matchers: readonly Matcher[]) => boolean;

/** Yield something from nothing. */
const sources: ReadonlySet<string> = new Set([
  'absent',
  'absent_over_time',
  'scalar',
  'time',
  'vector',
  'pi',
]);

/** Whether the expression may yield a sample. */
export function mayYield(expr: Expr, isThere: MayBeThere): boolean {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return true;
    case 'vectorSelector':
      return isThere(expr.matchers);
    case 'call':
      if (sources.has(expr.name) || expr.args.length === 0) return true;
      // Parameters are scalars: what yields is the vector among them.
      return expr.args.filter((arg) => isVector(arg)).every((arg) => mayYield(arg, isThere));
    case 'aggregate':
      return mayYield(expr.expr, isThere);
    case 'binary':
      return binaryMayYield(expr, isThere);
    default:
      return childrenOf(expr).every((child) => mayYield(child, isThere));
  }
}

function isVector(expr: Expr): boolean {
  const type = typeOf(expr);
  return type === 'vector' || type === 'matrix';
}

function binaryMayYield({ operator, left, right, matching }: Binary, isThere: MayBeThere): boolean {
  const [fromLeft, fromRight] = [mayYield(left, isThere), mayYield(right, isThere)];
  if (operator === 'or') return fromLeft || fromRight;
  if (operator === 'unless') return fromLeft;
  const fills = matching.fillLeft !== undefined || matching.fillRight !== undefined;
  return fills ? fromLeft || fromRight : fromLeft && fromRight;
}

/** May find a label twice, or be given a parameter that is out of range. */
const mayRefuse: ReadonlySet<string> = new Set([
  'double_exponential_smoothing',
  'histogram_quantiles',
  'holt_winters',
  'info',
  'label_join',
  'label_replace',
]);

const picking: ReadonlySet<string> = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio']);

/** Whether evaluating it may end in an error, given what may be there. */
export function mayFail(expr: Expr, isThere: MayBeThere): boolean {
  const { itself, refuses } = dangersOf(expr);
  return itself && (refuses || mayFailOn(expr, isThere));
}

interface Dangers {
  /** On some data an operator or function in it fails. */
  readonly itself: boolean;
  /** It may fail also where there is no data. */
  readonly refuses: boolean;
}

const dangers = new WeakMap<Expr, Dangers>();

/** Known once for all tests. */
function dangersOf(expr: Expr): Dangers {
  let known = dangers.get(expr);
  if (!known) {
    const children = childrenOf(expr).map(dangersOf);
    known = {
      itself: mayFailItself(expr) || children.some(({ itself }) => itself),
      refuses: mayRefuseItself(expr) || children.some(({ refuses }) => refuses),
    };
    dangers.set(expr, known);
  }
  return known;
}

function mayFailOn(expr: Expr, isThere: MayBeThere): boolean {
  const isIdle = isVector(expr) && !mayYield(expr, isThere) && !touchesData(expr, isThere);
  return (!isIdle && mayFailItself(expr)) || childrenOf(expr).some((child) => mayFailOn(child, isThere));
}

function mayRefuseItself(expr: Expr): boolean {
  if (expr.kind === 'call') return mayRefuse.has(expr.name);
  if (expr.kind !== 'aggregate') return false;
  if (expr.operator === 'count_values') return true;
  return picking.has(expr.operator) && expr.parameter?.kind !== 'number';
}

function mayFailItself(expr: Expr): boolean {
  switch (expr.kind) {
    case 'vectorSelector':
      return expr.extended !== undefined || expr.offsetExpr !== undefined;
    case 'matrixSelector':
      return expr.rangeExpr !== undefined;
    case 'subquery':
      return Boolean(expr.rangeExpr ?? expr.stepExpr ?? expr.offsetExpr) || !hasUniqueLabels(expr.expr);
    case 'call':
      return mayRefuseItself(expr) || !expr.args.every((arg) => !isVector(arg) || hasUniqueLabels(arg));
    case 'aggregate':
      return mayRefuseItself(expr);
    case 'unary':
      return !hasUniqueLabels(expr.expr);
    case 'binary':
      return binaryMayFail(expr);
    default:
      return false;
  }
}

/** Whether any selector in it may find something; an operator without a partner can still meet a label set twice. */
function touchesData(expr: Expr, isThere: MayBeThere): boolean {
  if (expr.kind === 'vectorSelector') return isThere(expr.matchers);
  return childrenOf(expr).some((child) => touchesData(child, isThere));
}

function binaryMayFail(expr: Binary): boolean {
  const { operator, left, right, matching } = expr;
  if (isSetOperator(operator)) return false;
  if (isVector(left) !== isVector(right)) return !hasUniqueLabels(isVector(left) ? left : right);
  if (!isVector(left)) return false;
  if (matching.card !== 'one-to-one' || matching.fillLeft !== undefined || matching.fillRight !== undefined)
    return true;
  return ![left, right].every((side) => isUniqueBy(side, expr));
}

/** Whether no two series of one side can meet in one match group. */
function isUniqueBy(side: Expr, { matching: { on, labels } }: Binary): boolean {
  const inner = unwrapParens(side);
  if (!on && labels.length === 0) return hasUniqueLabels(inner);
  if (inner.kind !== 'aggregate' || inner.without || !isReducing(inner)) return false;
  return inner.grouping.every((label) => labels.includes(label) === on);
}

function isReducing({ operator }: Aggregate): boolean {
  return !picking.has(operator) && operator !== 'count_values';
}

/** Whether the series that it yields differ in more than their names. */
export function hasUniqueLabels(expr: Expr): boolean {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return true;
    case 'vectorSelector':
      return expr.matchers.some(({ name, operator }) => name === metricName && operator === '=');
    case 'aggregate':
      return isReducing(expr) || (expr.operator !== 'count_values' && hasUniqueLabels(expr.expr));
    case 'call':
      return !mayRefuse.has(expr.name) && expr.args.every((arg) => !isVector(arg) || hasUniqueLabels(arg));
    case 'binary':
      return binaryIsUnique(expr);
    default:
      return childrenOf(expr).every(hasUniqueLabels);
  }
}

function binaryIsUnique({ operator, left, right, matching }: Binary): boolean {
  if (operator === 'or') return false;
  if (operator === 'and' || operator === 'unless') return hasUniqueLabels(left);
  if (isVector(left) !== isVector(right)) return hasUniqueLabels(isVector(left) ? left : right);
  return (
    matching.card === 'one-to-one' && !matching.on && matching.labels.length === 0 && hasUniqueLabels(left)
  );
}

/** Whether setting a label on its results could make two of them one. */
export function mayCollapse(expr: Expr, label: string, isInData: (label: string) => boolean): boolean {
  const inner = unwrapParens(expr);
  if (inner.kind === 'aggregate' && !inner.without && isReducing(inner))
    return inner.grouping.includes(label);
  if (inner.kind === 'binary' && !isSetOperator(inner.operator) && !isVector(inner.right))
    return mayCollapse(inner.left, label, isInData);
  return isInData(label);
}
