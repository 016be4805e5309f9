// An alert as Alertmanager holds it. Times are Unix milliseconds.

import type { LabelRecord, Labels } from '../base/labels.ts';

export interface Alert {
  readonly labels: Labels;
  readonly annotations: LabelRecord;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly generatorUrl: string;
  /** When it was last heard of. */
  readonly updatedAt: number;
  /** Its end was not sent but is a guess: resolve_timeout after it was heard of. */
  readonly timeout: boolean;
}

/** What a sender posts; Alertmanager fills in what is missing. */
export interface PostedAlert {
  readonly labels: Labels;
  readonly annotations: LabelRecord;
  readonly startsAt?: number;
  readonly endsAt?: number;
  readonly generatorUrl?: string;
}

export function isResolved(alert: { readonly endsAt: number }, atMs: number): boolean {
  return alert.endsAt <= atMs;
}

export function receivedAlert(posted: PostedAlert, atMs: number, resolveTimeoutMs: number): Alert {
  return {
    labels: posted.labels,
    annotations: posted.annotations,
    startsAt: posted.startsAt ?? Math.min(atMs, posted.endsAt ?? atMs),
    endsAt: posted.endsAt ?? atMs + resolveTimeoutMs,
    generatorUrl: posted.generatorUrl ?? '',
    updatedAt: atMs,
    timeout: posted.endsAt === undefined,
  };
}

/** What is known of one alert after another message about it. */
export function mergeAlerts(old: Alert | undefined, fresh: Alert, atMs: number): Alert {
  if (!old || !overlaps(old, fresh)) return fresh;
  // A clock that was set back makes the newer message look older; Alertmanager goes by the times.
  if (fresh.updatedAt < old.updatedAt) return merged(fresh, old, atMs);
  return merged(old, fresh, atMs);
}

function merged(old: Alert, fresh: Alert, atMs: number): Alert {
  const startsAt = Math.min(old.startsAt, fresh.startsAt);
  const keepsEnd = isResolved(fresh, atMs) ? isResolved(old, atMs) : !old.timeout;
  const endsAt = keepsEnd ? Math.max(old.endsAt, fresh.endsAt) : fresh.endsAt;
  return { ...fresh, startsAt, endsAt };
}

function overlaps(old: Alert, fresh: Alert): boolean {
  return (
    (fresh.endsAt > old.startsAt && fresh.endsAt < old.endsAt) ||
    (fresh.startsAt > old.startsAt && fresh.startsAt < old.endsAt)
  );
}

/** Alertmanager's order inside a notification: by job, instance, then all labels. */
export function compareAlerts(a: { readonly labels: Labels }, b: { readonly labels: Labels }): number {
  for (const name of ['job', 'instance']) {
    const [left, right] = [a.labels.get(name), b.labels.get(name)];
    if (left === right) continue;
    // An alert without the label stands behind those that have it.
    if (left === '' || right === '') return left === '' ? 1 : -1;
    return left < right ? -1 : 1;
  }
  return compareLabelSets(a.labels, b.labels);
}

/** Alertmanager's order of label sets: fewer labels first; then the first label, by name, that differs: the set without it, or with the lower value. */
export function compareLabelSets(a: Labels, b: Labels): number {
  if (a.pairs.length !== b.pairs.length) return a.pairs.length - b.pairs.length;
  for (let i = 0; i < a.pairs.length; i++) {
    const [nameA, valueA] = a.pairs[i]!;
    const [nameB, valueB] = b.pairs[i]!;
    if (nameA !== nameB) return nameA < nameB ? 1 : -1;
    if (valueA !== valueB) return valueA < valueB ? -1 : 1;
  }
  return 0;
}
