// Whether a quotient is a share: its numerator counts a part of what its denominator counts.

import type { Matcher } from '../../base/matcher.ts';
import {
  type Aggregate,
  type Expr,
  isComparison,
  typeOf,
  unwrapParens,
  type VectorSelector,
} from '../../promql/ast.ts';

/** `likely`: unless values are negative, which gauges may be. */
type Certainty = 'proven' | 'likely' | undefined;

const ofCounters = new Set(['rate', 'increase', 'irate']);

export function isShareOf(part: Expr, whole: Expr): Certainty {
  const [a, b] = [unwrapParens(part), unwrapParens(whole)];
  if (a.kind === 'aggregate' && b.kind === 'aggregate') return aggregates(a, b);
  if (a.kind === 'call' && b.kind === 'call') {
    if (a.name !== b.name || !ofCounters.has(a.name)) return undefined;
    return isShareOf(a.args[0]!, b.args[0]!) && 'proven';
  }
  if (a.kind === 'matrixSelector' && b.kind === 'matrixSelector')
    return a.rangeMs === b.rangeMs && !a.rangeExpr && !b.rangeExpr
      ? isShareOf(a.selector, b.selector)
      : undefined;
  if (a.kind === 'vectorSelector' && b.kind === 'vectorSelector') return selectors(a, b);
  return undefined;
}

function aggregates(part: Aggregate, whole: Aggregate): Certainty {
  if (part.operator !== whole.operator || !groupsWithin(part, whole)) return undefined;
  if (part.operator === 'sum') return isShareOf(part.expr, whole.expr);
  if (part.operator !== 'count') return undefined;
  const counted = unwrapParens(part.expr);
  const isFilter = counted.kind === 'binary' && isComparison(counted.operator) && !counted.bool;
  const inner = isFilter && typeOf(counted.right) === 'scalar' ? counted.left : counted;
  return isShareOf(inner, whole.expr) && 'proven';
}

/** Each group of the part lies in one group of the whole. */
function groupsWithin(part: Aggregate, whole: Aggregate): boolean {
  if (part.without !== whole.without) return false;
  if (part.without) return sameNames(part.grouping, whole.grouping);
  return whole.grouping.every((name) => part.grouping.includes(name));
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}

function selectors(part: VectorSelector, whole: VectorSelector): Certainty {
  if (!sameMetric(part.name, whole.name) || part.offsetMs !== whole.offsetMs || part.at !== whole.at)
    return undefined;
  if (part.offsetExpr || whole.offsetExpr) return undefined;
  const asked = (matchers: readonly Matcher[]) => matchers.filter(({ name }) => name !== '__name__');
  const isPart = asked(whole.matchers).every((matcher) =>
    part.matchers.some(
      (own) => own.name === matcher.name && own.operator === matcher.operator && own.value === matcher.value,
    ),
  );
  if (!isPart) return undefined;
  return /_(?:total|count|bucket)$/.test(part.name) ? 'proven' : 'likely';
}

/** The buckets of a histogram are parts of its count. */
function sameMetric(part: string, whole: string): boolean {
  if (part === '' || whole === '') return false;
  return part === whole || part.replace(/_bucket$/, '_count') === whole;
}
