// The state of an alert over time, folded from the timeline: one lane for all instances that count, showing the
// worst state of any of them.

import type { LabelRecord } from '../base/labels.ts';
import type { AlertRef, NotificationEvent, TimelineEvent } from '../experiment/timeline.ts';

export type AlertState = 'inactive' | 'pending' | 'firing';

export interface AlertInterval {
  readonly state: 'pending' | 'firing';
  readonly from: number;
  readonly to: number;
}

/** An alert as the experiment lists it: a name, and labels that an instance must have. */
export interface ListedAlert {
  readonly name: string;
  readonly labels: LabelRecord;
}

type StateEvent = Extract<
  TimelineEvent,
  { type: 'alert.pending' | 'alert.firing' | 'alert.resolved' | 'alert.dropped' }
>;

const stateAfter: Readonly<Record<StateEvent['type'], AlertState>> = {
  'alert.pending': 'pending',
  'alert.firing': 'firing',
  'alert.resolved': 'inactive',
  'alert.dropped': 'inactive',
};

export function isStateEvent(event: TimelineEvent): event is StateEvent {
  return event.type in stateAfter;
}

function matchesAlert(listed: ListedAlert, labels: LabelRecord): boolean {
  return Object.entries(listed.labels).every(([name, value]) => labels[name] === value);
}

export function concerns(listed: ListedAlert, event: AlertRef): boolean {
  return event.alert === listed.name && matchesAlert(listed, event.labels);
}

/** Whether a notification speaks of the alert, and whether it says that it fires or that it is over. */
export function notifiedStatus(
  listed: ListedAlert,
  event: NotificationEvent,
): 'firing' | 'resolved' | undefined {
  const own = event.alerts.filter(
    ({ labels }) => labels.alertname === listed.name && matchesAlert(listed, labels),
  );
  if (own.length === 0) return undefined;
  return own.some((alert) => alert.status === 'firing') ? 'firing' : 'resolved';
}

/** Stretches in which any instance was pending or firing, in order, without gaps inside a stretch of one state. */
export function alertIntervals(
  timeline: readonly TimelineEvent[],
  listed: ListedAlert,
  endMs: number,
): AlertInterval[] {
  const instances = new Map<string, AlertState>();
  const intervals: AlertInterval[] = [];
  let state: AlertState = 'inactive';
  let since = 0;
  const close = (at: number) => {
    if (state !== 'inactive' && at > since) intervals.push({ state, from: since, to: at });
  };
  for (const event of timeline) {
    if (!isStateEvent(event) || !concerns(listed, event)) continue;
    instances.set(instanceKey(event), stateAfter[event.type]);
    const next = worstState(instances.values());
    if (next === state) continue;
    close(event.at);
    state = next;
    since = event.at;
  }
  close(endMs);
  return intervals;
}

export function worstState(states: Iterable<AlertState>): AlertState {
  let worst: AlertState = 'inactive';
  for (const state of states) {
    if (state === 'firing') return 'firing';
    if (state === 'pending') worst = 'pending';
  }
  return worst;
}

export function instanceKey(event: AlertRef): string {
  return JSON.stringify([event.rule.file, event.rule.group, Object.entries(event.labels).sort()]);
}
