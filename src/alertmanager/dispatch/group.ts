// One aggregation group: the alerts of one route that share the labels it groups by, flushed together.

import type { Labels } from '../../base/labels.ts';
import { type Alert, compareAlerts, isResolved } from '../alert.ts';
import { groupKey, type Route } from './route.ts';

/** An alert as it stands when its group is flushed; it does not resolve while the notification is on its way. */
export interface FlushedAlert {
  readonly status: 'firing' | 'resolved';
  readonly alert: Alert;
}

export class AggregationGroup {
  readonly route: Route;
  readonly labels: Labels;
  readonly key: string;
  readonly #alerts = new Map<string, Alert>();
  /** When it is flushed next. */
  nextFlushAt: number;
  /** A flush whose notifications have not all been settled holds the next one up. */
  inFlight = false;
  /** What held back each alert when it was last reported, by the alert's key. */
  readonly suppressedBy = new Map<string, string>();

  constructor(route: Route, labels: Labels, first: Alert, atMs: number) {
    this.route = route;
    this.labels = labels;
    this.key = groupKey(route, labels);
    this.#alerts.set(first.labels.key, first);
    // An alert that is older than the wait, say from before a restart, is notified at once.
    const isOld = first.startsAt + route.groupWaitMs < atMs;
    this.nextFlushAt = isOld ? atMs : atMs + route.groupWaitMs;
  }

  get isEmpty(): boolean {
    return this.#alerts.size === 0;
  }

  /** True when the group did not have it, or only as resolved. */
  insert(alert: Alert, atMs: number): boolean {
    const { key } = alert.labels;
    const known = this.#alerts.get(key);
    this.#alerts.set(key, alert);
    return known === undefined || isResolved(known, atMs);
  }

  alerts(): Iterable<Alert> {
    return this.#alerts.values();
  }

  flush(atMs: number): FlushedAlert[] {
    return [...this.#alerts.values()].sort(compareAlerts).map((alert) => ({
      status: isResolved(alert, atMs) ? 'resolved' : 'firing',
      alert,
    }));
  }

  /** Drops resolved alerts that have been told, unless they have changed since. */
  forget(flushed: readonly FlushedAlert[]): void {
    for (const { status, alert } of flushed) {
      const { key } = alert.labels;
      if (status !== 'resolved' || this.#alerts.get(key) !== alert) continue;
      this.#alerts.delete(key);
      this.suppressedBy.delete(key);
    }
  }
}
