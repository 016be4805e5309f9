// What is said of several alerts together, and how names are written where Alertmanager expects regular expressions.

import type { LabelRecord } from '../../base/labels.ts';
import type { FlushedAlert } from '../dispatch/group.ts';

/** Firing as long as one is. */
export function statusOf(alerts: readonly FlushedAlert[]): 'firing' | 'resolved' {
  return alerts.some(({ status }) => status === 'firing') ? 'firing' : 'resolved';
}

/** The pairs that all have. */
export function common(records: readonly LabelRecord[]): LabelRecord {
  const [first, ...rest] = records;
  const shared = Object.entries(first ?? {}).filter(([name, value]) =>
    rest.every((record) => record[name] === value),
  );
  return sorted(Object.fromEntries(shared));
}

export function sorted(record: LabelRecord): LabelRecord {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Go's regexp.QuoteMeta. */
export function quoteMeta(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}

/** The receiver's name from a body. */
export function unquoteMeta(text: string): string {
  return text.replace(/\\([\\.+*?()|[\]{}^$])/g, '$1');
}
