// An SLI as PromQL: the share of good over a window that ends at the evaluation, in [0, 1].
//
//     form          in the file                          over 5m
//     placeholder   sum(rate(x_total[{{.window}}]))      sum(rate(x_total[5m]))
//     counter       x_total                              sum(rate(x_total[5m]))
//     counter       sum(x_total{code="500"})             sum(rate(x_total{code="500"}[5m]))
//     value         in_time                              sum(sum_over_time(in_time[5m]))
//     value         sum(rate(x_total[1m]))               sum(sum_over_time((sum(rate(x_total[1m])))[5m:15s]))
//
// A good or bad side without series counts as zero events while the total has some: exporters create a series with its
// first event. NaN values are no events. Without traffic a ratio is NaN, without a total it has no value at all.

import { formatDuration } from '../base/duration.ts';
import type { Expr, VectorSelector } from '../promql/ast.ts';
import { parseExpr } from '../promql/parser.ts';
import { printExpr } from '../promql/printer.ts';
import { childrenOf } from '../promql/walk.ts';
import type { ComparisonName, Query, RatioSli, Sli, ThresholdSli } from './objective.ts';

export interface OverOptions {
  /** Distance of the samples of `value` queries that are more than a selector; the evaluator's default when absent. */
  readonly stepMs?: number;
}

/** The share of good over the last `windowMs`: one series, or one for each value of the SLI's grouping. */
export function sliOver(sli: Sli, windowMs: number, options: OverOptions = {}): string {
  if (sli.type !== 'ratio') return shareOver(sli, windowMs, options, false);
  const side = sideOver(sli, windowMs, options);
  const total = queryOver(sli.total, windowMs, options, sli.grouping);
  return sli.good ? `${side} / (${total})` : `1 - ${side} / (${total})`;
}

/** The share of bad over the last `windowMs`: 1 - `sliOver`, without the rounding of the subtraction. */
export function errorRatioOver(sli: Sli, windowMs: number, options: OverOptions = {}): string {
  if (sli.type !== 'ratio') return shareOver(sli, windowMs, options, true);
  const side = sideOver(sli, windowMs, options);
  const total = queryOver(sli.total, windowMs, options, sli.grouping);
  return sli.bad ? `${side} / (${total})` : `1 - ${side} / (${total})`;
}

/** Two queries that count, for sums over stretches of time. */
export interface SliCounts {
  /** Whether `part` counts what was good or what was bad. */
  readonly side: 'good' | 'bad';
  readonly part: string;
  /** Undefined where the query computes a ratio over the window itself, which nothing can be added to: `part` is that ratio. */
  readonly total: string | undefined;
  /** By which both are to be multiplied to be numbers of events. */
  readonly factor: number;
}

/** What was good or bad and what there was in all over the last `windowMs`; `part` may have no series where `total` has some. */
export function sliCountsOver(sli: Sli, windowMs: number, options: OverOptions = {}): SliCounts {
  if (sli.type === 'ratio') {
    return {
      side: sli.good ? 'good' : 'bad',
      part: queryOver(sli.good ?? sli.bad!, windowMs, options, sli.grouping),
      total: queryOver(sli.total, windowMs, options, sli.grouping),
      factor: isPerSecond(sli.total) ? windowMs / 1000 : 1,
    };
  }
  if (sli.type === 'threshold') {
    const samples = subquery(withinThreshold(sli), windowMs, options);
    return { side: 'good', ...sumAndCount(samples), factor: 1 };
  }
  const side = sli.rawType === 'success' ? 'good' : 'bad';
  if (sli.query.form === 'placeholder')
    return { side, part: filled(sli.query.promql, windowMs).trim(), total: undefined, factor: 1 };
  return { side, ...sumAndCount(subquery(numbersOf(sli.query), windowMs, options)), factor: 1 };
}

/** Whether the query over a window is a rate; a placeholder may also stand in an increase. */
function isPerSecond({ form, promql }: Query): boolean {
  if (form !== 'placeholder') return form === 'counter';
  return someCall(parsed(filled(promql, 300_000)), /^i?rate$/);
}

function someCall(expr: Expr, name: RegExp): boolean {
  return (
    (expr.kind === 'call' && name.test(expr.name)) || childrenOf(expr).some((child) => someCall(child, name))
  );
}

/** Good or bad events, zero where only the total has a series. */
function sideOver(sli: RatioSli, windowMs: number, options: OverOptions): string {
  const side = queryOver(sli.good ?? sli.bad!, windowMs, options, sli.grouping);
  const total = queryOver(sli.total, windowMs, options, sli.grouping);
  return `((${side}) or (${total}) * 0)`;
}

/**
 * One query of a ratio over the last `windowMs`: events per second (placeholder, counter) or the sum of its samples
 * (value), added up over all series but those of the grouping.
 */
