// Rules that no made-up history can speak for: those that read a trend, an age, an earlier time or an absence over longer
// than there are real data.

import { type Expr, isComparison, unwrapParens } from '../../promql/ast.ts';
import { childrenOf, topComparison } from '../../promql/walk.ts';
import { lookBacksOf } from './windows.ts';

export interface Need {
  /** `its trend over 1h`, to stand in a sentence. */
  readonly what: string;
  readonly lengthMs: number;
}

const trendTakers: ReadonlySet<string> = new Set([
  'deriv',
  'predict_linear',
  'delta',
  'idelta',
  'holt_winters',
  'double_exponential_smoothing',
]);

/** Everything of that kind in an expression, with how long real data it takes. */
export function realDataNeeds(expr: Expr): Need[] {
  const looks = lookBacksOf(expr).flatMap(({ selector, rangeMs, taker, reachMs }): Need[] => [
    ...(trendTakers.has(taker) ? [{ what: 'a trend', lengthMs: reachMs }] : []),
    ...(taker === 'absent_over_time' ? [{ what: 'an absence', lengthMs: reachMs }] : []),
    ...(selector.offsetMs > 0 ? [{ what: 'an earlier time', lengthMs: selector.offsetMs + rangeMs }] : []),
  ]);
  return [...looks, ...agesIn(expr)];
}

/** `time() - x > 86400`: true only of what is older than that. */
function agesIn(expr: Expr): Need[] {
  const node = unwrapParens(expr);
  if (node.kind === 'binary' && isComparison(node.operator)) {
    const comparison = topComparison(node);
    const { threshold } = comparison ?? {};
    if (comparison && threshold !== undefined && threshold > 0 && isAge(comparison.left))
      return [{ what: 'an age', lengthMs: threshold * 1000 }];
  }
  return childrenOf(node).flatMap(agesIn);
}

function isAge(expr: Expr): boolean {
  const node = unwrapParens(expr);
  if (node.kind === 'aggregate') return isAge(node.expr);
  if (node.kind !== 'binary' || node.operator !== '-') return false;
  const now = unwrapParens(node.left);
  return now.kind === 'call' && now.name === 'time';
}
