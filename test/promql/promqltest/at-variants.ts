// An expression whose selectors are all fixed to one time by `@` yields the same whenever it is evaluated. Test scripts
// imply these evaluations beside the ones they spell out.

import type { Expr } from '../../../src/promql/ast.ts';
import { timeDependentFunctions } from '../../../src/promql/plan.ts';
import { childrenOf } from '../../../src/promql/walk.ts';

/** The expression with `@ atMs` on every selector and outermost subquery that has none. */
export function fixedAt(expr: Expr, atMs: number): Expr {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return expr;
    case 'vectorSelector':
      return isUnset(expr.at) ? { ...expr, at: atMs } : expr;
    case 'matrixSelector':
      return { ...expr, selector: fixedAt(expr.selector, atMs) as typeof expr.selector };
    case 'subquery':
      // Its own time fixes what is inside, unless it had none.
      if (typeof expr.at === 'number') return expr;
      return isUnset(expr.at) ? { ...expr, at: atMs } : expr;
    case 'call':
      return { ...expr, args: expr.args.map((arg) => fixedAt(arg, atMs)) };
    case 'aggregate': {
      const parameter = expr.parameter && fixedAt(expr.parameter, atMs);
      return { ...expr, expr: fixedAt(expr.expr, atMs), parameter };
    }
    case 'binary':
      return { ...expr, left: fixedAt(expr.left, atMs), right: fixedAt(expr.right, atMs) };
    case 'unary':
    case 'paren':
      return { ...expr, expr: fixedAt(expr.expr, atMs) };
  }
}

function isUnset(at: unknown): boolean {
  return typeof at !== 'number';
}

/** Whether the result depends on the evaluation time beyond what `@` can fix; it fixes all that is in a subquery. */
export function dependsOnTime(expr: Expr): boolean {
  if (expr.kind === 'subquery') return false;
  if (expr.kind === 'call' && timeDependentFunctions.has(expr.name)) return true;
  return childrenOf(expr).some(dependsOnTime);
}

/** Other times at which the fixed expression is evaluated. */
export function otherTimes(atMs: number): number[] {
  if (atMs === 0) return [-1000, 0, 1000];
  return [-10 * atMs, 0, Math.trunc(atMs / 5), atMs, 10 * atMs];
}