export function queryOver(
  query: Query,
  windowMs: number,
  options: OverOptions = {},
  grouping: readonly string[] = [],
): string {
  switch (query.form) {
    case 'placeholder':
      return filled(query.promql, windowMs).trim();
    case 'counter':
      return summed(ratesOf(query.promql, windowMs), grouping);
    case 'value':
      return `${sum(grouping)}(sum_over_time(${samplesOf(query.promql, windowMs, options)}))`;
  }
}

const operators: Readonly<Record<ComparisonName, string>> = { lte: '<=', gte: '>=', lt: '<', gt: '>' };

/** The operator that a name such as `lte` stands for. */
export function operatorOf(name: ComparisonName): string {
  return operators[name];
}

/** A raw ratio or the share of samples within the threshold; `bad` asks for the complement. */
function shareOver(
  sli: Exclude<Sli, RatioSli>,
  windowMs: number,
  options: OverOptions,
  bad: boolean,
): string {
  if (sli.type === 'threshold') {
    const isGood = withinThreshold(sli);
    return bad ? `1 - ${meanOver(isGood, windowMs, options)}` : meanOver(isGood, windowMs, options);
  }
  const ratio =
    sli.query.form === 'placeholder'
      ? `(${filled(sli.query.promql, windowMs).trim()})`
      : meanOver(numbersOf(sli.query), windowMs, options);
  return (sli.rawType === 'failure') === bad ? ratio : `1 - ${ratio}`;
}

/** 1 for each sample that is good, 0 for others; NaN is no sample. */
function withinThreshold({ query, op, value }: ThresholdSli): string {
  return `(${numbersOf(query)} ${operators[op]} bool ${value})`;
}

/** The query without its NaN. */
function numbersOf({ promql }: Query): string {
  return `((${promql}) >= -Inf)`;
}

/** The mean of all samples of all series. */
function meanOver(expression: string, windowMs: number, options: OverOptions): string {
  const { part, total } = sumAndCount(subquery(expression, windowMs, options));
  return `(${part} / ${total})`;
}

function sumAndCount(samples: string): { readonly part: string; readonly total: string } {
  return { part: `sum(sum_over_time(${samples}))`, total: `sum(count_over_time(${samples}))` };
}

/** A selector's own samples, or those that an expression has at each step. */
function samplesOf(promql: string, windowMs: number, options: OverOptions): string {
  const expr = parsed(promql);
  return expr.kind === 'vectorSelector'
    ? printExpr(rangeOf(expr, windowMs))
    : subquery(`(${promql})`, windowMs, options);
}

function subquery(expression: string, windowMs: number, { stepMs }: OverOptions): string {
  return `${expression}[${formatDuration(windowMs)}:${stepMs === undefined ? '' : formatDuration(stepMs)}]`;
}

export const windowPlaceholder = /\{\{ *\.window *\}\}/g;

/** Whether the text has a placeholder for the window. */
export function hasWindowPlaceholder(promql: string): boolean {
  return promql.search(windowPlaceholder) >= 0;
}

/** The text with a window of the same length in characters, so that positions in it stay what they are. */
export function withPaddedWindow(promql: string): string {
  return promql.replaceAll(windowPlaceholder, (found) => '5m'.padEnd(found.length));
}

/** The text with its placeholders filled in. */
export function filled(promql: string, windowMs: number): string {
  return promql.replaceAll(windowPlaceholder, formatDuration(windowMs));
}

/** The text with the rate of each counter in the place of its selector. */
function ratesOf(promql: string, windowMs: number): string {
  let text = promql;
  const selectors = bareSelectors(parsed(promql)).sort((a, b) => b.start - a.start);
  for (const selector of selectors) {
    const rate = `rate(${printExpr(rangeOf(selector, windowMs))})`;
    text = `${text.slice(0, selector.start)}${rate}${text.slice(selector.end)}`;
  }
  return text;
}

function rangeOf(selector: VectorSelector, rangeMs: number): Expr {
  const { start, end } = selector;
  return { kind: 'matrixSelector', start, end, selector, rangeMs, rangeExpr: undefined };
}

function bareSelectors(expr: Expr): VectorSelector[] {
  if (expr.kind === 'vectorSelector') return [expr];
  return expr.kind === 'matrixSelector' ? [] : childrenOf(expr).flatMap(bareSelectors);
}

function summed(promql: string, grouping: readonly string[]): string {
  return isAggregated(parsed(promql)) ? promql : `${sum(grouping)}(${promql})`;
}

function sum(grouping: readonly string[]): string {
  return grouping.length === 0 ? 'sum' : `sum by (${grouping.join(', ')}) `;
}

/** Whether every series in it comes out of an aggregation, so that there are as many as its author wants. */
function isAggregated(expr: Expr): boolean {
  switch (expr.kind) {
    case 'aggregate':
    case 'number':
    case 'string':
      return true;
    case 'vectorSelector':
    case 'matrixSelector':
      return false;
    default:
      return childrenOf(expr).every(isAggregated);
  }
}

function parsed(promql: string): Expr {
  const result = parseExpr(promql);
  if (!result.ok) throw new Error(`a reader let an expression pass: ${result.error.message}`);
  return result.expr;
}
