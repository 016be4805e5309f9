// Alertmanager's dispatcher and notification pipeline as a state machine without a clock: alerts go in with their
// time, notifications that are due come out.
//
//     receive ─> merge ─> route ─> group ──(group_wait, group_interval)──> flush
//         ─> inhibited? ─> active time? ─> muted time? ─> silenced? ─> told already? ─> notification
//
// A notification is an intent until the caller settles it: only then does the log know that the receiver was told,
// and until then its group is not flushed again.

import type { Labels } from '../../base/labels.ts';
import { type Alert, isResolved, mergeAlerts, type PostedAlert, receivedAlert } from '../alert.ts';
import type { AlertmanagerConfig, IntegrationConfig } from '../config/model.ts';
import { type AlertKeys, NotificationLog, type NotificationReason } from '../notify/notification-log.ts';
import type { Silences } from '../silence/silences.ts';
import { AggregationGroup, type FlushedAlert } from './group.ts';
import { type AlertStatus, type Cause, Restraint } from './restraint.ts';
import { buildRoute, groupLabels, type Route } from './route.ts';
import { matchRoutes } from './routing.ts';

/** One request that one integration of one receiver is to send. */
export interface NotificationIntent {
  readonly id: number;
  readonly at: number;
  /** Attempts end here: by then the group is due again. */
  readonly deadlineAt: number;
  readonly receiver: string;
  readonly integration: IntegrationConfig;
  readonly reason: NotificationReason;
  readonly groupKey: string;
  readonly groupLabels: Labels;
  /** Sorted; resolved ones only when the integration sends them. */
  readonly alerts: readonly FlushedAlert[];
}

/** A firing alert that was held back, reported once for as long as the cause stays the same. */
export interface Suppression extends Cause {
  readonly at: number;
  readonly alert: Alert;
  readonly receiver: string;
  readonly groupKey: string;
}

/** A firing alert that has come into a group, and waits there for the group's next notification. */
export interface Grouping {
  readonly at: number;
  readonly alert: Alert;
  readonly receiver: string;
  readonly groupKey: string;
  readonly groupLabels: Labels;
  /** The matchers from the root of the tree to the route, as text. */
  readonly route: readonly string[];
  /** It is the group's first alert. */
  readonly opens: boolean;
  /** When the group is flushed next. */
  readonly flushAt: number;
}

/** A group as somebody looks at it. */
export interface GroupView {
  readonly route: Route;
  readonly labels: Labels;
  readonly alerts: readonly Alert[];
}

export interface Advance {
  readonly notifications: readonly NotificationIntent[];
  readonly suppressed: readonly Suppression[];
}

export interface DispatcherLimits {
  readonly alertsMax: number;
  readonly groupsMax: number;
}

export const defaultDispatcherLimits: DispatcherLimits = { alertsMax: 100_000, groupsMax: 20_000 };

/** How often what has ended is forgotten: Alertmanager's `--alerts.gc-interval`. */
const pruneIntervalMs = 30 * 60_000;
/** A pipeline always gets this long, however short the group interval is. */
const timeoutMinMs = 10_000;

interface Flight {
  readonly group: AggregationGroup;
  readonly flushed: readonly FlushedAlert[];
  open: number;
  failed: boolean;
}

