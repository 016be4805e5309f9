// The Alertmanager of a drill: groups, waits and holds back as its configuration says, and hands every notification to
// the capture receiver. Each hop is an event; each notification carries the run's id.

import type { PostedAlert } from '../../alertmanager/alert.ts';
import type { AlertmanagerConfig } from '../../alertmanager/config/model.ts';
import {
  Dispatcher,
  type Grouping,
  type NotificationIntent,
  type Suppression,
} from '../../alertmanager/dispatch/dispatcher.ts';
import { Pipeline } from '../../alertmanager/dispatch/pipeline.ts';
import { captureRequest } from '../../alertmanager/notify/capture-request.ts';
import { type Delivery, deliver, type Send } from '../../alertmanager/notify/deliver.ts';
import type { Clock } from '../../base/clock.ts';
import { parseDuration } from '../../base/duration.ts';
import type { Labels } from '../../base/labels.ts';
import { seededRandom } from '../../base/random.ts';
import type { AlertRef, NotificationEvent } from '../timeline.ts';
import type { TimelineLog } from './timeline-log.ts';

export interface DrillNotifierOptions {
  readonly config: AlertmanagerConfig;
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

  constructor(options: DrillNotifierOptions) {
    this.#options = options;
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
  }

  async #deliver(intent: NotificationIntent, signal: AbortSignal): Promise<Delivery> {
    const { clock, run, captureUrl, timeline } = this.#options;
    const request = captureRequest(intent, { run, externalUrl: drillExternalUrl, captureUrl });
    const outcome = await deliver(request, {
      send: post,
      clock,
      random: seededRandom(intent.id),
      deadlineAt: intent.deadlineAt,
      attemptTimeoutMs: parseDuration(String(intent.integration.settings.timeout ?? '')) ?? 0,
      signal,
    });
    if (!outcome.ok) {
      const { reason, attempts } = outcome;
      timeline.emit('notification.failed', { ...notificationOf(intent), reason, attempts });
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

const post: Send = async ({ url, headers, body }, signal) => {
  const response = await fetch(url, { method: 'POST', headers, body, signal });
  await response.body?.cancel();
  return { status: response.status };
};
