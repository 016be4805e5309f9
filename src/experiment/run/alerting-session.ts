// From samples to the pager: alert states from our own rules or a remote's, notifications through the embedded
// Alertmanager or a remote one, and the capture receiver that stands in for every pager.

import { type CapturedNotification, CaptureReceiver } from '../../alertmanager/capture.ts';
import type { Clock } from '../../base/clock.ts';
import type { SeriesStore } from '../../telemetry/metrics/store.ts';
import { RemoteApi } from '../../telemetry/remote/api.ts';
import type { Plan } from '../plan/plan.ts';
import type { NotificationEvent } from '../timeline.ts';
import type { AlertWatch } from './alert-watch.ts';
import { EmbeddedAlerts } from './embedded-alerts.ts';
import type { RunFolder } from './folder.ts';
import { RemoteAlerts } from './remote-alerts.ts';
import type { TimelineLog } from './timeline-log.ts';

export interface AlertingOptions {
  readonly plan: Plan;
  readonly folder: RunFolder;
  readonly store: SeriesStore;
  readonly clock: Clock;
  readonly timeline: TimelineLog;
}

export class AlertingSession {
  readonly #options: AlertingOptions;
  readonly #capture: CaptureReceiver;
  readonly #watch: AlertWatch;
  /** Receivers that were told of an alert and not yet of its end. */
  readonly #open = new Set<string>();

  /** Listens already when it resolves; nothing is evaluated before `start`. */
  static async open(options: AlertingOptions): Promise<AlertingSession> {
    const session = new AlertingSession(options);
    await session.#capture.start();
    return session;
  }

  private constructor(options: AlertingOptions) {
    const { plan, folder, clock, timeline } = options;
    const { telemetry, secrets } = plan.experiment;
    this.#options = options;
    this.#capture = new CaptureReceiver({
      spec: telemetry.capture,
      clock,
      folder: folder.notifications,
      secrets,
      onNotification: (captured) => this.#captured(captured),
      onError: (message) => timeline.emit('warning', { message }),
    });
    const { prometheus } = telemetry;
    this.#watch =
      plan.judged.alertSource === 'remote' && prometheus
        ? new RemoteAlerts(new RemoteApi(prometheus, clock), prometheus.intervalMs, clock, timeline)
        : new EmbeddedAlerts({ ...options, captureUrl: (receiver) => this.#capture.urlFor(receiver) });
  }

  start(): void {
    this.#watch.start();
  }

  async stop(): Promise<void> {
    await this.#watch.stop();
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
    return [...new Set(early), ...this.#watch.unsteady()];
  }

  hasRung(name: string): boolean {
    return this.#options.timeline.events.some(
      (event) => event.type === 'alert.firing' && event.alert === name,
    );
  }

  /** No alert is active, and everyone who was told of one has been told of its end. */
  settled(): boolean {
    return this.#watch.active().length === 0 && !this.#watch.untold() && this.#open.size === 0;
  }

  #captured(captured: CapturedNotification): void {
    const { timeline } = this.#options;
    const { message, receiver, integration, answer } = captured;
    if (!message) {
      timeline.emit('warning', {
        message: `the capture receiver got something for ${receiver} that is no Alertmanager webhook`,
      });
      return;
    }
    const event: NotificationEvent = {
      receiver,
      integration,
      groupKey: message.groupKey,
      groupLabels: message.groupLabels,
      status: message.status,
      alerts: message.alerts.map(({ status, labels }) => ({ status, labels })),
    };
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
    for (const alert of message.alerts) {
      const key = `${receiver} ${alert.fingerprint} ${JSON.stringify(alert.labels)}`;
      if (alert.status === 'firing' && this.#sendsResolved(receiver)) this.#open.add(key);
      else this.#open.delete(key);
    }
    timeline.emit('notification.captured', { ...event, file: captured.file ?? '' }, captured.at);
  }

  /** As the routes of the plan know it; yes where they do not. */
  #sendsResolved(receiver: string): boolean {
    const routes = this.#options.plan.judged.alerts.flatMap((alert) =>
      alert.rules.flatMap((rule) => rule.routes),
    );
    return routes.find((route) => route.receiver === receiver)?.sendResolved ?? true;
  }
}
