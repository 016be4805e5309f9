// What each receiver has been told about each group, and from that whether it is to be told again.

/** Why a notification is sent, in Alertmanager's words. */
export type NotificationReason =
  | 'first notification'
  | 'new alerts added'
  | 'some alerts resolved'
  | 'all alerts resolved'
  | 'repeat interval elapsed';

/** Keys of the label sets of a group's alerts, by state. */
export interface AlertKeys {
  readonly firing: ReadonlySet<string>;
  readonly resolved: ReadonlySet<string>;
}

interface Entry extends AlertKeys {
  readonly at: number;
  readonly expiresAt: number;
}

/** Alertmanager's `--data.retention`. */
const retentionMs = 120 * 60 * 60_000;

export class NotificationLog {
  readonly #entries = new Map<string, Entry>();

  /** `key` names the group and the integration. */
  record(key: string, alerts: AlertKeys, atMs: number, repeatIntervalMs: number): void {
    const expiresAt = atMs + Math.min(retentionMs, 2 * repeatIntervalMs);
    this.#entries.set(key, { ...alerts, at: atMs, expiresAt });
  }

  /** Undefined when there is nothing to say. */
  reasonToNotify(
    key: string,
    { firing, resolved }: AlertKeys,
    atMs: number,
    options: { readonly repeatIntervalMs: number; readonly sendResolved: boolean },
  ): NotificationReason | undefined {
    const entry = this.#entries.get(key);
    if (!entry || entry.expiresAt <= atMs) return firing.size > 0 ? 'first notification' : undefined;
    if (!isSubset(firing, entry.firing))
      return entry.firing.size === 0 ? 'first notification' : 'new alerts added';
    // Also when resolved alerts are not sent: the log must forget those that fired.
    if (firing.size === 0) return entry.firing.size > 0 ? 'all alerts resolved' : undefined;
    if (options.sendResolved && !isSubset(resolved, entry.resolved)) return 'some alerts resolved';
    return entry.at < atMs - options.repeatIntervalMs ? 'repeat interval elapsed' : undefined;
  }

  prune(atMs: number): void {
    for (const [key, entry] of this.#entries) if (entry.expiresAt <= atMs) this.#entries.delete(key);
  }
}

function isSubset(part: ReadonlySet<string>, whole: ReadonlySet<string>): boolean {
  for (const key of part) if (!whole.has(key)) return false;
  return true;
}
