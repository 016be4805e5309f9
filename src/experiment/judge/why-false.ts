// Which comparison of an expression stayed false, and by how much.

import { humanDuration } from '../../base/duration.ts';
import { type Expr, isComparison, typeOf, unwrapParens } from '../../promql/ast.ts';
import { printExpr } from '../../promql/printer.ts';
import { childrenOf, topComparison } from '../../promql/walk.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import type { Evidence } from '../verdict.ts';
import { formatQuantity, unitOf } from './quantity.ts';
import { stepsOf, type Window } from './readings.ts';

interface Reason {
  readonly sentence: string;
  readonly evidence: readonly Evidence[];
}

/** `expr` is known to have been false, or without result, at every step of the window. */
export function whyFalse(expr: Expr, recording: Queryable, window: Window, scrapeIntervalMs: number): Reason {
  const top = unwrapParens(expr);
  if (top.kind === 'binary' && top.operator === 'and') {
    const empty = [top.left, top.right].find((side) => isEmpty(side, recording, window));
    if (empty) return whyFalse(empty, recording, window, scrapeIntervalMs);
    return {
      sentence: 'both sides of its "and" were true, but never at once for the same labels',
      evidence: [],
    };
  }
  if (top.kind === 'binary' && top.operator === 'or') {
    const sides = [top.left, top.right].map((side) => whyFalse(side, recording, window, scrapeIntervalMs));
    return {
      sentence: sides.map((side) => side.sentence).join(', and '),
      evidence: sides.flatMap((side) => side.evidence),
    };
  }
  if (top.kind === 'binary' && top.operator === 'unless' && !isEmpty(top.left, recording, window)) {
    const sentence = `${printExpr(top.left)} was true, but ${printExpr(top.right)} took it away`;
    return { sentence, evidence: [] };
  }
  if (top.kind === 'binary' && top.operator === 'unless') {
    return whyFalse(top.left, recording, window, scrapeIntervalMs);
  }
  if (top.kind === 'binary' && isComparison(top.operator))
    return whyComparison(top, recording, window, scrapeIntervalMs);
  const inner = childrenOf(top).find(
    (child) => typeOf(child) === 'vector' && isEmpty(child, recording, window),
  );
  if (inner) return whyFalse(inner, recording, window, scrapeIntervalMs);
  return { sentence: whyNothing(top, window, scrapeIntervalMs), evidence: [] };
}

function whyComparison(expr: Expr, recording: Queryable, window: Window, scrapeIntervalMs: number): Reason {
  const { left, operator, right, threshold } = topComparison(expr)!;
  const values = allValues(left, recording, window);
  if (values.length === 0) return whyFalse(left, recording, window, scrapeIntervalMs);
  const text = printExpr(expr);
  if (threshold === undefined) {
    if (isEmpty(right, recording, window)) return whyFalse(right, recording, window, scrapeIntervalMs);
    return { sentence: `${text} stayed false, or its two sides carry different labels`, evidence: [] };
  }
  const unit = unitOf(left);
  const limit = formatQuantity(threshold, unit);
  const best = nearestTo(threshold, operator, values);
  const value = formatQuantity(best, unit);
  const evidence = [{ label: 'nearest value', value: `${value}, threshold ${limit}` }];
  const gap = formatQuantity(Math.abs(threshold - best), unit);
  if (operator === '==' || operator === '!=') {
    return { sentence: `${text} stayed false: the value was ${value}`, evidence };
  }
  const [most, side] = operator.startsWith('>') ? ['most', 'below'] : ['least', 'above'];
  const short = best === threshold ? `exactly ${limit}` : `${value}, ${gap} ${side} ${limit}`;
  return { sentence: `${text} stayed false: the value was at ${most} ${short}`, evidence };
}

function nearestTo(threshold: number, operator: string, values: readonly number[]): number {
  if (operator.startsWith('>')) return values.reduce((best, value) => Math.max(best, value));
  if (operator.startsWith('<')) return values.reduce((best, value) => Math.min(best, value));
  return values.reduce((best, value) =>
    Math.abs(value - threshold) < Math.abs(best - threshold) ? value : best,
  );
}

/** The selectors have series, and still nothing came out. */
function whyNothing(expr: Expr, window: Window, scrapeIntervalMs: number): string {
  const range = shortestRangeMs(expr);
  if (range !== undefined && range < 2 * scrapeIntervalMs) {
    return `${printExpr(expr)} returned nothing: its range of ${humanDuration(range)} holds fewer than two samples at a scrape interval of ${humanDuration(scrapeIntervalMs)}`;
  }
  return `${printExpr(expr)} returned nothing in the ${humanDuration(window.toMs - window.fromMs)} in which it should have fired`;
}

function shortestRangeMs(expr: Expr): number | undefined {
  const own = expr.kind === 'matrixSelector' ? [expr.rangeMs] : [];
  const inner = childrenOf(expr)
    .map(shortestRangeMs)
    .filter((range) => range !== undefined);
  const ranges = [...own, ...inner];
  return ranges.length > 0 ? Math.min(...ranges) : undefined;
}

function isEmpty(expr: Expr, recording: Queryable, window: Window): boolean {
  return stepsOf(recording, expr, window).every((step) => step.values.length === 0);
}

function allValues(expr: Expr, recording: Queryable, window: Window): number[] {
  return stepsOf(recording, expr, window)
    .flatMap((step) => step.values)
    .filter((value) => !Number.isNaN(value));
}
