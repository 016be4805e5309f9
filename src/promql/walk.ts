// Questions about an expression without running it: what it selects, how far back it looks, what it compares.

import type { Matcher } from '../base/matcher.ts';
import {
  type ComparisonOperator,
  type Expr,
  isComparison,
  unwrapParens,
  type VectorSelector,
} from './ast.ts';
import { scalarOperator } from './binary/operators.ts';

export interface SelectorUse {
  readonly selector: VectorSelector;
  readonly matchers: readonly Matcher[];
  /** Range of the selector with the ranges of the subqueries around it; 0 for an instant selector. */
  readonly rangeMs: number;
  /** Offset of the selector with the offsets of the subqueries around it. */
  readonly offsetMs: number;
  /** Stands inside absent() or absent_over_time(), where no series is the point. */
  readonly onlyInAbsent: boolean;
}

/** Look-back of an instant selector unless said otherwise, as in Prometheus. */
export const lookbackMsDefault = 300_000;

/** Operands of a node, in the order in which they are written. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'vectorSelector':
      return [];
    case 'matrixSelector':
      return [expr.selector];
    case 'call':
      return expr.args;
    case 'aggregate':
      return expr.parameter ? [expr.parameter, expr.expr] : [expr.expr];
    case 'binary':
      return [expr.left, expr.right];
    case 'subquery':
    case 'unary':
    case 'paren':
      return [expr.expr];
  }
}

/** Every selector, in the order in which they are written. */
export function selectorsOf(expr: Expr): SelectorUse[] {
  const uses: SelectorUse[] = [];
  collect(expr, { rangeMs: 0, offsetMs: 0, absent: false }, uses);
  return uses;
}

interface Surroundings {
  readonly rangeMs: number;
  readonly offsetMs: number;
  readonly absent: boolean;
}

function collect(expr: Expr, around: Surroundings, uses: SelectorUse[]): void {
  switch (expr.kind) {
    case 'vectorSelector':
      uses.push({
        selector: expr,
        matchers: expr.matchers,
        rangeMs: around.rangeMs,
        offsetMs: around.offsetMs + expr.offsetMs,
        onlyInAbsent: around.absent,
      });
      return;
    case 'matrixSelector':
      collect(expr.selector, { ...around, rangeMs: around.rangeMs + expr.rangeMs }, uses);
      return;
    case 'subquery': {
      const rangeMs = around.rangeMs + expr.rangeMs;
      const offsetMs = around.offsetMs + expr.offsetMs;
      collect(expr.expr, { ...around, rangeMs, offsetMs }, uses);
      return;
    }
    case 'call': {
      const absent = around.absent || expr.name === 'absent' || expr.name === 'absent_over_time';
      // The second argument of info() is matchers, not a selection of its own.
      const args = expr.name === 'info' ? expr.args.slice(0, 1) : expr.args;
      for (const arg of args) collect(arg, { ...around, absent }, uses);
      return;
    }
    default:
      for (const child of childrenOf(expr)) collect(child, around, uses);
  }
}

/**
 * How far before its evaluation time the expression looks, in milliseconds: ranges, offsets, and the look-back of
 * instant selectors. A selector that is fixed by `@` looks at a time of its own and is not counted.
 */
export function longestReachMs(expr: Expr, lookbackMs = lookbackMsDefault): number {
  return reach(expr, 0, lookbackMs);
}

function reach(expr: Expr, outerMs: number, lookbackMs: number): number {
  switch (expr.kind) {
    case 'vectorSelector':
      return expr.at === undefined ? Math.max(0, outerMs + expr.offsetMs + lookbackMs) : 0;
    case 'matrixSelector': {
      const { at, offsetMs } = expr.selector;
      return at === undefined ? Math.max(0, outerMs + offsetMs + expr.rangeMs) : 0;
    }
    case 'subquery':
      if (expr.at !== undefined) return 0;
      return reach(expr.expr, outerMs + expr.offsetMs + expr.rangeMs, lookbackMs);
    default:
      return childrenOf(expr).reduce((max, child) => Math.max(max, reach(child, outerMs, lookbackMs)), 0);
  }
}

export interface TopComparison {
  readonly left: Expr;
  readonly operator: ComparisonOperator;
  readonly right: Expr;
  /** The right side's value where it is a constant. */
  readonly threshold: number | undefined;
}

const flipped: Readonly<Record<ComparisonOperator, ComparisonOperator>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

/** The comparison at the top, parentheses looked through; a constant on the left is brought to the right. */
export function topComparison(expr: Expr): TopComparison | undefined {
  const top = unwrapParens(expr);
  if (top.kind !== 'binary' || !isComparison(top.operator)) return undefined;
  const { left, operator, right } = top;
  const threshold = constantOf(right);
  if (threshold !== undefined) return { left, operator, right, threshold };
  const onLeft = constantOf(left);
  if (onLeft === undefined) return { left, operator, right, threshold: undefined };
  return { left: right, operator: flipped[operator], right: left, threshold: onLeft };
}

/** The value of an expression of numbers alone. */
function constantOf(expr: Expr): number | undefined {
  switch (expr.kind) {
    case 'number':
      return expr.value;
    case 'paren':
      return constantOf(expr.expr);
    case 'unary': {
      const value = constantOf(expr.expr);
      return value === undefined ? undefined : expr.operator === '-' ? -value : value;
    }
    case 'binary': {
      const left = constantOf(expr.left);
      const right = constantOf(expr.right);
      if (left === undefined || right === undefined) return undefined;
      return scalarOperator(expr.operator)?.(left, right);
    }
    default:
      return undefined;
  }
}

/** The same comparison with `bool`, so that it yields 0 and 1 instead of filtering; other expressions are unchanged. */
export function asBool(expr: Expr): Expr {
  if (expr.kind === 'paren') return { ...expr, expr: asBool(expr.expr) };
  return expr.kind === 'binary' && isComparison(expr.operator) ? { ...expr, bool: true } : expr;
}
