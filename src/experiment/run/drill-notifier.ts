// The Alertmanager of a drill: groups, waits and holds back as its configuration says, and hands every notification to
// the capture receiver, or to the real ones when the user wants them to be told. Each hop is an event; each notification
// carries the run's id.

import type { PostedAlert } from '../../alertmanager/alert.ts';
import type { AlertmanagerConfig } from '../../alertmanager/config/model.ts';
import {
  Dispatcher,
  type Grouping,
  type NotificationIntent,
  type Suppression,
} from '../../alertmanager/dispatch/dispatcher.ts';
import { Pipeline } from '../../alertmanager/dispatch/pipeline.ts';
import { CaptureLine } from '../../alertmanager/notify/capture-line.ts';
import type { Delivery } from '../../alertmanager/notify/deliver.ts';
import { NotificationSender } from '../../alertmanager/notify/sender.ts';
import { ServiceLines } from '../../alertmanager/notify/service-line.ts';
import type { NotificationTemplates } from '../../alertmanager/notify/templates/notification-templates.ts';
import type { Clock } from '../../base/clock.ts';
import type { Labels } from '../../base/labels.ts';
import { seededRandom } from '../../base/random.ts';
import { redact } from '../../base/redact.ts';
import type { AlertRef, NotificationEvent } from '../timeline.ts';
import type { TimelineLog } from './timeline-log.ts';

export interface DrillNotifierOptions {
  readonly config: AlertmanagerConfig;
  readonly templates: NotificationTemplates;
  /** The real receivers are told; otherwise the capture receiver. */
  readonly isReal: boolean;
  /** Never shown; what is read from the configuration's secret files joins them. */
  readonly secrets: Set<string>;
  readonly run: string;
  readonly clock: Clock;
  readonly timeline: TimelineLog;
  captureUrl(receiver: string): URL;
  /** Where the rule of an alert stands: what the dispatcher knows of an alert does not say. */
  ruleOf(labels: Labels): AlertRef['rule'];
}

/** Stands for our own address in links of alerts and notifications. */
export const drillExternalUrl = 'http://firedrill.invalid/';

export class DrillNotifier {
  readonly dispatcher: Dispatcher;
  readonly #options: DrillNotifierOptions;
  readonly #pipeline: Pipeline;
  readonly #services: ServiceLines;
  readonly #sender: NotificationSender;
  /** Those that are being told. */
  readonly #open = new Map<number, NotificationEvent>();

  constructor(options: DrillNotifierOptions) {
    this.#options = options;
    const { clock, secrets, templates, isReal } = options;
    const capture = new CaptureLine(options);
    this.#services = new ServiceLines(clock, secrets);
    this.#sender = new NotificationSender({
      templates,
      clock,
      externalUrl: `${drillExternalUrl}?firedrill_run=${encodeURIComponent(options.run)}`,
      openLine: (intent, signal) =>
        isReal ? this.#services.open(intent, signal) : capture.open(intent, signal),
    });
    this.dispatcher = new Dispatcher(options.config);
    this.#pipeline = new Pipeline({
      dispatcher: this.dispatcher,
      clock: options.clock,
      deliver: (intent, signal) => this.#deliver(intent, signal),
      onGrouped: (grouping) => this.#tellGrouped(grouping),
      onSuppressed: (suppression) => this.#tellSuppressed(suppression),
      onFlushed: (intent) => {
        const { reason, at } = intent;
        options.timeline.emit('group.flushed', { ...notificationOf(intent), reason }, at);
      },
      onBug: (error) => options.timeline.emit('warning', { message: (error as Error).message }),
    });
  }

  start(): void {
    this.#pipeline.start();
  }

  receive(posted: readonly PostedAlert[]): void {
    this.#pipeline.receive(posted);
  }

  untold(): boolean {
    return this.#pipeline.untold();
  }

  async stop(): Promise<void> {
    await this.#pipeline.stop();
    await this.#services.close();
  }

  /** What is being told by the notification of that number, while it is on its way. */
  telling(notification: number): NotificationEvent | undefined {
    return this.#open.get(notification);
  }

  async #deliver(intent: NotificationIntent, signal: AbortSignal): Promise<Delivery> {
    const { timeline, isReal, secrets } = this.#options;
    const event = notificationOf(intent);
    this.#open.set(intent.id, event);
    const outcome = await this.#sender
      .send(intent, seededRandom(intent.id), signal)
      .finally(() => this.#open.delete(intent.id));
    if (!outcome.ok) {
      const reason = redact(outcome.reason, [...secrets]);
      timeline.emit('notification.failed', { ...event, reason, attempts: outcome.attempts });
    } else if (isReal) {
      timeline.emit('notification.delivered', event, outcome.at);
    }
    return outcome;
  }

  #tellGrouped({ at, alert, groupLabels, ...grouping }: Grouping): void {
    const { receiver, groupKey, route, opens, flushAt } = grouping;
    const place = { receiver, groupKey, groupLabels: groupLabels.toRecord(), route, opens, flushAt };
    this.#options.timeline.emit('alert.grouped', { ...this.#refOf(alert.labels), ...place }, at);
  }

  #tellSuppressed({ at, alert, reason, by, source, receiver }: Suppression): void {
    const inhibitor = source ? { source: source.toRecord() } : {};
    const held = { reason, by, receiver, ...inhibitor };
    this.#options.timeline.emit('alert.suppressed', { ...this.#refOf(alert.labels), ...held }, at);
  }

  #refOf(labels: Labels): AlertRef {
    return {
      alert: labels.get('alertname'),
      labels: labels.toRecord(),
      rule: this.#options.ruleOf(labels),
    };
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
