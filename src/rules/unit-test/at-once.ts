// Evaluates the rules that a test needs, each over all steps at once where that gives the same as step by step.

import { UserError } from '../../base/diagnostics.ts';
import { type Labels, metricName } from '../../base/labels.ts';
import { type RangeSeries, rangeQuery } from '../../promql/engine.ts';
import { type BatchSample, SeriesStore } from '../../telemetry/metrics/store.ts';
import { AlertRuleState, RuleFailure } from '../alert-state.ts';
import type { AlertingRule, RecordingRule } from '../model.ts';
import { alertTestsBySteps, type Evaluated, type EvaluationInput, stepsOf } from './evaluation.ts';
import type { FiringAlert } from './failure.ts';
import { InputFeed } from './inputs.ts';
import type { AlertTest } from './model.ts';
import type { Plan } from './plan.ts';
import type { RuleNode } from './rule-node.ts';
import { evaluateSteps } from './stepwise.ts';

/** Undefined when a rule fails: what it says then, and when, is found step by step. */
export function evaluatePlanned(input: EvaluationInput, plan: Plan): Evaluated | undefined {
  try {
    const store = new SeriesStore();
    const feed = new InputFeed(input.inputs, input.test, store);
    const fired = new Map<AlertTest, FiringAlert[]>();
    if (!plan.feedsStepwise) feed.feedUntil(lastStepMs(input));
    const evaluation = new AtOnce(input, store, plan.read, fired);
    for (const node of plan.atOnce) evaluation.evaluate(node);
    const groups = groupsOf(plan.stepwise);
    const { failures } = evaluateSteps(input, { groups, store, feed, fired });
    return failures.length > 0 ? undefined : { store, fired: inOrder(input, fired), failures: [] };
  } catch (error) {
    if (error instanceof UserError || error instanceof RuleFailure) return undefined;
    throw error;
  }
}

function lastStepMs(input: EvaluationInput): number {
  return input.test.startMs + (stepsOf(input) - 1) * input.evaluationIntervalMs;
}

/** The groups of these rules, with only them. */
function groupsOf(nodes: readonly RuleNode[]): EvaluationInput['groups'] {
  return [...new Set(nodes.map(({ group }) => group))].map((group) => ({
    ...group,
    rules: nodes.filter((node) => node.group === group).map(({ rule }) => rule),
  }));
}

function inOrder(input: EvaluationInput, fired: ReadonlyMap<AlertTest, FiringAlert[]>): Evaluated['fired'] {
  const tests = [...alertTestsBySteps(input).values()].flat();
  return new Map(tests.map((test) => [test, fired.get(test) ?? []]));
}

class AtOnce {
  readonly #input: EvaluationInput;
  readonly #store: SeriesStore;
  readonly #read: ReadonlySet<RuleNode>;
  readonly #fired: Map<AlertTest, FiringAlert[]>;
  readonly #testsBySteps: ReadonlyMap<number, readonly AlertTest[]>;
  readonly #steps: number;

  constructor(
    input: EvaluationInput,
    store: SeriesStore,
    read: ReadonlySet<RuleNode>,
    fired: Map<AlertTest, FiringAlert[]>,
  ) {
    this.#input = input;
    this.#store = store;
    this.#read = read;
    this.#fired = fired;
    this.#testsBySteps = alertTestsBySteps(input);
    this.#steps = stepsOf(input);
  }

