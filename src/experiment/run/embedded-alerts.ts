// Our own rules on the store, and the embedded Alertmanager behind them: one loop that wakes for whichever is due
// first, a rule group or a notification group.

import type { Grouping, NotificationIntent, Suppression } from '../../alertmanager/dispatch/dispatcher.ts';
import { Dispatcher } from '../../alertmanager/dispatch/dispatcher.ts';
import { captureRequest } from '../../alertmanager/notify/capture-request.ts';
import { deliver, type Send } from '../../alertmanager/notify/deliver.ts';
import { postAlerts } from '../../alertmanager/remote.ts';
import { settledWithin } from '../../base/clock.ts';
import type { Labels } from '../../base/labels.ts';
import { seededRandom } from '../../base/random.ts';
import { type AlertTransition, GroupEvaluator } from '../../rules/group.ts';
import type { AlertRef, NotificationEvent } from '../timeline.ts';
import type { AlertWatch } from './alert-watch.ts';
import type { AlertingOptions } from './alerting-session.ts';

export interface EmbeddedAlertsOptions extends AlertingOptions {
  captureUrl(receiver: string): URL;
}

/** Stands for our own address in links of alerts and notifications. */
const externalUrl = 'http://firedrill.invalid/';
/** At the end of a run, what is being sent gets this long. */
const lastSendMs = 2000;

