// What happened to one listed alert, folded from the timeline: all its instances together, because the person who is
// paged does not care which of them rang first.

import type { LabelRecord } from '../../base/labels.ts';
import type { AlertSpec, Experiment } from '../model.ts';
import type { AlertRef, EventOf, NotificationEvent, TimelineEvent } from '../timeline.ts';
import { eventsOf, type RunFacts } from './facts.ts';

/** `to` is null while it lasts at the end of the run. */
export interface Interval {
  readonly from: number;
  readonly to: number | null;
}

export interface Told {
  readonly receiver: string;
  readonly at: number;
  readonly status: 'firing' | 'resolved';
  /** Held by the capture receiver, or handed to the real one. */
  readonly way: 'captured' | 'delivered';
  /** Of the instance that the notification spoke of first. */
  readonly labels: LabelRecord;
}

export interface AlertHistory {
  /** Stretches in which any instance was firing, or pending and none firing. */
  readonly firing: readonly Interval[];
  readonly pending: readonly Interval[];
  readonly told: readonly Told[];
  readonly failed: readonly EventOf<'notification.failed'>[];
  readonly suppressed: readonly EventOf<'alert.suppressed'>[];
  readonly grouped: readonly EventOf<'alert.grouped'>[];
  /** Of the first instance that fired. */
  readonly annotations: LabelRecord | null;
  readonly instances: number;
}

type StateEvent = EventOf<'alert.pending' | 'alert.firing' | 'alert.resolved' | 'alert.dropped'>;
type State = 'inactive' | 'pending' | 'firing';

const stateAfter: Readonly<Record<StateEvent['type'], State>> = {
  'alert.pending': 'pending',
  'alert.firing': 'firing',
  'alert.resolved': 'inactive',
  'alert.dropped': 'inactive',
};

/** Decides whether an instance counts for a listed alert. */
export type Counts = (name: string, labels: LabelRecord) => boolean;

/**
 * An instance counts when its name and labels are those of the entry and it does not speak of something else than
 * what was broken: a label that it shares with a target has the target's value.
 */
export function instanceFilter(spec: Pick<AlertSpec, 'name' | 'labels'>, experiment: Experiment): Counts {
  const hit = new Set(experiment.faults.flatMap((fault) => fault.targets));
  const targets = experiment.targets.filter((target) => hit.has(target.name));
  return (name, labels) =>
    name === spec.name &&
    Object.entries(spec.labels).every(([label, value]) => (labels[label] ?? '') === value) &&
    (targets.length === 0 || targets.some((target) => agrees(target.labels, labels)));
}

function agrees(target: LabelRecord, labels: LabelRecord): boolean {
  return Object.entries(target).every(([label, value]) => (labels[label] ?? value) === value);
}

export function historyOf(counts: Counts, facts: RunFacts): AlertHistory {
  const own = <T extends AlertRef>(events: readonly T[]) =>
    events.filter((event) => counts(event.alert, event.labels));
  const states = own(facts.events.filter(isStateEvent));
  const firing = eventsOf(states, 'alert.firing');
  return {
    firing: intervals(states, 'firing'),
    pending: intervals(states, 'pending'),
    told: [
      ...eventsOf(facts.events, 'notification.captured'),
      ...eventsOf(facts.events, 'notification.delivered'),
    ]
      .flatMap((event) => told(event, counts))
      .sort((a, b) => a.at - b.at),
    failed: eventsOf(facts.events, 'notification.failed').filter((event) => told(event, counts).length > 0),
    suppressed: own(eventsOf(facts.events, 'alert.suppressed')),
    grouped: own(eventsOf(facts.events, 'alert.grouped')),
    annotations: firing[0]?.annotations ?? null,
    instances: new Set(states.map(instanceKey)).size,
  };
}

function isStateEvent(event: TimelineEvent): event is StateEvent & TimelineEvent {
  return event.type in stateAfter;
}

export function instanceKey(event: AlertRef): string {
  return JSON.stringify([event.rule.file, event.rule.group, Object.entries(event.labels).sort()]);
}

function intervals(events: readonly StateEvent[], wanted: 'pending' | 'firing'): Interval[] {
  const states = new Map<string, State>();
  const found: { from: number; to: number | null }[] = [];
  let current: State = 'inactive';
  for (const event of events) {
    states.set(instanceKey(event), stateAfter[event.type]);
    const next = worst(states.values());
    if (next === current) continue;
    if (current === wanted) found.at(-1)!.to = event.at;
    if (next === wanted) found.push({ from: event.at, to: null });
    current = next;
  }
  return found;
}

function worst(states: Iterable<State>): State {
  let found: State = 'inactive';
  for (const state of states) {
    if (state === 'firing') return 'firing';
    if (state === 'pending') found = 'pending';
  }
  return found;
}

/** A notification that speaks of the alert says that it fires as long as one of its instances does. */
function told(
  event: NotificationEvent & { readonly at: number; readonly type: string },
  counts: Counts,
): Told[] {
  const own = event.alerts.filter((alert) => counts(alert.labels.alertname ?? '', alert.labels));
  const [first] = own;
  if (!first) return [];
  const firing = own.find((alert) => alert.status === 'firing');
  return [
    {
      receiver: event.receiver,
      at: event.at,
      status: firing ? 'firing' : 'resolved',
      way: event.type === 'notification.delivered' ? 'delivered' : 'captured',
      labels: (firing ?? first).labels,
    },
  ];
}