  /** Throws a UserError or a RuleFailure. */
  evaluate(node: RuleNode): void {
    const { rule } = node;
    const { features, evaluationIntervalMs, test } = this.#input;
    const options = { text: rule.exprText, defaultSubqueryStepMs: evaluationIntervalMs, features };
    const endMs = lastStepMs(this.#input);
    const { series } = rangeQuery(this.#store, rule.expr, test.startMs, endMs, evaluationIntervalMs, options);
    if (rule.kind === 'recording') this.#record(node, rule, series);
    else this.#alert(node, rule, series);
  }

  #record(node: RuleNode, rule: RecordingRule, series: readonly RangeSeries[]): void {
    const recorded = series.map((one) => ({
      ...one,
      labels: one.labels.with({ ...rule.labels, [metricName]: rule.name }),
    }));
    // Whether they meet at one time, or follow each other, is a question for each step.
    if (new Set(recorded.map(({ labels }) => labels.key)).size < recorded.length)
      throw new RuleFailure('two series have one label set');
    const { limit } = node.group;
    const writer = this.#read.has(node) ? new SeriesWriter(this.#store, node) : undefined;
    if (!writer && limit === 0) return;
    this.#eachStep(recorded, (atMs, samples) => {
      if (limit > 0 && samples.length > limit) throw new RuleFailure(`exceeded limit of ${limit}`);
      writer?.write(atMs, samples);
    });
  }

  #alert(node: RuleNode, rule: AlertingRule, series: readonly RangeSeries[]): void {
    const { externalLabels, externalUrl } = this.#input.test;
    const state = new AlertRuleState(rule, { externalLabels, limit: node.group.limit });
    const writer = this.#read.has(node) ? new SeriesWriter(this.#store, node) : undefined;
    if (series.length === 0) return;
    this.#eachStep(series, (atMs, results, step) => {
      const tests = (this.#testsBySteps.get(step) ?? []).filter(({ alertname }) => alertname === rule.name);
      if (results.length > 0 || state.alerts().length > 0) {
        // What keeps firing without a result has the annotations of its last one.
        const annotates = tests.length > 0 || rule.keepFiringForMs > 0;
        const context = { atMs, externalUrl, query: () => [] };
        const { samples } = state.update(atMs, results, context, annotates);
        writer?.write(atMs, samples);
      }
      for (const test of tests) {
        const firing = state.alerts().filter((alert) => alert.state === 'firing');
        const known = this.#fired.get(test) ?? [];
        this.#fired.set(test, [
          ...known,
          ...firing.map(({ labels, annotations }) => ({ labels: labels.toRecord(), annotations })),
        ]);
      }
    });
  }

  /** The samples of each step; an instant query at that time would give the same. */
  #eachStep(
    series: readonly RangeSeries[],
    visit: (atMs: number, samples: BatchSample[], step: number) => void,
  ): void {
    const { startMs } = this.#input.test;
    const next = new Int32Array(series.length);
    for (let step = 0; step < this.#steps; step++) {
      const atMs = startMs + step * this.#input.evaluationIntervalMs;
      const samples: BatchSample[] = [];
      for (let i = 0; i < series.length; i++) {
        const { labels, times, values, histograms } = series[i]!;
        const point = next[i]!;
        if (times[point] !== atMs) continue;
        next[i] = point + 1;
        const histogram = histograms?.[point];
        samples.push({ labels, value: values[point]!, ...(histogram && { histogram }) });
      }
      visit(atMs, samples, step);
    }
  }
}

/** Appends a rule's results of each step, with a stale marker where a series has ended. */
class SeriesWriter {
  readonly #store: SeriesStore;
  readonly #source: string;
  #series = new Map<string, Labels>();

  constructor(store: SeriesStore, { group, index }: RuleNode) {
    this.#store = store;
    this.#source = `at-once/${group.file}/${group.name}/${index}`;
  }

  write(atMs: number, samples: readonly BatchSample[]): void {
    const series = new Map(samples.map(({ labels }) => [labels.key, labels]));
    const markers: BatchSample[] = [];
    for (const [key, labels] of this.#series)
      if (!series.has(key)) markers.push({ labels, value: Number.NaN, stale: true });
    this.#series = series;
    if (samples.length + markers.length === 0) return;
    this.#store.appendBatch({ source: this.#source, atMs, samples: [...samples, ...markers] });
  }
}
