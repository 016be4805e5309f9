// A notification of the dispatcher with what its integration needs to put it into words.

import { parseDocument } from 'yaml';
import type { NotificationIntent } from '../dispatch/dispatcher.ts';
import type { FlushedAlert } from '../dispatch/group.ts';
import { common, statusOf } from './alert-sets.ts';
import type { Notification } from './notifier.ts';
import { templateData } from './templates/data.ts';
import type { NotificationTemplates } from './templates/notification-templates.ts';

export interface Surroundings {
  readonly templates: NotificationTemplates;
  /** What notifications give as Alertmanager's own address. */
  readonly externalUrl: string;
  /** For `now` and `since` of templates; Unix milliseconds. */
  readonly nowMs: number;
}

type Told = Pick<NotificationIntent, 'receiver' | 'reason' | 'groupKey' | 'groupLabels' | 'alerts'>;

export function notificationOf(told: Told, surroundings: Surroundings): Notification {
  const { templates, externalUrl, nowMs } = surroundings;
  const { receiver, reason, groupKey, alerts } = told;
  const groupLabels = told.groupLabels.toRecord();
  const data = templateData({ receiver, reason, groupLabels, alerts, externalUrl });
  const text = (template: string): string => templates.expand(template, data, 'text', nowMs);
  return {
    receiver,
    reason,
    groupKey,
    groupLabels,
    alerts,
    status: statusOf(alerts),
    commonLabels: common(alerts.map(({ alert }) => alert.labels.toRecord())),
    externalUrl,
    text,
    html: (template) => templates.expand(template, data, 'html', nowMs),
    tree: (value) => expandTree(value, text),
    about: (some: readonly FlushedAlert[]) => notificationOf({ ...told, alerts: some }, surroundings),
    data,
  };
}

/** Texts and keys are expanded; a text that is then YAML of another type becomes that value, as Alertmanager has it. */
function expandTree(value: unknown, text: (template: string) => string): unknown {
  if (typeof value === 'string') return inlined(text(value));
  if (Array.isArray(value)) return value.map((item) => expandTree(item, text));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [text(key), expandTree(inner, text)]),
  );
}

/** Go's YAML takes these for texts. */
const textsInGo = new Set(['tag:yaml.org,2002:timestamp', 'TIME']);

function inlined(text: string): unknown {
  const document = parseDocument(text, {
    logLevel: 'silent',
    uniqueKeys: false,
    version: '1.1',
    customTags: (tags) =>
      tags.filter(
        (tag) => typeof tag === 'string' || !(textsInGo.has(tag.tag) || textsInGo.has(formatOf(tag))),
      ),
  });
  if (document.errors.length > 0) return text;
  try {
    const value: unknown = document.toJS({ maxAliasCount: 0 });
    return typeof value === 'string' ? text : value;
  } catch {
    // Aliases may name what is not there, or multiply without end.
    return text;
  }
}

function formatOf(tag: object): string {
  return 'format' in tag ? String(tag.format) : '';
}
