// From samples to the pager: alert states from our own rules or a remote's, notifications through the embedded
// Alertmanager or a remote one, and the capture receiver that stands in for every pager.

import { type CapturedNotification, CaptureReceiver } from '../../alertmanager/capture.ts';
import type { Clock } from '../../base/clock.ts';
import type { Labels } from '../../base/labels.ts';
import type { Leases } from '../../faults/leases/leases.ts';
import { RemoteApi } from '../../telemetry/remote/api.ts';
import type { Plan } from '../plan/plan.ts';
import type { AlertRef, NotificationEvent } from '../timeline.ts';
import type { AlertWatch } from './alert-watch.ts';
import { EmbeddedAlerts } from './embedded-alerts.ts';
import type { RunFolder } from './folder.ts';
import { RemoteAlerts } from './remote-alerts.ts';
import { RemoteGroups } from './remote-groups.ts';
import type { RunSeries } from './run-series.ts';
import { ShadowSession } from './shadow-session.ts';
import type { TimelineLog } from './timeline-log.ts';

export interface AlertingOptions {
  readonly plan: Plan;
  readonly folder: RunFolder;
  readonly store: RunSeries;
  readonly clock: Clock;
  readonly timeline: TimelineLog;
  readonly leases: Leases;
  readonly lifeMsMax: number;
  /** The real pager can no longer be held. */
  onPagerFree(reason: string): void;
}

export class AlertingSession {
  readonly #options: AlertingOptions;
  readonly #capture: CaptureReceiver;
  readonly #watch: AlertWatch;
  /** Of the experiment, and of the files that notifications read theirs from. */
  readonly #secrets: Set<string>;
  readonly #groups: RemoteGroups | undefined;
  #shadow: ShadowSession | undefined;
  /** Receivers that were told of an alert and not yet of its end. */
  readonly #open = new Set<string>();

