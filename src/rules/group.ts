// Evaluates one rule group. There is no clock in here: the caller asks when the next evaluation is due and hands in
// its time, so that the same code runs live, on a recording and in projection. Rules run in the order of the file,
// each seeing what the ones before it have just appended.

import { UserError } from '../base/diagnostics.ts';
import { formatDuration } from '../base/duration.ts';
import { type LabelRecord, Labels, metricName } from '../base/labels.ts';
import type { Expr } from '../promql/ast.ts';
import { instantQuery } from '../promql/engine.ts';
import { type Features, noFeatures } from '../promql/features.ts';
import { parseExpr } from '../promql/parser.ts';
import { printExpr } from '../promql/printer.ts';
import type { Queryable } from '../telemetry/metrics/series.ts';
import type { BatchSample, SampleBatch } from '../telemetry/metrics/store.ts';
import { type AlertChange, type AlertInstance, AlertRuleState, RuleFailure } from './alert-state.ts';
import { fingerprint64 } from './fingerprint.ts';
import type { AlertingRule, RecordingRule, Rule, RuleGroup } from './model.ts';
import { lastStates, type RestoreOptions, restoredActiveAt } from './restore.ts';
import { type AlertFunctionContext, tableLink } from './templates/alert-functions.ts';

export interface GroupOptions {
  /** For groups that name no interval. */
  readonly defaultIntervalMs: number;
  readonly externalLabels: LabelRecord;
  /** Our own address, for links in templates and generatorURL. */
  readonly externalUrl: string;
  /**
   * `hash` spreads groups over their interval as Prometheus does, by file and name; `none` evaluates all groups at
   * multiples of their interval.
   */
  readonly offset: 'hash' | 'none';
  /** Takes up again what the source tells of the alerts of an engine before this one; without it nothing is. */
  readonly restore?: RestoreOptions;
  /** What of PromQL is behind feature flags and on; nothing. */
  readonly features?: Features;
  /** Milliseconds of any clock, to say how long a rule took and when its time is up; nothing else depends on it. */
  readonly now?: () => number;
  /** After that an expression is given up and its rule has failed; without it, or without a clock, it takes what it takes. */
  readonly queryTimeoutMs?: number;
}

export type Append = (batch: SampleBatch) => void;

export interface AlertTransition {
  readonly at: number;
  readonly kind: AlertChange;
  /** The rule's name. */
  readonly alert: string;
  /** `alertname` among them. */
  readonly labels: Labels;
  readonly annotations: LabelRecord;
  readonly value: number;
  /** When the expression became true. */
  readonly activeAt: number;
  readonly group: string;
  readonly file: string;
}

/** An alert as Prometheus sends it to Alertmanager. */
export interface SentAlert {
  readonly labels: Labels;
  readonly annotations: LabelRecord;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly generatorUrl: string;
}

interface RuleOutcome {
  readonly rule: Rule;
  /** 0 where the options have no `now`. */
  readonly tookMs: number;
  readonly failure: string | undefined;
}

export interface Evaluation {
  readonly transitions: readonly AlertTransition[];
  readonly failures: readonly { readonly rule: string; readonly reason: string }[];
  /** Of each rule, in the order of the file: how long it took, and why it failed where it did. */
  readonly outcomes: readonly RuleOutcome[];
  /** What is due to be sent to Alertmanager: new, resolved, and again after the resend delay. */
  readonly due: readonly SentAlert[];
}

/** An alert that is pending or firing. */
export interface ActiveAlert {
  readonly rule: AlertingRule;
  readonly alert: Readonly<AlertInstance>;
}

const resendDelayMs = 60_000;

function setBackText(backMs: number): string {
  return `the clock went back by ${formatDuration(backMs)}: results are older than those that are stored`;
}

export class GroupEvaluator {
  readonly group: RuleGroup;
  readonly intervalMs: number;
  readonly #options: GroupOptions;
  readonly #features: Features;
  readonly #offsetMs: number;
  readonly #rules: readonly RuleState[];
  #lastAt = Number.NEGATIVE_INFINITY;
  #evaluations = 0;

