// Expressions evaluated on the recording, step by step. The live view has readings of its own; the judge trusts only
// what was recorded.

import { type Expr, unwrapParens } from '../../promql/ast.ts';
import { rangeQuery } from '../../promql/engine.ts';
import type { TopComparison } from '../../promql/walk.ts';
import { asBool } from '../../promql/walk.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import { largest, smallest } from './extremes.ts';
import type { Reading } from './stretches.ts';

/** Both ends included; Unix milliseconds. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

/** The values of all series at one time; empty without any. */
export interface Step {
  readonly at: number;
  readonly values: readonly number[];
}

/** A recording that spans days at a step of a second would be longer than anyone reads; the step grows instead. */
const stepsMax = 20_000;

export function stepsOf(recording: Queryable, expr: Expr, window: Window): Step[] {
  const { fromMs, toMs } = window;
  const stepMs = Math.max(window.stepMs, Math.ceil((toMs - fromMs) / stepsMax), 1);
  if (toMs < fromMs) return [];
  const steps = Array.from({ length: Math.floor((toMs - fromMs) / stepMs) + 1 }, (_, index) => ({
    at: fromMs + index * stepMs,
    values: [] as number[],
  }));
  for (const { times, values } of rangeQuery(recording, expr, fromMs, toMs, stepMs).series) {
    times.forEach((at, index) => {
      steps[Math.round((at - fromMs) / stepMs)]!.values.push(values[index]!);
    });
  }
  return steps;
}

/** Whether an alert on this expression would see something: a filter that keeps a series, or a bool that is not 0. */
export function isTrue(expr: Expr, step: Step): boolean {
  const top = unwrapParens(expr);
  return top.kind === 'binary' && top.bool
    ? step.values.some((value) => value !== 0)
    : step.values.length > 0;
}

/**
 * An objective's readings: out of bounds when the comparison is false for any series, none when its left side is empty.
 */
export function readObjective(
  recording: Queryable,
  expr: Expr,
  comparison: TopComparison,
  window: Window,
): Reading[] {
  const truths = stepsOf(recording, asBool(expr), window);
  const measured = stepsOf(recording, comparison.left, window);
  return truths.map(({ at, values }, index) => ({
    at,
    bounds: values.length === 0 ? 'none' : values.includes(0) ? 'out' : 'in',
    value: worstOf(measured[index]!.values, comparison),
  }));
}

/** The value that is nearest to breaking the comparison, or furthest beyond it. */
export function worstOf(all: readonly number[], { operator, threshold }: TopComparison): number | null {
  const values = all.filter((value) => !Number.isNaN(value));
  if (values.length === 0) return null;
  if (operator.startsWith('<')) return largest(values);
  if (operator.startsWith('>')) return smallest(values);
  const distance = (value: number) => Math.abs(value - (threshold ?? 0));
  const further = operator === '==' ? 1 : -1;
  return values.reduce((worst, value) => (further * (distance(value) - distance(worst)) > 0 ? value : worst));
}
