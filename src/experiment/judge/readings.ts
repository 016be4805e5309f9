// Expressions evaluated on the recording, step by step. The live view has readings of its own; the judge trusts only
// what was recorded.

import { type Expr, unwrapParens } from '../../promql/ast.ts';
import { scalarOperator } from '../../promql/binary/operators.ts';
import { rangeQuery } from '../../promql/engine.ts';
import type { Features } from '../../promql/features.ts';
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
  /** With which expressions are evaluated. */
  readonly features: Features;
}

/** The values of all series at one time; empty without any. */
export interface Step {
  readonly at: number;
  readonly values: readonly number[];
}

/** A recording that spans days at a step of a second would be longer than anyone reads; the step grows instead. */
export const stepsMax = 20_000;

export function stepsOf(recording: Queryable, expr: Expr, window: Window): Step[] {
  const { fromMs, toMs, features } = window;
  const stepMs = Math.max(window.stepMs, Math.ceil((toMs - fromMs) / stepsMax), 1);
  if (toMs < fromMs) return [];
  const steps = Array.from({ length: Math.floor((toMs - fromMs) / stepMs) + 1 }, (_, index) => ({
    at: fromMs + index * stepMs,
    values: [] as number[],
  }));
  for (const { times, values } of rangeQuery(recording, expr, fromMs, toMs, stepMs, { features }).series) {
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
 * What is not a number (0 of 0 requests) is no measurement, and so no breach either.
 */
export function readObjective(
  recording: Queryable,
  expr: Expr,
  comparison: TopComparison,
  window: Window,
): Reading[] {
  const measured = stepsOf(recording, comparison.left, window).map(({ at, values }) => ({
    at,
    values: values.filter((value) => !Number.isNaN(value)),
  }));
  const truths = truthsOf(recording, expr, comparison, measured, window);
  return measured.map(({ at, values }, index) => {
    const truth = values.length === 0 ? [] : truths[index]!;
    return {
      at,
      bounds: truth.length === 0 ? 'none' : truth.includes(0) ? 'out' : 'in',
      value: worstOf(values, comparison),
    };
  });
}

/** 0 or 1 for each series at each step. Against a constant it is the same as `bool` on the measured values. */
function truthsOf(
  recording: Queryable,
  expr: Expr,
  { operator, threshold }: TopComparison,
  measured: readonly Step[],
  window: Window,
): (readonly number[])[] {
  if (threshold === undefined) return stepsOf(recording, asBool(expr), window).map((step) => step.values);
  const compare = scalarOperator(operator)!;
  return measured.map(({ values }) => values.map((value) => compare(value, threshold)));
}

/** The value that is nearest to breaking the comparison, or furthest beyond it. */
export function worstOf(values: readonly number[], { operator, threshold }: TopComparison): number | null {
  if (values.length === 0) return null;
  if (operator.startsWith('<')) return largest(values);
  if (operator.startsWith('>')) return smallest(values);
  const distance = (value: number) => Math.abs(value - (threshold ?? 0));
  const further = operator === '==' ? 1 : -1;
  return values.reduce((worst, value) => (further * (distance(value) - distance(worst)) > 0 ? value : worst));
}
