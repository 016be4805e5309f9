// Our own rules on the store, and the embedded Alertmanager behind them: one loop that wakes for whichever is due
// first, a rule group or a notification group.

import { postAlerts } from '../../alertmanager/remote.ts';
import { settledWithin } from '../../base/clock.ts';
import { type AlertTransition, GroupEvaluator } from '../../rules/group.ts';
import type { AlertRef, NotificationEvent } from '../timeline.ts';
import type { AlertWatch } from './alert-watch.ts';
import type { AlertingOptions } from './alerting-session.ts';
import { DrillNotifier, drillExternalUrl } from './drill-notifier.ts';

export interface EmbeddedAlertsOptions extends AlertingOptions {
  readonly secrets: Set<string>;
  captureUrl(receiver: string): URL;
}

/** The annotation that tells a drill's alerts from real ones, with the run's id. */
const runAnnotation = 'firedrill_run';
/** At the end of a run, what is being sent gets this long. */
const lastSendMs = 2000;

export class EmbeddedAlerts implements AlertWatch {
  readonly #options: EmbeddedAlertsOptions;
  readonly #groups: readonly GroupEvaluator[];
  readonly #notifier: DrillNotifier | undefined;
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
          externalUrl: drillExternalUrl,
          offset: 'hash',
          features: new Set(telemetry.features),
        }),
    );
    for (const { name: group, file, rules } of plan.ruleGroups.toReversed())
      for (const rule of rules) this.#ruleOf.set(rule.name, { group, file });
    this.#notifier =
      plan.alertmanager &&
      plan.notifications &&
      new DrillNotifier({
        config: plan.alertmanager,
        ...plan.notifications,
        secrets: options.secrets,
        run: options.folder.id,
        clock: options.clock,
        timeline: options.timeline,
        captureUrl: options.captureUrl,
        ruleOf: (labels) => this.#ruleOf.get(labels.get('alertname')) ?? { group: '', file: '' },
      });
  }

  start(): void {
    const now = this.#options.clock.now();
    for (const group of this.#groups) if (!this.#waits(group)) this.#due.set(group, group.nextAt(now));
    this.#notifier?.start();
    this.#loop = this.#run();
  }

  /** The groups that waited for a history are evaluated now, in their order, and from then on in their rhythm. */
  beginWaiting(): void {
    const now = this.#options.clock.now();
    for (const group of this.#groups) if (this.#waits(group)) this.#evaluate(group, now);
  }

  #waits({ group }: GroupEvaluator): boolean {
    return this.#options.plan.waitingGroups.has(group);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await this.#notifier?.stop();
    await settledWithin(Promise.allSettled(this.#sending), lastSendMs, this.#options.clock);
  }

  /** What is being told by the notification of that number. */
  telling(notification: number): NotificationEvent | undefined {
    return this.#notifier?.telling(notification);
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
    return this.#sending.size > 0 || this.#notifier?.untold() === true;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const waitMs = Math.min(1000, Math.min(...this.#due.values()) - clock.now());
      if (waitMs > 0) await clock.sleep(waitMs, this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
      for (const [group, at] of this.#due) if (at <= clock.now()) this.#evaluate(group, at);
    }
  }

  #evaluate(group: GroupEvaluator, at: number): void {
    const { plan, store, clock, timeline, folder } = this.#options;
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
    this.#notifier?.receive(due);
    const { alertmanager } = plan.experiment.telemetry;
    if (!alertmanager || !('url' in alertmanager)) return;
    // A real Alertmanager hands annotations on as they are, so its notifications say whose they are too.
    const marked = due.map((alert) => ({
      ...alert,
      annotations: { ...alert.annotations, [runAnnotation]: folder.id },
    }));
    const posted = postAlerts(alertmanager.url, alertmanager.http, clock, marked);
    this.#track(posted.catch((error: Error) => timeline.emit('warning', { message: error.message })));
  }

  #tell({ at, kind, alert, labels, annotations, value, activeAt, group, file }: AlertTransition): void {
    const { timeline } = this.#options;
    const ref: AlertRef = { alert, labels: labels.toRecord(), rule: { group, file } };
    if (kind === 'resolved') timeline.emit('alert.resolved', { ...ref, value }, at);
    else if (kind === 'dropped') timeline.emit('alert.dropped', ref, at);
    else timeline.emit(`alert.${kind}`, { ...ref, activeAt, value, annotations }, at);
  }

  #track(work: Promise<void>): void {
    const tracked: Promise<void> = work.finally(() => this.#sending.delete(tracked));
    this.#sending.add(tracked);
  }
}
