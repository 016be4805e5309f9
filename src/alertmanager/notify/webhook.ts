// The body of Alertmanager's webhook, version 4.
// https://prometheus.io/docs/alertmanager/latest/configuration/#webhook_config

import type { LabelRecord } from '../../base/labels.ts';
import { fingerprint } from '../../rules/fingerprint.ts';
import type { FlushedAlert } from '../dispatch/group.ts';
import { common, quoteMeta, sorted, statusOf } from './alert-sets.ts';
import { exchange, jsonRequest, plainOk } from './http-exchange.ts';
import type { Integration, Notification } from './notifier.ts';
import { addressOf } from './settings.ts';

export interface WebhookBody {
  /** Quoted as a regular expression, as Alertmanager does. */
  readonly receiver: string;
  readonly status: 'firing' | 'resolved';
  readonly alerts: readonly WebhookAlert[];
  /** Since Alertmanager 0.32; absent in what older ones send. */
  readonly notification_reason?: string;
  readonly groupLabels: LabelRecord;
  readonly commonLabels: LabelRecord;
  readonly commonAnnotations: LabelRecord;
  readonly externalURL: string;
  readonly version: '4';
  readonly groupKey: string;
  readonly truncatedAlerts: number;
}

interface WebhookAlert {
  readonly status: 'firing' | 'resolved';
  readonly labels: LabelRecord;
  readonly annotations: LabelRecord;
  /** RFC 3339; the year 1 stands for no end. */
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL: string;
  readonly fingerprint: string;
}

export const webhook: Integration = (settings) => async (notification, line) => {
  const payload = settings.raw('payload');
  const max = settings.number('max_alerts');
  const shown = max > 0 ? notification.about(notification.alerts.slice(0, max)) : notification;
  const body =
    payload === undefined || payload === null ? webhookBody(notification, max) : shown.tree(payload);
  const url = addressOf(shown.text(await settings.secret('url', line)), 'url');
  await exchange(jsonRequest(url, body, plainOk), line);
};

/** `maxAlerts` is 0 for all. */
export function webhookBody(notification: Notification, maxAlerts: number): WebhookBody {
  const { alerts } = notification;
  const shown = maxAlerts > 0 ? alerts.slice(0, maxAlerts) : alerts;
  return {
    receiver: quoteMeta(notification.receiver),
    status: statusOf(shown),
    alerts: shown.map(webhookAlert),
    notification_reason: notification.reason,
    groupLabels: notification.groupLabels,
    commonLabels: common(shown.map(({ alert }) => alert.labels.toRecord())),
    commonAnnotations: common(shown.map(({ alert }) => alert.annotations)),
    externalURL: notification.externalUrl,
    version: '4',
    groupKey: notification.groupKey,
    truncatedAlerts: alerts.length - shown.length,
  };
}

const noTime = '0001-01-01T00:00:00Z';

function webhookAlert({ status, alert }: FlushedAlert): WebhookAlert {
  return {
    status,
    labels: alert.labels.toRecord(),
    annotations: sorted(alert.annotations),
    startsAt: timestamp(alert.startsAt),
    endsAt: status === 'resolved' ? timestamp(alert.endsAt) : noTime,
    generatorURL: alert.generatorUrl,
    fingerprint: fingerprint(alert.labels),
  };
}

/** As Go writes it: no fraction when it is zero, no trailing zeros. */
function timestamp(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.?0*Z$/, 'Z');
}
