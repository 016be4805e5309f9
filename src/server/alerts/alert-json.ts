// Alerts as API v2 shows them.

import type { Alert } from '../../alertmanager/alert.ts';
import type { AlertStatus } from '../../alertmanager/dispatch/restraint.ts';
import { fingerprint } from '../../rules/fingerprint.ts';

export interface AlertJson {
  readonly annotations: object;
  readonly endsAt: string;
  readonly fingerprint: string;
  readonly receivers: readonly { readonly name: string }[];
  readonly startsAt: string;
  readonly status: {
    readonly inhibitedBy: readonly string[];
    readonly mutedBy: readonly string[];
    readonly silencedBy: readonly string[];
    readonly state: 'active' | 'suppressed';
  };
  readonly updatedAt: string;
  readonly generatorURL?: string;
  readonly labels: object;
}

export function alertJson(
  alert: Alert,
  { silencedBy, inhibitedBy }: AlertStatus,
  receivers: readonly string[],
  mutedBy: readonly string[],
): AlertJson {
  const isHeldBack = silencedBy.length > 0 || inhibitedBy !== undefined || mutedBy.length > 0;
  return {
    annotations: alert.annotations,
    endsAt: timeText(alert.endsAt),
    fingerprint: fingerprint(alert.labels),
    receivers: receivers.map((name) => ({ name })),
    startsAt: timeText(alert.startsAt),
    status: {
      inhibitedBy: inhibitedBy ? [fingerprint(inhibitedBy)] : [],
      mutedBy,
      silencedBy: silencedBy.map(({ id }) => id),
      state: isHeldBack ? 'suppressed' : 'active',
    },
    updatedAt: timeText(alert.updatedAt),
    ...(alert.generatorUrl !== '' && { generatorURL: alert.generatorUrl }),
    labels: alert.labels.toRecord(),
  };
}

/** RFC 3339 with milliseconds; times that a date cannot hold stand at the nearest that it can. */
export function timeText(ms: number): string {
  const bounded = Math.min(Math.max(ms, -62_135_596_800_000), 253_402_300_799_999);
  return new Date(bounded).toISOString();
}
