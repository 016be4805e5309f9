// Alerts on the share of failures, in closed form: any of several groups of windows, in a group all windows at once, each
// over its own threshold. Google's "Alerting on SLOs" (SRE workbook, chapter 5) has two windows to a group, long and short.
//
// With even traffic, no failures before, and failures of a ratio e from some moment on, a window of length W has a share of
// e * t / W after t, and so is over its threshold h after W * h / e; never where e is not above h.

import { type Expr, isComparison, unwrapParens } from '../../promql/ast.ts';
import { topComparison } from '../../promql/walk.ts';
import { budgetOf, errorRatioOf } from '../history/burn-rate.ts';
import { windowsOf } from '../history/windows.ts';
import type { PlannedRecording } from '../timeline.ts';

interface BurnWindow {
  readonly windowMs: number;
  /** A share of failures above it counts. */
  readonly threshold: number;
  /** Times what budget, where the expression says so: `14.4 * 0.001`. */
  readonly factor: number | undefined;
  readonly budget: number | undefined;
}

/** All of them at once; the longest first. */
export type BurnPair = readonly BurnWindow[];

/** More combinations than anyone writes. */
const pairsMax = 64;

/** Undefined for an expression that is about something else as well. */
export function burnPairsOf(expr: Expr, recordings: readonly PlannedRecording[]): BurnPair[] | undefined {
  const node = unwrapParens(expr);
  // Sloth: max(ratio > threshold) without (sloth_window).
  if (node.kind === 'aggregate' && ['max', 'min', 'sum', 'group'].includes(node.operator))
    return burnPairsOf(node.expr, recordings);
  if (node.kind !== 'binary') return undefined;
  if (isComparison(node.operator)) {
    const window = burnWindowOf(node, recordings);
    return window && [[window]];
  }
  const [left, right] = [node.left, node.right].map((side) => burnPairsOf(side, recordings));
  if (node.operator === 'or') return left && right && [...left, ...right];
  if (node.operator !== 'and') return undefined;
  // What stands beside it is a condition of its own, such as enough traffic: a fault does not decide on it.
  if (!left || !right) return left ?? right;
  if (left.length * right.length > pairsMax) return undefined;
  return left.flatMap((one) =>
    right.map((other) => [...one, ...other].sort((a, b) => b.windowMs - a.windowMs)),
  );
}

function burnWindowOf(node: Expr, recordings: readonly PlannedRecording[]): BurnWindow | undefined {
  const comparison = topComparison(node);
  const { threshold } = comparison ?? {};
  if (!comparison || threshold === undefined) return undefined;
  const isOfFailures = /^>=?$/.test(comparison.operator);
  if (!isOfFailures && !/^<=?$/.test(comparison.operator)) return undefined;
  if (!errorRatioOf(comparison.left, recordings)) return undefined;
  const ranges = windowsOf([comparison.left], recordings, anyWindow).windows.map(({ rangeMs }) => rangeMs);
  const windowMs = Math.max(0, ...ranges);
  if (windowMs === 0) return undefined;
  if (!isOfFailures)
    return { windowMs, threshold: exactly(1 - threshold), factor: undefined, budget: undefined };
  const budget = budgetOf(node);
  const factor = budget === undefined ? undefined : exactly(threshold / budget);
  return { windowMs, threshold, factor, budget };
}

/** Also selectors that only look at now. */
const anyWindow = -1;

/** Without what floating point leaves behind 12 digits. */
function exactly(value: number): number {
  return Number(value.toPrecision(12));
}

/** Milliseconds of failures with this ratio until one pair is over; Infinity where none ever is. */
export function detectionMs(pairs: readonly BurnPair[], errorRatio: number): number {
  return Math.min(...pairs.map((pair) => pairDetectionMs(pair, errorRatio)));
}

export function pairDetectionMs(pair: BurnPair, errorRatio: number): number {
  return Math.max(
    ...pair.map(({ windowMs, threshold }) =>
      errorRatio > threshold ? (windowMs * threshold) / errorRatio : Number.POSITIVE_INFINITY,
    ),
  );
}

/** The share of failures that it takes at least; at 1 and above no fault can. */
export function leastErrorRatio(pair: BurnPair): number {
  return Math.max(...pair.map(({ threshold }) => threshold));
}