export class Dispatcher {
  readonly root: Route;
  readonly #config: AlertmanagerConfig;
  readonly #limits: DispatcherLimits;
  readonly #restraint: Restraint;
  readonly #log = new NotificationLog();
  readonly #alerts = new Map<string, Alert>();
  readonly #groups = new Map<Route, Map<string, AggregationGroup>>();
  readonly #flights = new Map<number, { flight: Flight; logKey: string; keys: AlertKeys }>();
  #groupCount = 0;
  #droppedCount = 0;
  #nextId = 1;
  #prunedAt = Number.NEGATIVE_INFINITY;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(config: AlertmanagerConfig, limits: DispatcherLimits = defaultDispatcherLimits) {
    this.root = buildRoute(config.route);
    this.#config = config;
    this.#limits = limits;
    this.#restraint = new Restraint(config);
  }

  get silences(): Silences {
    return this.#restraint.silences;
  }

  /** Alerts that were not taken because a limit was reached. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** Takes what a sender posts; gives the alerts that have come into a group by it. */
  receive(posted: readonly PostedAlert[], atMs: number): Grouping[] {
    this.#keepPace(atMs);
    const groupings: Grouping[] = [];
    for (const one of posted) {
      const alert = this.#merge(one, atMs);
      if (!alert) continue;
      for (const { route } of matchRoutes(this.root, alert.labels))
        groupings.push(...this.#group(route, alert, atMs));
    }
    return groupings;
  }

  /** Takes alerts that nobody is notified of here, but that may inhibit others. */
  observe(posted: readonly PostedAlert[], atMs: number): void {
    this.#keepPace(atMs);
    for (const one of posted)
      this.#restraint.inhibitor.observe(receivedAlert(one, atMs, this.#config.resolveTimeoutMs));
  }

  /** Alerts that have not ended. */
  activeAlerts(atMs: number): Alert[] {
    return [...this.#alerts.values()].filter((alert) => !isResolved(alert, atMs));
  }

  /** Groups with the alerts that have not ended; those that have none are left out. */
  groups(atMs: number): GroupView[] {
    return [...this.#eachGroup()].flatMap((group) => {
      const alerts = [...group.alerts()].filter((alert) => !isResolved(alert, atMs));
      return alerts.length === 0 ? [] : [{ route: group.route, labels: group.labels, alerts }];
    });
  }

  statusOf(labels: Labels, atMs: number): AlertStatus {
    return this.#restraint.statusOf(labels, atMs);
  }

  /** Names of the time intervals that keep a route silent now. */
  mutedBy(route: Route, atMs: number): readonly string[] {
    return this.#restraint.mutedBy(route, atMs);
  }

  /** When `advance` has something to do next. */
  nextAt(): number | undefined {
    let next: number | undefined;
    for (const group of this.#eachGroup()) {
      if (!group.inFlight && (next === undefined || group.nextFlushAt < next)) next = group.nextFlushAt;
    }
    return next;
  }

  /**
   * Flushes every group that is due up to `atMs`, in the order of time. A group whose notifications are not settled
   * yet waits, so time that is skipped in one step may hold several flushes of a group back.
   */
  advance(atMs: number): Advance {
    this.#keepPace(atMs);
    const notifications: NotificationIntent[] = [];
    const suppressed: Suppression[] = [];
    for (let due = this.#dueGroups(atMs); due.length > 0; due = this.#dueGroups(atMs)) {
      for (const group of due) this.#flush(group, group.nextFlushAt, notifications, suppressed);
    }
    notifications.sort((a, b) => a.at - b.at);
    suppressed.sort((a, b) => a.at - b.at);
    return { notifications, suppressed };
  }

  /** Tells how a notification ended. */
  settle(intent: NotificationIntent, outcome: { readonly ok: boolean; readonly atMs: number }): void {
    const open = this.#flights.get(intent.id);
    if (!open) throw new Error(`notification ${intent.id} is not open`);
    this.#flights.delete(intent.id);
    const { flight, logKey, keys } = open;
    if (outcome.ok) this.#log.record(logKey, keys, outcome.atMs, flight.group.route.repeatIntervalMs);
    else flight.failed = true;
    if (--flight.open > 0) return;
    flight.group.inFlight = false;
    flight.group.nextFlushAt = Math.max(flight.group.nextFlushAt, outcome.atMs);
    this.#finish(flight);
  }

  /** The alert with what was known of it; undefined when there are too many. */
  #merge(posted: PostedAlert, atMs: number): Alert | undefined {
    const { key } = posted.labels;
    const known = this.#alerts.get(key);
    if (!known && this.#alerts.size >= this.#limits.alertsMax) {
      this.#droppedCount++;
      return undefined;
    }
    const alert = mergeAlerts(known, receivedAlert(posted, atMs, this.#config.resolveTimeoutMs), atMs);
    this.#alerts.set(key, alert);
    this.#restraint.inhibitor.observe(alert);
    return alert;
  }

  #group(route: Route, alert: Alert, atMs: number): Grouping[] {
    const labels = groupLabels(route, alert.labels);
    const groups = this.#groups.get(route) ?? new Map<string, AggregationGroup>();
    this.#groups.set(route, groups);
    let group = groups.get(labels.key);
    const opens = group === undefined;
    if (group) {
      if (!group.insert(alert, atMs)) return [];
    } else if (this.#groupCount >= this.#limits.groupsMax) {
      this.#droppedCount++;
      return [];
    } else {
      group = new AggregationGroup(route, labels, alert, atMs);
      groups.set(labels.key, group);
      this.#groupCount++;
    }
    if (isResolved(alert, atMs)) return [];
    const { receiver, path } = route;
    const place = { receiver, groupKey: group.key, groupLabels: labels, route: path };
    return [{ at: atMs, alert, ...place, opens, flushAt: group.nextFlushAt }];
  }

  *#eachGroup(): Generator<AggregationGroup> {
    for (const groups of this.#groups.values()) yield* groups.values();
  }

  #dueGroups(atMs: number): AggregationGroup[] {
    return [...this.#eachGroup()]
      .filter((group) => !group.inFlight && group.nextFlushAt <= atMs)
      .sort((a, b) => a.nextFlushAt - b.nextFlushAt);
  }

  #flush(
    group: AggregationGroup,
    atMs: number,
    notifications: NotificationIntent[],
    suppressed: Suppression[],
  ): void {
    const { route } = group;
    group.nextFlushAt = atMs + route.groupIntervalMs;
    const flushed = group.flush(atMs);
    const passed = this.#unsuppressed(group, flushed, atMs, suppressed);
    const flight: Flight = { group, flushed, open: 0, failed: false };
    if (passed.length > 0) {
      const receiver = this.#config.receivers.find(({ name }) => name === route.receiver);
      for (const integration of receiver?.integrations ?? []) {
        const intent = this.#intent(flight, integration, passed, atMs);
        if (intent) notifications.push(intent);
      }
    }
    group.inFlight = flight.open > 0;
    if (!group.inFlight) this.#finish(flight);
  }

  /** Inhibitions and silences take single alerts out, time intervals all of them. */
  #unsuppressed(
    group: AggregationGroup,
    flushed: readonly FlushedAlert[],
    atMs: number,
    suppressed: Suppression[],
  ): FlushedAlert[] {
    const causeFor = this.#restraint.at(group.route, atMs);
    return flushed.filter((entry) => {
      const { labels } = entry.alert;
      const cause = causeFor(labels);
      const before = group.suppressedBy.get(labels.key);
      if (!cause) {
        group.suppressedBy.delete(labels.key);
        return true;
      }
      if (entry.status === 'firing' && before !== cause.by) {
        group.suppressedBy.set(labels.key, cause.by);
        const { receiver } = group.route;
        suppressed.push({ at: atMs, alert: entry.alert, ...cause, receiver, groupKey: group.key });
      }
      return false;
    });
  }

  #intent(
    flight: Flight,
    integration: IntegrationConfig,
    alerts: readonly FlushedAlert[],
    atMs: number,
  ): NotificationIntent | undefined {
    const { group } = flight;
    const { receiver, repeatIntervalMs, groupIntervalMs } = group.route;
    const { sendResolved } = integration;
    const logKey = `${group.key}\u0000${receiver}\u0000${integration.type}\u0000${integration.index}`;
    const keys: AlertKeys = { firing: keysOf(alerts, 'firing'), resolved: keysOf(alerts, 'resolved') };
    const reason = this.#log.reasonToNotify(logKey, keys, atMs, { repeatIntervalMs, sendResolved });
    if (!reason) return undefined;
    if (!sendResolved && keys.firing.size === 0) {
      this.#log.record(logKey, keys, atMs, repeatIntervalMs);
      return undefined;
    }
    const id = this.#nextId++;
    flight.open++;
    this.#flights.set(id, { flight, logKey, keys });
    return {
      id,
      at: atMs,
      deadlineAt: atMs + Math.max(groupIntervalMs, timeoutMinMs),
      receiver,
      integration,
      reason,
      groupKey: group.key,
      groupLabels: group.labels,
      alerts: sendResolved ? alerts : alerts.filter(({ status }) => status === 'firing'),
    };
  }

  /** After a flush that every integration has accepted, what was resolved is forgotten, and the group when empty. */
  #finish({ group, flushed, failed }: Flight): void {
    if (failed) return;
    group.forget(flushed);
    if (!group.isEmpty) return;
    if (this.#groups.get(group.route)?.delete(group.labels.key)) this.#groupCount--;
  }

  /**
   * Waits are lengths of time: when the clock is set back, what a group still had to wait stays the same. Alertmanager's
   * timers do not follow the clock either.
   */
  #keepPace(atMs: number): void {
    const backMs = this.#lastAt - atMs;
    this.#lastAt = atMs;
    if (backMs > 0) {
      for (const group of this.#eachGroup()) group.nextFlushAt -= backMs;
      this.#prunedAt -= backMs;
    }
    if (atMs - this.#prunedAt >= pruneIntervalMs) this.#prune(atMs);
  }

  #prune(atMs: number): void {
    this.#prunedAt = atMs;
    for (const [key, alert] of this.#alerts) if (isResolved(alert, atMs)) this.#alerts.delete(key);
    this.#restraint.prune(atMs);
    this.#log.prune(atMs);
  }
}

function keysOf(alerts: readonly FlushedAlert[], status: FlushedAlert['status']): Set<string> {
  return new Set(alerts.filter((entry) => entry.status === status).map(({ alert }) => alert.labels.key));
}