  /** Listens already when it resolves; nothing is evaluated before `start`. */
  static async open(options: AlertingOptions): Promise<AlertingSession> {
    const session = new AlertingSession(options);
    await session.#capture.start();
    const { plan, folder } = options;
    if (plan.shadow)
      session.#shadow = await ShadowSession.open({
        ...options,
        plan: plan.shadow,
        secrets: session.#secrets,
        run: folder.id,
        captureUrl: (receiver) => session.#capture.urlFor(receiver),
        ruleOf: (labels) => session.#ruleOf(labels),
        onLost: options.onPagerFree,
      });
    return session;
  }

  private constructor(options: AlertingOptions) {
    const { plan, folder, clock, timeline } = options;
    const { telemetry, secrets } = plan.experiment;
    this.#options = options;
    this.#secrets = new Set(secrets);
    this.#capture = new CaptureReceiver({
      spec: telemetry.capture,
      clock,
      folder: folder.notifications,
      secrets: this.#secrets,
      onNotification: (captured) => this.#captured(captured),
      onError: (message) => timeline.emit('warning', { message }),
    });
    const { prometheus } = telemetry;
    this.#watch =
      plan.judged.alertSource === 'remote' && prometheus
        ? new RemoteAlerts(new RemoteApi(prometheus, clock), prometheus.intervalMs, clock, timeline)
        : new EmbeddedAlerts({
            ...options,
            secrets: this.#secrets,
            captureUrl: (receiver) => this.#capture.urlFor(receiver),
          });
    timeline.subscribe((event) => {
      if (event.type === 'notification.delivered') this.#told(event);
    });
    const { alertmanager } = telemetry;
    if (plan.remoteAlertmanager && !plan.shadow && alertmanager && 'url' in alertmanager)
      this.#groups = new RemoteGroups({
        ...{ url: alertmanager.url, http: alertmanager.http, config: plan.remoteAlertmanager },
        ...{ scope: plan.experiment.collateral.scope, clock, timeline },
        ruleOf: (labels) => this.#ruleOf(labels),
      });
  }

  start(): void {
    this.#watch.start();
    this.#groups?.start();
    this.#shadow?.start();
  }

  /** Long windows have their history: rules that read them begin, with an evaluation at once. */
  beginWaiting(): void {
    if (this.#watch instanceof EmbeddedAlerts) this.#watch.beginWaiting();
  }

  async stop(): Promise<void> {
    const { scope = {} } = this.#options.plan.experiment.collateral;
    const active = this.#watch
      .active()
      .filter(({ ref }) => Object.entries(scope).every(([name, value]) => ref.labels[name] === value))
      .map(({ ref }) => ref.alert);
    await this.#watch.stop();
    await this.#groups?.stop();
    await this.#shadow?.stop(active).finally(() => this.#capture.stop());
    await this.#capture.stop();
  }

  /** A listed alert that is active before the fault, and states that cannot be seen. */
  unsteady(): string[] {
    const { alerts } = this.#options.plan.experiment;
    const early = this.#watch
      .active()
      .filter(({ ref }) =>
        alerts.some(
          (spec) =>
            spec.name === ref.alert &&
            Object.entries(spec.labels).every(([name, value]) => ref.labels[name] === value),
        ),
      )
      .map(({ ref, state }) => `alert ${ref.alert} is ${state} already`);
    return [...new Set(early), ...this.#watch.unsteady(), ...(this.#shadow?.unsteady() ?? [])];
  }

  hasRung(name: string): boolean {
    return this.#options.timeline.events.some(
      (event) => event.type === 'alert.firing' && event.alert === name,
    );
  }

  /** No alert is active, and everyone who was told of one has been told of its end. */
  settled(): boolean {
    const untold = this.#watch.untold() || this.#shadow?.untold() === true;
    return this.#watch.active().length === 0 && !untold && this.#open.size === 0;
  }

  #captured(captured: CapturedNotification): void {
    const { timeline } = this.#options;
    const { receiver, answer } = captured;
    if (captured.aside) return;
    const event = this.#eventOf(captured);
    if (!event) {
      timeline.emit('warning', {
        message: `the capture receiver got something for ${receiver} that is no Alertmanager webhook`,
      });
      return;
    }
    if (answer.status >= 300) {
      // What we send ourselves is tried again, and its failure is told when that has ended.
      if (this.#watch instanceof RemoteAlerts) {
        timeline.emit(
          'notification.failed',
          { ...event, reason: `answered with status ${answer.status}`, attempts: 1 },
          captured.at,
        );
      }
      return;
    }
    this.#told(event);
    timeline.emit('notification.captured', { ...event, file: captured.file ?? '' }, captured.at);
  }

  /** An Alertmanager does not say which rule an alert is of. */
  #ruleOf(labels: Labels): AlertRef['rule'] {
    const name = labels.get('alertname');
    const active = this.#watch.active().find(({ ref }) => ref.alert === name);
    return active?.ref.rule ?? { group: '', file: '' };
  }

  /** What we told ourselves is known; what others send must say it in its body. */
  #eventOf({
    notification,
    message,
    receiver,
    integration,
  }: CapturedNotification): NotificationEvent | undefined {
    const teller = this.#shadow ?? (this.#watch instanceof EmbeddedAlerts ? this.#watch : undefined);
    const own = notification === undefined ? undefined : teller?.telling(notification);
    if (own || !message) return own;
    const { groupKey, groupLabels, status, alerts } = message;
    const told = alerts.map((alert) => ({ status: alert.status, labels: alert.labels }));
    return { receiver, integration, groupKey, groupLabels, status, alerts: told };
  }

  #told({ receiver, alerts }: NotificationEvent): void {
    for (const { status, labels } of alerts) {
      const key = `${receiver} ${JSON.stringify(labels)}`;
      if (status === 'firing' && this.#sendsResolved(receiver)) this.#open.add(key);
      else this.#open.delete(key);
    }
  }

  /** As the routes of the plan know it; yes where they do not. */
  #sendsResolved(receiver: string): boolean {
    const routes = this.#options.plan.judged.alerts.flatMap((alert) =>
      alert.rules.flatMap((rule) => rule.routes),
    );
    return routes.find((route) => route.receiver === receiver)?.sendResolved ?? true;
  }
}
