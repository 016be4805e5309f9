// The states of one alerting rule's alerts, as Prometheus keeps them:
//
//     absent ──result──> pending ──for is over──> firing ──no result, keep_firing_for over──> resolved
//                          └──no result──> absent                                (kept 15 minutes to be re-sent)
//
// A resolved alert whose result comes back starts again as a new one. Times are Unix milliseconds, given by the
// caller.

import { type LabelRecord, type Labels, metricName } from '../base/labels.ts';
import type { BatchSample } from '../telemetry/metrics/store.ts';
import type { AlertingRule } from './model.ts';
import type { AlertFunctionContext } from './templates/alert-functions.ts';
import { expandAlertTemplate } from './templates/alert-template.ts';

export interface AlertInstance {
  readonly labels: Labels;
  annotations: LabelRecord;
  state: 'pending' | 'firing' | 'inactive';
  /** The last value of the expression. */
  value: number;
  activeAt: number;
  firedAt: number | undefined;
  resolvedAt: number | undefined;
  keepFiringSince: number | undefined;
  lastSentAt: number | undefined;
  /** Until when Alertmanager is to believe it without hearing of it again. */
  validUntil: number | undefined;
}

export type AlertChange = 'pending' | 'firing' | 'resolved' | 'dropped';

export interface AlertUpdate {
  readonly changes: readonly { readonly kind: AlertChange; readonly alert: Readonly<AlertInstance> }[];
  /** ALERTS and ALERTS_FOR_STATE. */
  readonly samples: readonly BatchSample[];
}

/** The rule cannot be evaluated at this time; health turns bad, states stay unless said otherwise. */
export class RuleFailure extends Error {}

/** How long a resolved alert is kept, so that Alertmanager hears of it although it was away for a while. */
const resolvedRetentionMs = 15 * 60_000;

/** Alerts of one rule. Nobody is told of more; they are the sign of a broken rule, and cost time and memory. */
export const alertsMax = 20_000;

export interface AlertRuleOptions {
  readonly externalLabels: LabelRecord;
  readonly limit: number;
}

export class AlertRuleState {
  readonly #rule: AlertingRule;
  readonly #options: AlertRuleOptions;
  #active = new Map<string, AlertInstance>();
  #isRestored = true;

  constructor(rule: AlertingRule, options: AlertRuleOptions) {
    this.#rule = rule;
    this.#options = options;
  }

  /** From now on nothing is written about the alerts, so that what was written before stays the last of it. */
  awaitRestoration(): void {
    this.#isRestored = false;
  }

