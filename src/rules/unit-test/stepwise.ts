// Evaluates all rules at each step, one after another, as Prometheus does and promtool with it.

import { SeriesStore } from '../../telemetry/metrics/store.ts';
import { RuleFailure } from '../alert-state.ts';
import { type Append, GroupEvaluator } from '../group.ts';
import type { RuleGroup } from '../model.ts';
import { alertTestsBySteps, type Evaluated, type EvaluationInput, stepsOf } from './evaluation.ts';
import type { Failure, FiringAlert } from './failure.ts';
import { InputFeed } from './inputs.ts';
import type { AlertTest } from './model.ts';

export function evaluateStepwise(input: EvaluationInput): Evaluated {
  const store = new SeriesStore();
  const feed = new InputFeed(input.inputs, input.test, store);
  const fired = new Map<AlertTest, FiringAlert[]>();
  const { failures } = evaluateSteps(input, { groups: input.groups, store, feed, fired });
  return { store, fired, failures };
}

export interface Steps {
  readonly groups: readonly RuleGroup[];
  readonly store: SeriesStore;
  readonly feed: InputFeed;
  /** What fires when an assertion looks is added here. */
  readonly fired: Map<AlertTest, FiringAlert[]>;
}

/** Ends with the first step at which a rule fails. */
export function evaluateSteps(
  input: EvaluationInput,
  { groups, store, feed, fired }: Steps,
): { readonly failures: readonly Failure[] } {
  const { test, evaluationIntervalMs, features } = input;
  const evaluators = groups.map(
    (group) =>
      new GroupEvaluator(group, {
        // Also the step of subqueries that name none.
        defaultIntervalMs: evaluationIntervalMs,
        externalLabels: test.externalLabels,
        externalUrl: test.externalUrl,
        offset: 'none',
        features,
      }),
  );
  const append = appendTo(store);
  const tests = alertTestsBySteps(input);
  const steps = stepsOf(input);
  for (let step = 0; step < steps; step++) {
    const atMs = test.startMs + step * evaluationIntervalMs;
    feed.feedUntil(atMs);
    const failures = evaluators.flatMap((evaluator) => evaluator.evaluate(atMs, store, append).failures);
    if (failures.length > 0) return { failures: failures.map((each) => ({ kind: 'rule', atMs, ...each })) };
    for (const alertTest of tests.get(step) ?? []) {
      const firing = evaluators.flatMap((evaluator) => firingIn(evaluator, alertTest.alertname));
      fired.set(alertTest, [...(fired.get(alertTest) ?? []), ...firing]);
    }
  }
  return { failures: [] };
}

/** A result that the store cannot take, because another sample has its time, fails the rule; a stale marker does not. */
function appendTo(store: SeriesStore): Append {
  return (batch) => {
    const before = store.droppedCount;
    store.appendBatch({ ...batch, samples: batch.samples.filter(({ stale }) => !stale) });
    const dropped = store.droppedCount - before;
    store.appendBatch({ ...batch, samples: batch.samples.filter(({ stale }) => stale) });
    if (dropped > 0) throw new RuleFailure('duplicate sample for timestamp');
  };
}

function firingIn(evaluator: GroupEvaluator, alertname: string): FiringAlert[] {
  return evaluator
    .activeAlerts()
    .filter(({ rule, alert }) => rule.name === alertname && alert.state === 'firing')
    .map(({ alert: { labels, annotations } }) => ({ labels: labels.toRecord(), annotations }));
}