  constructor(group: RuleGroup, options: GroupOptions) {
    this.group = group;
    this.intervalMs = group.intervalMs ?? options.defaultIntervalMs;
    this.#options = options;
    this.#features = options.features ?? noFeatures;
    const hash = fingerprint64(Labels.from({ name: group.name, file: group.file }));
    this.#offsetMs = options.offset === 'none' ? 0 : Number(hash % BigInt(this.intervalMs));
    this.#rules = group.rules.map((rule, i) => ({
      rule,
      source: `rules/${group.file}/${group.name}/${i}`,
      alerts:
        rule.kind === 'alerting'
          ? new AlertRuleState(rule, { externalLabels: options.externalLabels, limit: group.limit })
          : undefined,
      generatorUrl: `${options.externalUrl.replace(/\/$/, '')}${tableLink(printExpr(rule.expr))}`,
      series: new Map(),
    }));
  }

  /**
   * The first slot of this group after `nowMs` and after its last evaluation; slots that were missed are skipped. When
   * the clock was set back by more than an interval, the slots follow it: waiting for the old time could take hours.
   */
  nextAt(nowMs: number): number {
    const isSetBack = nowMs < this.#lastAt - this.intervalMs;
    const after = isSetBack ? nowMs : Math.max(nowMs, this.#lastAt);
    const slot = Math.floor((after - this.#offsetMs) / this.intervalMs) + 1;
    return slot * this.intervalMs + this.#offsetMs;
  }

  /** Evaluates all rules at `atMs` on `source`; recorded series and alert series go to `append`. */
  evaluate(atMs: number, source: Queryable, append: Append): Evaluation {
    const backMs = this.#lastAt - atMs;
    if (backMs > 0) this.#followBack(backMs);
    this.#lastAt = atMs;
    this.#evaluations++;
    const transitions: AlertTransition[] = [];
    const failures: { rule: string; reason: string }[] = [];
    const outcomes: RuleOutcome[] = [];
    const now = this.#options.now ?? (() => 0);
    const due: SentAlert[] = [];
    for (const state of this.#rules) {
      const startedMs = now();
      let failure: string | undefined;
      if (this.#evaluations === 1) this.#beginRestoration(state, atMs, source);
      const before = (state.alerts?.alerts() ?? []).map((alert) => ({ alert, state: alert.state }));
      try {
        const samples = this.#evaluateRule(state, atMs, source, transitions);
        due.push(...this.#due(state, atMs));
        this.#append(state, atMs, samples, append);
        if (backMs > 0 && samples.length > 0) throw new RuleFailure(setBackText(backMs));
      } catch (error) {
        if (!(error instanceof RuleFailure) && !(error instanceof UserError)) throw error;
        failure = error.message;
        failures.push({ rule: state.rule.name, reason: failure });
        transitions.push(...this.#lost(state, before, atMs));
      }
      if (this.#evaluations === 2) this.#endRestoration(state, atMs, source);
      outcomes.push({ rule: state.rule, tookMs: now() - startedMs, failure });
    }
    return { transitions, failures, outcomes, due };
  }

  /** A rule of which something is told stays silent until it is taken up; the others go on as always. */
  #beginRestoration({ rule, alerts }: RuleState, atMs: number, source: Queryable): void {
    const { restore } = this.#options;
    if (!restore || rule.kind === 'recording') return;
    if (lastStates(rule, source, atMs, restore).size > 0) alerts!.awaitRestoration();
  }

  /** After the second evaluation, as in Prometheus: at the first one, what alerts depend on may not be there yet. */
  #endRestoration({ rule, alerts }: RuleState, atMs: number, source: Queryable): void {
    const { restore } = this.#options;
    if (!restore || rule.kind === 'recording') return;
    const states = lastStates(rule, source, atMs, restore);
    alerts!.restore((key) => {
      const state = states.get(key);
      return state && restoredActiveAt(state, rule.forMs, atMs, restore);
    });
  }

  /** Alerts keep their age when the clock is set back: as if one interval had passed since the last evaluation. */
  #followBack(backMs: number): void {
    for (const { alerts } of this.#rules) alerts?.shift(-(backMs + this.intervalMs));
  }

  /** Pending and firing alerts of all rules. */
  activeAlerts(): ActiveAlert[] {
    return this.#rules.flatMap(({ rule, alerts }) =>
      rule.kind === 'alerting'
        ? alerts!.alerts().flatMap((alert) => (alert.state === 'inactive' ? [] : [{ rule, alert }]))
        : [],
    );
  }

  #evaluateRule(
    { rule, alerts }: RuleState,
    atMs: number,
    source: Queryable,
    transitions: AlertTransition[],
  ): readonly BatchSample[] {
    const vector = this.#query(source, rule.expr, rule.exprText, atMs - this.group.queryOffsetMs);
    if (rule.kind === 'recording') return this.#record(rule, vector);
    const context: AlertFunctionContext = {
      atMs,
      externalUrl: this.#options.externalUrl,
      query: (expression) => {
        const parsed = parseExpr(expression, { features: this.#features });
        if (!parsed.ok) throw new Error(parsed.error.message);
        return this.#query(source, parsed.expr, expression, atMs);
      },
    };
    const update = alerts!.update(atMs, vector, context);
    for (const { kind, alert } of update.changes) transitions.push(this.#transition(rule, alert, kind, atMs));
    return update.samples;
  }

  /** A scalar becomes one series without labels. */
  #query(source: Queryable, expr: Expr, text: string, atMs: number): readonly ResultSample[] {
    const { defaultIntervalMs: defaultSubqueryStepMs, now, queryTimeoutMs } = this.#options;
    const endMs = now && queryTimeoutMs !== undefined ? now() + queryTimeoutMs : undefined;
    const result = instantQuery(source, expr, atMs, {
      text,
      defaultSubqueryStepMs,
      features: this.#features,
      ...(now && endMs !== undefined && { isExpired: () => now() > endMs }),
    });
    if (result.type === 'vector') return result.samples;
    if (result.type === 'scalar') return [{ labels: Labels.empty, value: result.value }];
    throw new RuleFailure('rule result is not a vector or scalar');
  }

  #record(rule: RecordingRule, vector: readonly ResultSample[]): BatchSample[] {
    const seen = new Set<string>();
    const samples = vector.map(({ labels, value, histogram }): BatchSample => {
      const recorded = labels.with({ ...rule.labels, [metricName]: rule.name });
      seen.add(recorded.key);
      return { labels: recorded, value, ...(histogram && { histogram }) };
    });
    if (seen.size < samples.length)
      throw new RuleFailure('vector contains metrics with the same labelset after applying rule labels');
    const { limit } = this.group;
    if (limit > 0 && samples.length > limit)
      throw new RuleFailure(`exceeded limit of ${limit} with ${samples.length} series`);
    return samples;
  }

  /** Series that the last evaluation gave and this one does not end with a stale marker. */
  #append(state: RuleState, atMs: number, samples: readonly BatchSample[], append: Append): void {
    const series = new Map(samples.map((sample) => [sample.labels.key, sample.labels]));
    const ended = [...state.series].filter(([key]) => !series.has(key));
    const markers = ended.map(([, labels]) => ({ labels, value: Number.NaN, stale: true }));
    state.series = series;
    if (samples.length + markers.length === 0) return;
    append({
      source: state.source,
      atMs: atMs - this.group.queryOffsetMs,
      samples: [...samples, ...markers],
    });
  }

  #due({ rule, alerts, generatorUrl }: RuleState, atMs: number): SentAlert[] {
    if (rule.kind === 'recording') return [];
    return alerts!.alerts().flatMap((alert) => {
      if (!needsSending(alert, atMs)) return [];
      alert.lastSentAt = atMs;
      alert.validUntil = atMs + 4 * Math.max(this.intervalMs, resendDelayMs);
      return [
        {
          labels: alert.labels.with({ ...this.#options.externalLabels, ...alert.labels.toRecord() }),
          annotations: alert.annotations,
          startsAt: alert.firedAt!,
          endsAt: alert.resolvedAt ?? alert.validUntil,
          generatorUrl,
        },
      ];
    });
  }

  /** Alerts that a failure has taken away: a rule over its limit forgets them all. `before` has their last states. */
  #lost({ rule, alerts }: RuleState, before: readonly StateBefore[], atMs: number): AlertTransition[] {
    if (rule.kind === 'recording') return [];
    const kept = new Set(alerts!.alerts());
    return before
      .filter(({ alert, state }) => state !== 'inactive' && !kept.has(alert))
      .map(({ alert, state }) =>
        this.#transition(rule, alert, state === 'firing' ? 'resolved' : 'dropped', atMs),
      );
  }

  #transition(rule: Rule, alert: Readonly<AlertInstance>, kind: AlertChange, at: number): AlertTransition {
    const { labels, annotations, value, activeAt } = alert;
    const { name: group, file } = this.group;
    return { at, kind, alert: rule.name, labels, annotations, value, activeAt, group, file };
  }
}

/** What a rule's expression yields, without a name yet. */
type ResultSample = Pick<BatchSample, 'labels' | 'value' | 'histogram'>;

interface StateBefore {
  readonly alert: AlertInstance;
  readonly state: AlertInstance['state'];
}

interface RuleState {
  readonly rule: Rule;
  /** Each rule writes its own column of times: several may write at one time. */
  readonly source: string;
  readonly alerts: AlertRuleState | undefined;
  readonly generatorUrl: string;
  /** What the last evaluation gave. */
  series: Map<string, Labels>;
}

function needsSending(alert: AlertInstance, atMs: number): boolean {
  if (alert.state === 'pending') return false;
  const { lastSentAt, resolvedAt } = alert;
  if (lastSentAt === undefined) return true;
  if (resolvedAt !== undefined && resolvedAt > lastSentAt) return true;
  return lastSentAt + resendDelayMs < atMs;
}
