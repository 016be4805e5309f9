// FD317: two sides that are aggregated by different labels find no partners: series match when all the labels that
// are compared are equal, and a label that one side has and the other has not never is.

import { type Binary, type Expr, typeOf } from '../../../promql/ast.ts';
import { childrenOf } from '../../../promql/walk.ts';
import { type Lint, type Problem, placeOfExpr } from '../finding.ts';
import { type ResultLabels, resultLabels } from '../result-labels.ts';

export const lossyJoin: Lint = {
  code: 'FD317',
  check(rule) {
    return joinsOf(rule.expr).flatMap((join): Problem[] => {
      const message = lossOf(join);
      return message === undefined ? [] : [{ severity: 'warning', message, at: placeOfExpr(rule, join) }];
    });
  },
};

function joinsOf(expr: Expr): Binary[] {
  const inner = childrenOf(expr).flatMap(joinsOf);
  const isJoin =
    expr.kind === 'binary' &&
    expr.operator !== 'or' &&
    typeOf(expr.left) === 'vector' &&
    typeOf(expr.right) === 'vector';
  return isJoin ? [expr, ...inner] : inner;
}

function lossOf({ left, right, operator, matching }: Binary): string | undefined {
  const sides = { left: resultLabels(left), right: resultLabels(right) };
  const keys = { left: keysOf(sides.left, matching), right: keysOf(sides.right, matching) };
  if (matching.on) {
    const missing = matching.labels.filter(
      (name) => (keys.left && !keys.left.includes(name)) !== (keys.right && !keys.right.includes(name)),
    );
    const name = missing.find((one) => lacks(keys.left, one) !== lacks(keys.right, one));
    if (name === undefined) return undefined;
    const side = lacks(keys.left, name) ? 'left' : 'right';
    return `on(${matching.labels.join(', ')}): the ${side} side of ${operator} has no label ${name}, so nothing that has one finds a partner`;
  }
  if (!keys.left || !keys.right) return undefined;
  const extra = (own: readonly string[], other: readonly string[]) =>
    own.find((name) => !other.includes(name));
  const onLeft = extra(keys.left, keys.right);
  const onRight = extra(keys.right, keys.left);
  if (onLeft === undefined && onRight === undefined) return undefined;
  const has = onLeft === undefined ? 'right' : 'left';
  const lacking = has === 'left' ? 'right' : 'left';
  return `the ${has} side of ${operator} has the label ${onLeft ?? onRight} and the ${lacking} side has not: series with it find no partner`;
}

/** The labels that are compared on this side; undefined when it may have any. */
function keysOf(
  labels: ResultLabels,
  { on, labels: named }: Binary['matching'],
): readonly string[] | undefined {
  if (labels.kind === 'any') return undefined;
  return [...labels.names].filter((name) => named.includes(name) === on);
}

function lacks(keys: readonly string[] | undefined, name: string): boolean {
  return keys !== undefined && !keys.includes(name);
}
