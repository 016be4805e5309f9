// Which comparison of an expression stayed false, and by how much.

import { humanDuration } from '../../base/duration.ts';
import { type Binary, type Expr, isComparison, typeOf, unwrapParens } from '../../promql/ast.ts';
import { childrenOf, topComparison } from '../../promql/walk.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import type { Evidence } from '../verdict.ts';
import { largest, smallest } from './extremes.ts';
import { formatQuantity, unitOf } from './quantity.ts';
import { stepsOf, type Window } from './readings.ts';

interface Reason {
  readonly sentence: string;
  readonly evidence: readonly Evidence[];
}

export interface FalseExpr {
  /** The whole expression as its author wrote it; parts of it are quoted from here. */
  readonly text: string;
  readonly recording: Queryable;
  readonly window: Window;
  readonly scrapeIntervalMs: number;
}

/** `expr` is known to have been false, or without result, at every step of the window. */
export function whyFalse(expr: Expr, about: FalseExpr): Reason {
  const top = unwrapParens(expr);
  if (top.kind !== 'binary') return whyEmpty(top, about);
  switch (top.operator) {
    case 'and': {
      const empty = [top.left, top.right].find((side) => isEmpty(side, about));
      return empty
        ? whyFalse(empty, about)
        : plain('both sides of its "and" were true, but never at once for the same labels');
    }
    case 'or': {
      const sides = [top.left, top.right].map((side) => whyFalse(side, about));
      const sentence = sides.map((side) => side.sentence).join(', and ');
      return { sentence, evidence: sides.flatMap((side) => side.evidence) };
    }
    case 'unless':
      return isEmpty(top.left, about)
        ? whyFalse(top.left, about)
        : plain(`${quoted(top.left, about)} was true, but ${quoted(top.right, about)} took it away`);
    default:
      return isComparison(top.operator) ? whyComparison(top, about) : whyEmpty(top, about);
  }
}

function whyComparison(expr: Binary, about: FalseExpr): Reason {
  const { left, operator, right, threshold } = topComparison(expr)!;
  const values = allValues(left, about);
  if (values.length === 0) return whyFalse(left, about);
  const text = quoted(expr, about);
  if (threshold === undefined) {
    return isEmpty(right, about)
      ? whyFalse(right, about)
      : plain(`${text} stayed false, or its two sides carry different labels`);
  }
  const unit = unitOf(left);
  const best = nearestTo(threshold, operator, values);
  const value = formatQuantity(best, unit);
  const limit = formatQuantity(threshold, unit);
  const evidence = [{ label: 'nearest value', value: `${value}, threshold ${limit}` }];
  return {
    sentence: `${text} stayed false: the value was ${distance(operator, best, threshold, unit)}`,
    evidence,
  };
}

function distance(
  operator: string,
  best: number,
  threshold: number,
  unit: ReturnType<typeof unitOf>,
): string {
  const value = formatQuantity(best, unit);
  if (operator === '==' || operator === '!=') return value;
  const most = operator.startsWith('>') ? 'at most' : 'at least';
  if (best === threshold) return `${most} exactly ${value}`;
  const gap = formatQuantity(Math.abs(threshold - best), unit);
  return `${most} ${value}, ${gap} ${operator.startsWith('>') ? 'below' : 'above'} ${formatQuantity(threshold, unit)}`;
}

function nearestTo(threshold: number, operator: string, values: readonly number[]): number {
  if (operator.startsWith('>')) return largest(values);
  if (operator.startsWith('<')) return smallest(values);
  return values.reduce((best, value) =>
    Math.abs(value - threshold) < Math.abs(best - threshold) ? value : best,
  );
}

/** The selectors have series, and still nothing came out: the innermost part without a result is to blame. */
function whyEmpty(expr: Expr, about: FalseExpr): Reason {
  const inner = childrenOf(expr).find((child) => typeOf(child) === 'vector' && isEmpty(child, about));
  if (inner) return whyFalse(inner, about);
  const text = quoted(expr, about);
  const range = shortestRangeMs(expr);
  if (range !== undefined && range < 2 * about.scrapeIntervalMs) {
    const interval = humanDuration(about.scrapeIntervalMs);
    return plain(
      `${text} returned nothing: its range of ${humanDuration(range)} holds fewer than two samples at a scrape interval of ${interval}`,
    );
  }
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

function isEmpty(expr: Expr, { recording, window }: FalseExpr): boolean {
  return stepsOf(recording, expr, window).every((step) => step.values.length === 0);
}

function allValues(expr: Expr, { recording, window }: FalseExpr): number[] {
  return stepsOf(recording, expr, window)
    .flatMap((step) => step.values)
    .filter((value) => !Number.isNaN(value));
}

function quoted(expr: Expr, { text }: FalseExpr): string {
  return text.slice(expr.start, expr.end).replace(/\s+/g, ' ');
}

function plain(sentence: string): Reason {
  return { sentence, evidence: [] };
}