export class EmbeddedAlerts implements AlertWatch {
  readonly #options: EmbeddedAlertsOptions;
  readonly #groups: readonly GroupEvaluator[];
  readonly #dispatcher: Dispatcher | undefined;
  readonly #stopping = new AbortController();
  readonly #sending = new Set<Promise<void>>();
  readonly #failing = new Map<string, string>();
  readonly #due = new Map<GroupEvaluator, number>();
  /** Where the rule of an alert's name stands; the first of several. */
  readonly #ruleOf = new Map<string, AlertRef['rule']>();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: EmbeddedAlertsOptions) {
    const { plan } = options;
    const { telemetry } = plan.experiment;
    this.#options = options;
    this.#groups = plan.ruleGroups.map(
      (group) =>
        new GroupEvaluator(group, {
          defaultIntervalMs: telemetry.evaluationIntervalMs,
          externalLabels: telemetry.externalLabels,
          externalUrl,
          offset: 'hash',
          features: new Set(telemetry.features),
        }),
    );
    for (const { name: group, file, rules } of plan.ruleGroups.toReversed())
      for (const rule of rules) this.#ruleOf.set(rule.name, { group, file });
    this.#dispatcher = plan.alertmanager ? new Dispatcher(plan.alertmanager) : undefined;
  }

  start(): void {
    const now = this.#options.clock.now();
    for (const group of this.#groups) this.#due.set(group, group.nextAt(now));
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await settledWithin(Promise.allSettled(this.#sending), lastSendMs, this.#options.clock);
  }

  active(): readonly { readonly ref: AlertRef; readonly state: 'pending' | 'firing' }[] {
    return this.#groups.flatMap((evaluator) =>
      evaluator.activeAlerts().flatMap(({ rule, alert }) => {
        if (alert.state === 'inactive') return [];
        const { name: group, file } = evaluator.group;
        return [
          {
            ref: { alert: rule.name, labels: alert.labels.toRecord(), rule: { group, file } },
            state: alert.state,
          },
        ];
      }),
    );
  }

  unsteady(): string[] {
    return [...this.#failing].map(([rule, reason]) => `rule ${rule} fails: ${reason}`);
  }

  untold(): boolean {
    return this.#sending.size > 0 || this.#dispatcher?.nextAt() !== undefined;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const next = Math.min(this.#dispatcher?.nextAt() ?? Infinity, ...this.#due.values());
      // A notification that is being sent frees its group when it is settled, so nothing waits for long.
      const waitMs = Math.min(1000, next - clock.now());
      if (waitMs > 0) await clock.sleep(waitMs, this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
      for (const [group, at] of this.#due) if (at <= clock.now()) this.#evaluate(group, at);
      this.#advance();
    }
  }

  #evaluate(group: GroupEvaluator, at: number): void {
    const { plan, store, clock, timeline } = this.#options;
    const { transitions, failures, due } = group.evaluate(at, store, (batch) => store.appendBatch(batch));
    this.#due.set(group, group.nextAt(clock.now()));
    for (const transition of transitions) this.#tell(transition);
    for (const rule of group.group.rules) {
      const reason = failures.find((failure) => failure.rule === rule.name)?.reason;
      if (reason !== undefined && !this.#failing.has(rule.name))
        timeline.emit('rule.failed', { rule: rule.name, group: group.group.name, reason });
      if (reason === undefined) this.#failing.delete(rule.name);
      else this.#failing.set(rule.name, reason);
    }
    if (due.length === 0) return;
    for (const grouping of this.#dispatcher?.receive(due, clock.now()) ?? []) this.#tellGrouped(grouping);
    const { alertmanager } = plan.experiment.telemetry;
    if (!alertmanager || !('url' in alertmanager)) return;
    const posted = postAlerts(alertmanager.url, alertmanager.http, clock, due);
    this.#track(posted.catch((error: Error) => timeline.emit('warning', { message: error.message })));
  }

  #tell({ at, kind, alert, labels, annotations, value, activeAt, group, file }: AlertTransition): void {
    const { timeline } = this.#options;
    const ref: AlertRef = { alert, labels: labels.toRecord(), rule: { group, file } };
    if (kind === 'resolved') timeline.emit('alert.resolved', { ...ref, value }, at);
    else if (kind === 'dropped') timeline.emit('alert.dropped', ref, at);
    else timeline.emit(`alert.${kind}`, { ...ref, activeAt, value, annotations }, at);
  }

  #tellGrouped({ at, alert, groupLabels, ...grouping }: Grouping): void {
    const { receiver, groupKey, route, opens, flushAt } = grouping;
    const place = { receiver, groupKey, groupLabels: groupLabels.toRecord(), route, opens, flushAt };
    this.#options.timeline.emit('alert.grouped', { ...this.#refOf(alert.labels), ...place }, at);
  }

  #advance(): void {
    if (!this.#dispatcher) return;
    const { notifications, suppressed } = this.#dispatcher.advance(this.#options.clock.now());
    for (const suppression of suppressed) this.#tellSuppressed(suppression);
    for (const intent of notifications) {
      const { reason, at } = intent;
      this.#options.timeline.emit('group.flushed', { ...notificationOf(intent), reason }, at);
      this.#track(this.#send(intent));
    }
  }

  #tellSuppressed({ at, alert, reason, by, source, receiver }: Suppression): void {
    const inhibitor = source ? { source: source.toRecord() } : {};
    const held = { reason, by, receiver, ...inhibitor };
    this.#options.timeline.emit('alert.suppressed', { ...this.#refOf(alert.labels), ...held }, at);
  }

  /** What the dispatcher knows of an alert does not say which rule it is of. */
  #refOf(labels: Labels): AlertRef {
    const alert = labels.get('alertname');
    const rule = this.#ruleOf.get(alert) ?? { group: '', file: '' };
    return { alert, labels: labels.toRecord(), rule };
  }

  async #send(intent: NotificationIntent): Promise<void> {
    const { clock, folder, captureUrl, timeline } = this.#options;
    const request = captureRequest(intent, { run: folder.id, externalUrl, captureUrl });
    const outcome = await deliver(request, {
      send: post,
      clock,
      random: seededRandom(intent.id),
      deadlineAt: intent.deadlineAt,
      attemptTimeoutMs: intent.integration.webhook?.timeoutMs ?? 0,
      signal: this.#stopping.signal,
    });
    this.#dispatcher?.settle(intent, { ok: outcome.ok, atMs: outcome.at });
    if (outcome.ok) return;
    const { reason, attempts } = outcome;
    timeline.emit('notification.failed', { ...notificationOf(intent), reason, attempts });
  }

  #track(work: Promise<void>): void {
    const tracked: Promise<void> = work.finally(() => this.#sending.delete(tracked));
    this.#sending.add(tracked);
  }
}

function notificationOf(intent: NotificationIntent): NotificationEvent {
  const { receiver, integration, groupKey, groupLabels, alerts } = intent;
  return {
    receiver,
    integration: `${integration.type}[${integration.index}]`,
    groupKey,
    groupLabels: groupLabels.toRecord(),
    status: alerts.some(({ status }) => status === 'firing') ? 'firing' : 'resolved',
    alerts: alerts.map(({ status, alert }) => ({ status, labels: alert.labels.toRecord() })),
  };
}

const post: Send = async ({ url, headers, body }, signal) => {
  const response = await fetch(url, { method: 'POST', headers, body, signal });
  await response.body?.cancel();
  return { status: response.status };
};
