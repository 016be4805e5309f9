// Evaluates rule groups when they are due, and knows how each rule last went.

import type { Clock } from '../base/clock.ts';
import { type Append, GroupEvaluator, type GroupOptions, type SentAlert } from '../rules/group.ts';
import type { Rule, RuleGroup } from '../rules/model.ts';
import type { Queryable } from '../telemetry/metrics/series.ts';

interface RuleHealth {
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError: string;
}

export interface RunningGroup {
  readonly evaluator: GroupEvaluator;
  /** Unix milliseconds; undefined before the first. */
  readonly lastEvaluationMs: number | undefined;
  /** How long the last evaluation of the whole group took. */
  readonly evaluationTimeMs: number;
  healthOf(rule: Rule): RuleHealth;
}

class Running implements RunningGroup {
  readonly evaluator: GroupEvaluator;
  lastEvaluationMs: number | undefined;
  evaluationTimeMs = 0;
  failures = new Map<string, string>();

  constructor(group: RuleGroup, options: GroupOptions) {
    this.evaluator = new GroupEvaluator(group, options);
  }

  healthOf({ name }: Rule): RuleHealth {
    const failure = this.failures.get(name);
    if (failure !== undefined) return { health: 'err', lastError: failure };
    return { health: this.lastEvaluationMs === undefined ? 'unknown' : 'ok', lastError: '' };
  }
}

export class RuleRunner {
  readonly #groups: readonly Running[];
  readonly #clock: Clock;
  readonly #source: Queryable;
  readonly #append: Append;
  readonly #onDue: (alerts: readonly SentAlert[]) => void;
  readonly #stopped = new AbortController();
  #loops: readonly Promise<void>[] = [];

  constructor(
    groups: readonly RuleGroup[],
    options: GroupOptions,
    surroundings: {
      readonly clock: Clock;
      readonly source: Queryable;
      readonly append: Append;
      /** Alerts that an Alertmanager should hear of. */
      onDue(alerts: readonly SentAlert[]): void;
    },
  ) {
    this.#groups = groups.map((group) => new Running(group, options));
    this.#clock = surroundings.clock;
    this.#source = surroundings.source;
    this.#append = surroundings.append;
    this.#onDue = surroundings.onDue;
  }

  get groups(): readonly RunningGroup[] {
    return this.#groups;
  }

  start(): void {
    this.#loops = this.#groups.map((group) => this.#run(group));
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#loops);
  }

  async #run(running: Running): Promise<void> {
    const { signal } = this.#stopped;
    for (;;) {
      const dueMs = running.evaluator.nextAt(this.#clock.now());
      await this.#clock.sleep(dueMs - this.#clock.now(), signal);
      if (signal.aborted) return;
      const startedMs = this.#clock.now();
      const { failures, due } = running.evaluator.evaluate(dueMs, this.#source, this.#append);
      running.failures = new Map(failures.map(({ rule, reason }) => [rule, reason]));
      running.lastEvaluationMs = dueMs;
      if (due.length > 0) this.#onDue(due);
      running.evaluationTimeMs = this.#clock.now() - startedMs;
    }
  }
}
