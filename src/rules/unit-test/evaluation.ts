// What both ways of evaluating the rules of a test take and give.

import type { Features } from '../../promql/features.ts';
import type { SeriesStore } from '../../telemetry/metrics/store.ts';
import type { RuleGroup } from '../model.ts';
import type { Failure, FiringAlert } from './failure.ts';
import type { Input } from './inputs.ts';
import type { AlertTest, UnitTest } from './model.ts';

export interface EvaluationInput {
  readonly test: UnitTest;
  readonly inputs: readonly Input[];
  /** In the order in which they are evaluated. */
  readonly groups: readonly RuleGroup[];
  readonly evaluationIntervalMs: number;
  readonly features: Features;
}

export interface Evaluated {
  readonly store: SeriesStore;
  /** What fired when each assertion looked; without those that came after a failure. */
  readonly fired: ReadonlyMap<AlertTest, readonly FiringAlert[]>;
  /** Rules that failed. The evaluation ends with the first time that has any. */
  readonly failures: readonly Failure[];
}

/** Steps that the evaluation of one test may have. */
export const stepsMax = 1_000_000;

/** How many times the rules are evaluated: at the start, and each interval until the last assertion. */
export function stepsOf({ test, evaluationIntervalMs }: EvaluationInput): number {
  const lastMs = [...test.alertTests, ...test.exprTests].reduce(
    (max, { evalMs }) => Math.max(max, evalMs),
    0,
  );
  return Math.floor(lastMs / evaluationIntervalMs) + 1;
}

/** The assertions on alerts in the order in which they are looked at, each with its step: the last before its time. */
export function alertTestsBySteps({ test, evaluationIntervalMs }: EvaluationInput): Map<number, AlertTest[]> {
  const bySteps = new Map<number, AlertTest[]>();
  for (const alertTest of [...test.alertTests].sort((a, b) => a.evalMs - b.evalMs)) {
    const step = Math.floor(alertTest.evalMs / evaluationIntervalMs);
    bySteps.set(step, [...(bySteps.get(step) ?? []), alertTest]);
  }
  return bySteps;
}
