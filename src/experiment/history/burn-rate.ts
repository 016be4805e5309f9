// Recognises a burn-rate alert by its expression: a ratio over a range, compared with a factor times the error budget.
// The ratio may stand in recording rules. What it counts as bad, or as good, says how a history would have to be changed
// to burn faster or slower.

import {
  type Aggregate,
  type Expr,
  isComparison,
  unwrapParens,
  type VectorSelector,
} from '../../promql/ast.ts';
import { allFeatures } from '../../promql/features.ts';
import { parseExpr } from '../../promql/parser.ts';
import { childrenOf, selectorsOf, topComparison } from '../../promql/walk.ts';
import type { PlannedRecording } from '../timeline.ts';
import { mayBe } from './windows.ts';

export interface BurnRate {
  /** The share that may fail, in (0, 1). */
  readonly budget: number;
  readonly ratio: ErrorRatio;
}

interface ErrorRatio {
  /** What the changed selectors count. */
  readonly counts: 'bad' | 'good';
  readonly changed: readonly CountedSelector[];
  readonly total: readonly CountedSelector[];
}

export interface CountedSelector {
  readonly selector: VectorSelector;
  /** By which labels it is added up; undefined where each series stands for itself. */
  readonly grouping: Pick<Aggregate, 'grouping' | 'without'> | undefined;
}

/** Undefined for any other alert. The first comparison with a budget speaks for all. */
export function burnRateOf(expr: Expr, recordings: readonly PlannedRecording[]): BurnRate | undefined {
  const node = unwrapParens(expr);
  if (node.kind === 'binary' && isComparison(node.operator)) {
    const comparison = topComparison(node);
    const budget = comparison && /^>=?$/.test(comparison.operator) ? budgetOf(node) : undefined;
    const ratio = budget === undefined ? undefined : ratioOf(comparison!.left, recordings, 0);
    if (ratio) return { budget: budget!, ratio };
  }
  for (const child of childrenOf(node)) {
    const found = burnRateOf(child, recordings);
    if (found) return found;
  }
  return undefined;
}

/** What a share of failures counts, where the expression is one; recording rules are followed. */
export function errorRatioOf(expr: Expr, recordings: readonly PlannedRecording[]): ErrorRatio | undefined {
  return ratioOf(expr, recordings, 0);
}

/** `14.4 * 0.001`, `14.4 * (1 - 0.999)`: the smaller of the two is the budget. */
export function budgetOf(comparison: Expr): number | undefined {
  if (comparison.kind !== 'binary') return undefined;
  for (const side of [comparison.right, comparison.left]) {
    const product = unwrapParens(side);
    if (product.kind !== 'binary' || product.operator !== '*') continue;
    const factors = [constantOf(product.left), constantOf(product.right)];
    if (factors.includes(undefined)) continue;
    const budget = Math.min(...(factors as number[]));
    if (budget > 0 && budget < 1) return budget;
  }
  return undefined;
}

/** A comparison knows the value of its constant side; any constant does for it. */
function constantOf(expr: Expr): number | undefined {
  const { start, end } = expr;
  const zero: Expr = { kind: 'number', value: 0, duration: false, start, end };
  const matching = { card: 'one-to-one', on: false, labels: [], include: [] } as const;
  return topComparison({
    ...{ kind: 'binary', operator: '>', left: zero, right: expr, bool: true, start, end },
    matching: { ...matching, fillLeft: undefined, fillRight: undefined },
  })?.threshold;
}

/** How far recording rules are followed. */
const depthMax = 8;

function ratioOf(expr: Expr, recordings: readonly PlannedRecording[], depth: number): ErrorRatio | undefined {
  if (depth > depthMax) return undefined;
  const node = unwrapParens(expr);
  if (node.kind === 'aggregate') return ratioOf(node.expr, recordings, depth + 1);
  if (node.kind === 'vectorSelector') {
    const rule = recordedBy(node, recordings);
    return rule && ratioOf(rule, recordings, depth + 1);
  }
  if (node.kind !== 'binary') return undefined;
  if (node.operator === '/') return quotient(node.left, node.right, recordings);
  // One minus the share of what went well.
  if (node.operator !== '-' || constantOf(node.left) !== 1) return undefined;
  return inverted(ratioOf(node.right, recordings, depth + 1));
}

function quotient(
  numerator: Expr,
  denominator: Expr,
  recordings: readonly PlannedRecording[],
): ErrorRatio | undefined {
  const total = countedIn(denominator, recordings, undefined, 0);
  if (total.length === 0) return undefined;
  const top = unwrapParens(numerator);
  if (top.kind === 'binary' && top.operator === '-') {
    const good = countedIn(top.right, recordings, undefined, 0);
    return good.length === 0 ? undefined : { counts: 'good', changed: good, total };
  }
  const bad = countedIn(numerator, recordings, undefined, 0);
  return bad.length === 0 ? undefined : { counts: 'bad', changed: bad, total };
}

function inverted(ratio: ErrorRatio | undefined): ErrorRatio | undefined {
  return ratio && { ...ratio, counts: ratio.counts === 'bad' ? 'good' : 'bad' };
}

const counting: ReadonlySet<string> = new Set(['rate', 'increase', 'irate']);

/** The selectors of counters in a term, through recording rules. */
function countedIn(
  expr: Expr,
  recordings: readonly PlannedRecording[],
  grouping: CountedSelector['grouping'],
  depth: number,
): CountedSelector[] {
  if (depth > depthMax) return [];
  switch (expr.kind) {
    case 'call':
      return counting.has(expr.name)
        ? selectorsOf(expr).map(({ selector }) => ({ selector, grouping }))
        : expr.args.flatMap((arg) => countedIn(arg, recordings, grouping, depth));
    case 'aggregate':
      return countedIn(expr.expr, recordings, grouping ?? expr, depth);
    case 'vectorSelector': {
      const rule = recordedBy(expr, recordings);
      return rule ? countedIn(rule, recordings, grouping, depth + 1) : [];
    }
    default:
      return childrenOf(expr).flatMap((child) => countedIn(child, recordings, grouping, depth));
  }
}

function recordedBy(selector: VectorSelector, recordings: readonly PlannedRecording[]): Expr | undefined {
  const rule = recordings.find((each) => mayBe(selector, each));
  const parsed = rule && parseExpr(rule.expr, { features: allFeatures });
  return parsed?.ok ? parsed.expr : undefined;
}
