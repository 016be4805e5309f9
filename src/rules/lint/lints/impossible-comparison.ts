// FD310: a comparison that no value can make true. A burn rate times an error budget of 1 or more is the classic:
// no share of errors is above 1.44. The other way round, a share that is below 99 is one always.

import { type Expr, isComparison, typeOf, unwrapParens } from '../../../promql/ast.ts';
import { formatValue } from '../../../promql/format.ts';
import { childrenOf } from '../../../promql/walk.ts';
import type { Rule } from '../../model.ts';
import { type Bounds, boundsOf, type Recorded } from '../bounds.ts';
import { type DeadComparison, deadParts } from '../dead-parts.ts';
import { type Lint, type Problem, placeOfExpr } from '../finding.ts';
import { recordedBy } from '../recorded.ts';

export const impossibleComparison: Lint = {
  code: 'FD310',
  check(rule, _group, { files }) {
    const recorded = recordedBy(files);
    const parts = deadParts(rule.expr, recorded);
    const isMute = rule.kind === 'alerting' && parts.dead;
    return [
      ...parts.comparisons.map((part): Problem => {
        const ends = isMute ? ': the alert can never fire' : '';
        return {
          severity: isMute && parts.proven ? 'error' : 'warning',
          message: `${sideText(part)}${ends}`,
          at: placeOfExpr(rule, part.expr),
          hint: hintOf(part),
        };
      }),
      ...alwaysTrue(rule, rule.expr, recorded),
    ];
  },
};

function sideText({ expr, left, right }: DeadComparison): string {
  return `never true: the left side is ${boundsText(left)}, the right side is ${boundsText(right)}, with ${expr.operator} between them`;
}

/** Without the noise of binary fractions. */
function numberText(value: number): string {
  return formatValue(Number(value.toPrecision(12)));
}

function boundsText({ min, max }: Bounds): string {
  if (min === max) return numberText(min);
  if (min === Number.NEGATIVE_INFINITY) return `at most ${numberText(max)}`;
  if (max === Number.POSITIVE_INFINITY) return `at least ${numberText(min)}`;
  return `between ${numberText(min)} and ${numberText(max)}`;
}

function hintOf({ expr, left, right }: DeadComparison): string {
  const threshold = unwrapParens(expr.right);
  if (left.max === 1 && threshold.kind === 'binary' && threshold.operator === '*')
    return 'the burn rate times the error budget must stay below 1: lower the factor or raise the objective';
  if (left.max === 1 && right.min === right.max && right.max > 1 && right.max <= 100)
    return `the left side is a ratio, not a percentage: compare with ${numberText(right.max / 100)}, or multiply it by 100`;
  if (!left.proven) return "the left side's name says that it is a share; rename it when it is not one";
  return 'compare with a value that can be reached';
}

/** A share held against a percentage with `<`; not inside `or`, `and` or `unless`, where it may be a mere filter. */
function alwaysTrue(rule: Rule, expr: Expr, recorded: Recorded): Problem[] {
  const inner = unwrapParens(expr);
  if (inner.kind !== 'binary') return childrenOf(inner).flatMap((child) => alwaysTrue(rule, child, recorded));
  if (!isComparison(inner.operator) || inner.bool || typeOf(inner.right) !== 'scalar') return [];
  const [left, right] = [boundsOf(inner.left, recorded), boundsOf(inner.right, recorded)];
  const isMixedUp = inner.operator.startsWith('<') && left.min === 0 && left.max === 1 && right.min > 1;
  if (!isMixedUp) return [];
  const message = `always true: the left side is ${boundsText(left)}, the right side is ${boundsText(right)}`;
  const hint = `the left side is a ratio, not a percentage: compare with ${numberText(right.min / 100)}, or multiply it by 100`;
  return [{ severity: 'warning', message, at: placeOfExpr(rule, inner), hint }];
}
