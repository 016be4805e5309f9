// The body of Alertmanager's webhook, version 4.
// https://prometheus.io/docs/alertmanager/latest/configuration/#webhook_config

import type { LabelRecord, Labels } from '../../base/labels.ts';
import { fingerprint } from '../../rules/fingerprint.ts';
import type { FlushedAlert } from '../dispatch/group.ts';
import type { NotificationReason } from './notification-log.ts';

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

export interface WebhookNotification {
  readonly receiver: string;
  readonly reason: NotificationReason;
  readonly groupKey: string;
  readonly groupLabels: Labels;
  readonly alerts: readonly FlushedAlert[];
}

export function webhookBody(
  notification: WebhookNotification,
  options: {
    readonly externalUrl: string;
    /** 0 for all. */
    readonly maxAlerts: number;
  },
): WebhookBody {
  const { alerts } = notification;
  const shown = options.maxAlerts > 0 ? alerts.slice(0, options.maxAlerts) : alerts;
  return {
    receiver: quoteMeta(notification.receiver),
    status: shown.some(({ status }) => status === 'firing') ? 'firing' : 'resolved',
    alerts: shown.map(webhookAlert),
    notification_reason: notification.reason,
    groupLabels: notification.groupLabels.toRecord(),
    commonLabels: common(shown.map(({ alert }) => alert.labels.toRecord())),
    commonAnnotations: common(shown.map(({ alert }) => alert.annotations)),
    externalURL: options.externalUrl,
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

/** The pairs that all have. */
function common(records: readonly LabelRecord[]): LabelRecord {
  const [first, ...rest] = records;
  const shared = Object.entries(first ?? {}).filter(([name, value]) =>
    rest.every((record) => record[name] === value),
  );
  return sorted(Object.fromEntries(shared));
}

function sorted(record: LabelRecord): LabelRecord {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Go's regexp.QuoteMeta. */
function quoteMeta(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}

/** The receiver's name from a body. */
export function unquoteMeta(text: string): string {
  return text.replace(/\\([\\.+*?()|[\]{}^$])/g, '$1');
}
