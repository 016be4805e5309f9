// Reads a rule file from text and evaluates its groups on a store, for tests.

import { UserError } from '../../src/base/diagnostics.ts';
import { Labels } from '../../src/base/labels.ts';
import { readRuleFile } from '../../src/rules/file.ts';
import { type Evaluation, GroupEvaluator, type GroupOptions } from '../../src/rules/group.ts';
import type { RuleGroup } from '../../src/rules/model.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';

export function groupsOf(text: string): readonly RuleGroup[] {
  const read = readRuleFile('rules.yml', text);
  if (!read.ok) throw new UserError(read.diagnostics);
  return read.value.groups;
}

export const groupOptions: GroupOptions = {
  defaultIntervalMs: 60_000,
  externalLabels: {},
  externalUrl: 'http://prometheus.test:9090',
  offset: 'none',
};

/** One group on a store of its own. Times are in minutes from the epoch. */
export class GroupRun {
  readonly store = new SeriesStore();
  readonly evaluator: GroupEvaluator;

  constructor(text: string, options: Partial<GroupOptions> = {}) {
    this.evaluator = new GroupEvaluator(groupsOf(text)[0]!, { ...groupOptions, ...options });
  }

  /** Sets series such as `x{a="1"}` for one minute; those that are not named end. */
  set(minute: number, values: Readonly<Record<string, number>>): void {
    const atMs = minute * 60_000;
    const samples = Object.entries(values).map(([name, value]) => ({ labels: seriesLabels(name), value }));
    const named = new Set(samples.map(({ labels }) => labels.key));
    const ended = [...this.#known.values()].filter((labels) => !named.has(labels.key));
    for (const { labels } of samples) this.#known.set(labels.key, labels);
    const markers = ended.map((labels) => ({ labels, value: 0, stale: true }));
    for (const labels of ended) this.#known.delete(labels.key);
    this.store.appendBatch({ source: 'test', atMs, samples: [...samples, ...markers] });
  }

  readonly #known = new Map<string, Labels>();

  evaluate(minute: number): Evaluation {
    return this.evaluator.evaluate(minute * 60_000, this.store, (batch) => this.store.appendBatch(batch));
  }

  /** Transitions of one evaluation as `pending x{a="1"}`. */
  transitions(minute: number): string[] {
    return this.evaluate(minute).transitions.map(
      ({ kind, labels }) => `${kind} ${labels.without('alertname').toString()}`,
    );
  }
}

function seriesLabels(text: string): Labels {
  const match = /^(\w+)(?:\{(.*)\})?$/.exec(text);
  if (!match) throw new Error(`not a series: ${text}`);
  const pairs = [...(match[2] ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(
    ([, name, value]) => [name!, value!] as const,
  );
  return Labels.from([['__name__', match[1]!], ...pairs]);
}