  /** Sets since when alerts are active, by their label sets. */
  restore(activeAtOf: (key: string) => number | undefined): void {
    for (const [key, alert] of this.#active) alert.activeAt = activeAtOf(key) ?? alert.activeAt;
    this.#isRestored = true;
  }

  /** Moves all times, after the clock was set to another time. */
  shift(byMs: number): void {
    for (const alert of this.#active.values()) {
      alert.activeAt += byMs;
      for (const field of ['firedAt', 'resolvedAt', 'keepFiringSince', 'lastSentAt', 'validUntil'] as const)
        if (alert[field] !== undefined) alert[field] += byMs;
    }
  }

  /** All that are kept, resolved ones too. */
  alerts(): readonly AlertInstance[] {
    return [...this.#active.values()];
  }

  /**
   * Takes the results of one evaluation. Throws a RuleFailure. Without `annotates` the annotations stay unexpanded, for
   * who will not look at them before the next update.
   */
  update(
    atMs: number,
    results: readonly { readonly labels: Labels; readonly value: number }[],
    context: AlertFunctionContext,
    annotates = true,
  ): AlertUpdate {
    if (results.length > alertsMax) {
      this.#active = new Map();
      throw new RuleFailure(`more than ${alertsMax} alerts, there are ${results.length}`);
    }
    const found = this.#instances(atMs, results, context, annotates);
    const changes: { kind: AlertChange; alert: AlertInstance }[] = [];
    for (const [key, fresh] of found) {
      const known = this.#active.get(key);
      if (known && known.state !== 'inactive') {
        known.value = fresh.value;
        known.annotations = fresh.annotations;
        continue;
      }
      this.#active.set(key, fresh);
      if (this.#rule.forMs > 0) changes.push({ kind: 'pending', alert: fresh });
    }
    let alerting = 0;
    const samples: BatchSample[] = [];
    for (const [key, alert] of this.#active) {
      const change = found.has(key) ? this.#present(alert, atMs) : this.#absent(key, alert, atMs);
      if (change) changes.push({ kind: change, alert });
      if (alert.state === 'inactive' || change === 'dropped') continue;
      alerting++;
      if (this.#isRestored) samples.push(...this.#series(alert));
    }
    if (this.#options.limit > 0 && alerting > this.#options.limit) {
      this.#active = new Map();
      throw new RuleFailure(`exceeded limit of ${this.#options.limit} with ${alerting} alerts`);
    }
    return { changes, samples };
  }

  #instances(
    atMs: number,
    results: readonly { readonly labels: Labels; readonly value: number }[],
    context: AlertFunctionContext,
    annotates: boolean,
  ): Map<string, AlertInstance> {
    const found = new Map<string, AlertInstance>();
    for (const { labels, value } of results) {
      const data = { labels: labels.toRecord(), externalLabels: this.#options.externalLabels, value };
      const expandAll = (templates: AlertingRule['labelTemplates']): Record<string, string> =>
        Object.fromEntries(
          templates.map(({ name, template }) => [name, expandAlertTemplate(template, data, context)]),
        );
      const own = expandAll(this.#rule.labelTemplates);
      const identity = labels.without(metricName).with({ ...own, alertname: this.#rule.name });
      if (found.has(identity.key))
        throw new RuleFailure('vector contains metrics with the same labelset after applying alert labels');
      found.set(identity.key, {
        labels: identity,
        annotations: annotates ? expandAll(this.#rule.annotationTemplates) : {},
        state: 'pending',
        value,
        activeAt: atMs,
        firedAt: undefined,
        resolvedAt: undefined,
        keepFiringSince: undefined,
        lastSentAt: undefined,
        validUntil: undefined,
      });
    }
    return found;
  }

  #present(alert: AlertInstance, atMs: number): AlertChange | undefined {
    alert.keepFiringSince = undefined;
    // What was restored may have to wait longer than it seemed when it fired.
    if (alert.state === 'firing' && atMs - alert.activeAt < this.#rule.forMs) {
      alert.state = 'pending';
      alert.firedAt = undefined;
      alert.lastSentAt = undefined;
      return 'pending';
    }
    if (alert.state !== 'pending' || atMs - alert.activeAt < this.#rule.forMs) return undefined;
    alert.state = 'firing';
    alert.firedAt = atMs;
    return 'firing';
  }

  #absent(key: string, alert: AlertInstance, atMs: number): AlertChange | undefined {
    if (alert.state === 'pending') {
      this.#active.delete(key);
      return 'dropped';
    }
    if (alert.state === 'inactive') {
      if (atMs - alert.resolvedAt! > resolvedRetentionMs) this.#active.delete(key);
      return undefined;
    }
    alert.keepFiringSince ??= atMs;
    if (atMs - alert.keepFiringSince < this.#rule.keepFiringForMs) return undefined;
    alert.state = 'inactive';
    alert.resolvedAt = atMs;
    return 'resolved';
  }

  #series(alert: AlertInstance): BatchSample[] {
    return [
      { labels: alert.labels.with({ [metricName]: 'ALERTS', alertstate: alert.state }), value: 1 },
      {
        labels: alert.labels.with({ [metricName]: 'ALERTS_FOR_STATE' }),
        value: Math.floor(alert.activeAt / 1000),
      },
    ];
  }
}
