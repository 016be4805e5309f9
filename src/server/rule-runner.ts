// Evaluates rule groups when they are due, and knows how each rule last went. Other groups can take the place of those
// that run: a group that is the same goes on with its alerts, the others begin anew.

import type { Clock } from '../base/clock.ts';
import { type Append, GroupEvaluator, type GroupOptions, type SentAlert } from '../rules/group.ts';
import type { Rule, RuleGroup } from '../rules/model.ts';
import { restoreDefaults } from '../rules/restore.ts';
import type { Queryable } from '../telemetry/metrics/series.ts';

interface RuleState {
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError: string;
  readonly evaluationTimeMs: number;
  /** Unix milliseconds; undefined before the first. */
  readonly lastEvaluationMs: number | undefined;
}

export interface RunningGroup {
  readonly evaluator: GroupEvaluator;
  /** Unix milliseconds; undefined before the first. */
  readonly lastEvaluationMs: number | undefined;
  /** How long the last evaluation of the whole group took. */
  readonly evaluationTimeMs: number;
  stateOf(rule: Rule): RuleState;
}

const unknownState: RuleState = {
  health: 'unknown',
  lastError: '',
  evaluationTimeMs: 0,
  lastEvaluationMs: undefined,
};

class Running implements RunningGroup {
  readonly evaluator: GroupEvaluator;
  /** What the group is made of, to find it again among others. */
  readonly identity: string;
  readonly #states = new Map<Rule, RuleState>();
  readonly #stopped = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  lastEvaluationMs: number | undefined;
  evaluationTimeMs = 0;

  constructor(group: RuleGroup, options: GroupOptions) {
    this.evaluator = new GroupEvaluator(group, options);
    this.identity = identityOf(group, options);
  }

  stateOf(rule: Rule): RuleState {
    return this.#states.get(rule) ?? unknownState;
  }

  start(surroundings: Surroundings): void {
    this.#loop = this.#run(surroundings);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#loop;
  }

  async #run({ clock, source, append, onDue }: Surroundings): Promise<void> {
    const { signal } = this.#stopped;
    for (;;) {
      const dueMs = this.evaluator.nextAt(clock.now());
      await clock.sleep(dueMs - clock.now(), signal);
      if (signal.aborted) return;
      const startedMs = clock.now();
      const { outcomes, due } = this.evaluator.evaluate(dueMs, source, append);
      for (const { rule, tookMs, failure } of outcomes) {
        this.#states.set(rule, {
          health: failure === undefined ? 'ok' : 'err',
          lastError: failure ?? '',
          evaluationTimeMs: tookMs,
          lastEvaluationMs: dueMs,
        });
      }
      onDue(due);
      this.lastEvaluationMs = dueMs;
      this.evaluationTimeMs = clock.now() - startedMs;
    }
  }
}

interface Surroundings {
  readonly clock: Clock;
  readonly source: Queryable;
  readonly append: Append;
  /** Alerts to be sent to an Alertmanager. */
  onDue(alerts: readonly SentAlert[]): void;
}

export class RuleRunner {
  readonly #surroundings: Surroundings;
  #groups: readonly Running[];
  #started = false;

  constructor(groups: readonly RuleGroup[], options: GroupOptions, surroundings: Surroundings) {
    // Groups that a reload brings are new; only those of the start go on with what an engine before this one has left.
    this.#groups = groups.map((group) => new Running(group, { ...options, restore: restoreDefaults }));
    this.#surroundings = surroundings;
  }

  get groups(): readonly RunningGroup[] {
    return this.#groups;
  }

  start(): void {
    this.#started = true;
    for (const group of this.#groups) group.start(this.#surroundings);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#groups.map((group) => group.stop()));
  }

  /** Resolves when the groups that are there no more have ended. */
  async replace(groups: readonly RuleGroup[], options: GroupOptions): Promise<void> {
    const before = this.#groups;
    this.#groups = groups.map((group) => {
      const identity = identityOf(group, options);
      return before.find((running) => running.identity === identity) ?? new Running(group, options);
    });
    const gone = before.filter((running) => !this.#groups.includes(running));
    await Promise.all(gone.map((running) => running.stop()));
    if (!this.#started) return;
    for (const running of this.#groups) if (!before.includes(running)) running.start(this.#surroundings);
  }
}

/** Places in the file aside: a comment above a group makes no other group of it. */
function identityOf(group: RuleGroup, options: GroupOptions): string {
  const { name, file, intervalMs, queryOffsetMs, limit } = group;
  const { defaultIntervalMs, externalLabels, externalUrl } = options;
  const rules = group.rules.map((rule) => {
    const { kind, name, exprText, labels } = rule;
    const alerting =
      rule.kind === 'alerting' ? [rule.forMs, rule.keepFiringForMs, Object.entries(rule.annotations)] : [];
    return [kind, name, exprText, Object.entries(labels), ...alerting];
  });
  const surroundings = [defaultIntervalMs, Object.entries(externalLabels), externalUrl];
  return JSON.stringify([name, file, intervalMs, queryOffsetMs, limit, rules, surroundings]);
}
