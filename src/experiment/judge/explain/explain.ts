// An expression that was false, or returned nothing, taken apart: which selector was empty, which comparison stayed
// false and by how much, which side of an `and` or `unless` took the rest away, which labels found no partner. The
// sentence names the part to repair first; the evidence lists every part that was looked at.

import { humanDuration } from '../../../base/duration.ts';
import {
  type Binary,
  type Call,
  type Expr,
  isComparison,
  typeOf,
  unwrapParens,
} from '../../../promql/ast.ts';
import { childrenOf, topComparison } from '../../../promql/walk.ts';
import { smallest } from '../extremes.ts';
import { explainDifference, explainThreshold, rangeWords } from './comparison.ts';
import { explainMeeting } from './join.ts';
import { type Explanation, type FalseExpr, isEmpty, plain, quoted, seriesOf, wasTrue } from './part.ts';
import { explainSelector } from './selector.ts';

/** `expr` is known to have been false, or without result, at every step of the window. */
export function explainFalse(expr: Expr, about: FalseExpr): Explanation {
  const top = unwrapParens(expr);
  if (top.kind !== 'binary') return explainEmpty(top, about);
  switch (top.operator) {
    case 'and':
      return explainAnd(top, about);
    case 'or': {
      const sides = [top.left, top.right].map((side) => explainFalse(side, about));
      const sentence = sides.map((side) => side.sentence).join(', and ');
      return { sentence, evidence: sides.flatMap((side) => side.evidence) };
    }
    case 'unless':
      return explainUnless(top, about);
    default:
      return isComparison(top.operator) ? explainComparison(top, about) : explainEmpty(top, about);
  }
}

/** `a and b and c` is one list of conditions to its author. */
function explainAnd(expr: Binary, about: FalseExpr): Explanation {
  const sides = conjuncts(expr);
  const failed = sides.filter((side) => isEmpty(side, about));
  if (failed.length === 0) return explainMeeting(innermostEmpty(expr, about), about);
  const reasons = failed.map((side) => explainFalse(side, about));
  return {
    sentence: reasons.map((reason) => reason.sentence).join(', and '),
    evidence: [
      ...reasons.flatMap((reason) => reason.evidence),
      ...sides.filter((side) => !failed.includes(side)).map((side) => wasTrue(side, about)),
    ],
  };
}

function conjuncts(expr: Expr): Expr[] {
  const top = unwrapParens(expr);
  return top.kind === 'binary' && top.operator === 'and'
    ? [...conjuncts(top.left), ...conjuncts(top.right)]
    : [expr];
}

/** The `and` whose own two sides have series that do not meet. */
function innermostEmpty(expr: Binary, about: FalseExpr): Binary {
  const inner = [expr.left, expr.right]
    .map(unwrapParens)
    .find(
      (side): side is Binary => side.kind === 'binary' && side.operator === 'and' && isEmpty(side, about),
    );
  return inner ? innermostEmpty(inner, about) : expr;
}

function explainUnless(expr: Binary, about: FalseExpr): Explanation {
  if (isEmpty(expr.left, about)) return explainFalse(expr.left, about);
  return plain(`${quoted(expr.left, about)} was true, but ${quoted(expr.right, about)} took it away`, [
    wasTrue(expr.left, about),
    { ...wasTrue(expr.right, about), label: 'took it away' },
  ]);
}

function explainComparison(expr: Binary, about: FalseExpr): Explanation {
  const { left, operator, right, threshold } = topComparison(expr)!;
  if (isEmpty(left, about)) return explainFalse(left, about);
  if (threshold !== undefined) return explainThreshold(expr, { left, operator, threshold }, about);
  if (isEmpty(right, about)) return explainFalse(right, about);
  const meet = !isEmpty({ ...expr, operator: '-', bool: false }, about);
  return meet ? explainDifference(expr, operator, about) : explainMeeting(expr, about);
}

/** Nothing came out: the innermost part without a result is to blame, or how the parts were put together. */
function explainEmpty(expr: Expr, about: FalseExpr): Explanation {
  if (expr.kind === 'vectorSelector') return explainSelector(expr, about);
  if (expr.kind === 'call' && expr.name.startsWith('absent')) return explainAbsent(expr, about);
  const inner = childrenOf(expr).find((child) => typeOf(child) === 'vector' && isEmpty(child, about));
  if (inner) return explainFalse(inner, about);
  if (expr.kind === 'binary' && typeOf(expr.left) === 'vector' && typeOf(expr.right) === 'vector')
    return explainMeeting(expr, about);
  return explainRange(expr, about);
}

function explainAbsent(expr: Call, about: FalseExpr): Explanation {
  const [operand] = expr.args;
  const there = operand && typeOf(operand) === 'vector' ? seriesOf(operand, about) : [];
  const many = there.length === 1 ? 'was one series' : `were ${there.length} series`;
  const found =
    there.length > 0 ? `there ${many}, such as ${there[0]!.labels}` : 'there was one all the time';
  const [what] = childrenOf(expr);
  return plain(
    `${quoted(expr, about)} is true only while there is no series, and ${found}`,
    there.length > 0 ? [{ ...wasTrue(what!, about), label: 'not absent' }] : [],
  );
}

/** A function of a range that returned nothing: too few samples in it, or nothing at all. */
function explainRange(expr: Expr, about: FalseExpr): Explanation {
  const text = quoted(expr, about);
  const matrix = childrenOf(expr).find((child) => typeOf(child) === 'matrix');
  if (matrix?.kind === 'subquery') {
    // A subquery looks further back than the rule's own evaluations.
    const fromMs = about.window.fromMs - matrix.rangeMs;
    const wider = { ...about, window: { ...about.window, fromMs } };
    if (isEmpty(matrix.expr, wider)) return explainFalse(matrix.expr, wider);
  }
  const selected = matrix?.kind === 'matrixSelector' ? matrix.selector : undefined;
  if (selected && isEmpty(selected, about)) return explainSelector(selected, about);
  const range = shortestRangeMs(expr);
  if (range !== undefined && range < 2 * about.scrapeIntervalMs)
    return plain(`${text} returned nothing: ${rangeWords(range, about.scrapeIntervalMs)}`);
  if (expr.kind === 'call' && expr.name === 'histogram_quantile')
    return plain(
      `${text} returned nothing: its series carry no label le, so they are no buckets of a histogram`,
    );
  const length = humanDuration(about.window.toMs - about.window.fromMs);
  return plain(`${text} returned nothing in the ${length} in which it should have fired`);
}

function shortestRangeMs(expr: Expr): number | undefined {
  const own = expr.kind === 'matrixSelector' ? [expr.rangeMs] : [];
  const ranges = [
    ...own,
    ...childrenOf(expr)
      .map(shortestRangeMs)
      .filter((range) => range !== undefined),
  ];
  return ranges.length > 0 ? smallest(ranges) : undefined;
}
