// What the timeline says about the run as a whole, gathered once. A killed run's timeline stops anywhere, and events
// of different processes may arrive slightly out of order, so nothing here relies on an event being there or on the
// order of the list.

import { metricName } from '../../base/labels.ts';
import { createMatcher } from '../../base/matcher.ts';
import type { Features } from '../../promql/features.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import type { Experiment } from '../model.ts';
import type { EventOf, EventType, JudgedPlan, TimelineEvent } from '../timeline.ts';

export interface FaultFacts {
  readonly kind: string | null;
  readonly driver: string | null;
  readonly targets: readonly string[];
  readonly injectedAt: number | null;
  /** When we began to take it away; null for a one-shot fault, which nothing takes away. */
  readonly undoingAt: number | null;
  /** When it was gone, or a one-shot fault was done. */
  readonly goneAt: number | null;
  /** Last count; undefined when the driver cannot count or nothing was written. */
  readonly hits: number | undefined;
  /** What a hit is, in the plural; undefined when the run did not say. */
  readonly hitsAre: string | undefined;
  /** Why it was not injected, or not in place although the driver reported success. */
  readonly failure: string | null;
  readonly noEffect: string | null;
}

export interface RunFacts {
  /** In order of time. */
  readonly events: readonly TimelineEvent[];
  readonly run: string;
  /** What of PromQL was behind feature flags and on. */
  readonly features: Features;
  readonly plan: JudgedPlan | null;
  readonly startedAt: number;
  /** The last moment that we know of: nothing later was observed. */
  readonly endedAt: number;
  readonly outcome: EventOf<'run.ended'>['outcome'] | null;
  readonly outcomeReason: string | null;
  readonly baselineAt: number | null;
  readonly injectedAt: number | null;
  /** When the first fault began to be taken away: what ends from here on may have ended because of us. */
  readonly undoingAt: number | null;
  /** When every injected fault was gone; null while one is not. */
  readonly undoneAt: number | null;
  /** The fault lasted as planned: it was neither stopped early nor is its end unknown. */
  readonly faultComplete: boolean;
  readonly faults: ReadonlyMap<string, FaultFacts>;
  /** What was not steady before the fault; null when the gate opened or was never reached. */
  readonly unsteady: readonly string[] | null;
  readonly disturbances: readonly string[];
  readonly stop: EventOf<'stop.triggered'> | null;
  readonly stuck: readonly EventOf<'fault.stuck'>[];
  /** Stretches in which a source could not be read. */
  readonly blind: readonly { readonly from: number; readonly to: number; readonly reason: string }[];
}

/** The events of one type, in order. */
export function eventsOf<T extends EventType>(events: readonly TimelineEvent[], type: T): EventOf<T>[] {
  return events.filter((event): event is EventOf<T> & TimelineEvent => event.type === type);
}

export function gatherFacts(
  experiment: Experiment,
  timeline: readonly TimelineEvent[],
  recording: Queryable,
): RunFacts {
  const events = [...timeline].sort((a, b) => a.at - b.at);
  const first = <T extends EventType>(type: T) => eventsOf(events, type)[0];
  const started = first('run.started');
  const ended = eventsOf(events, 'run.ended').at(-1);
  const startedAt = events[0]?.at ?? 0;
  const plan = first('run.planned')?.plan ?? null;
  const endedAt = ended?.at ?? lastSeen(events.at(-1)?.at ?? startedAt, startedAt, plan, recording);
  const faults = new Map(experiment.faults.map((fault) => [fault.name, faultFacts(fault.name, events)]));
  const injected = [...faults.values()].filter((fault) => fault.injectedAt !== null);
  const stop = first('stop.triggered') ?? null;
  const failed = first('steady.failed');
  return {
    events,
    run: started?.run ?? '',
    features: new Set(experiment.telemetry.features),
    plan,
    startedAt,
    endedAt,
    outcome: ended?.outcome ?? null,
    outcomeReason: ended?.reason ?? null,
    baselineAt: phaseStart(events, 'baseline'),
    injectedAt: least(injected.map((fault) => fault.injectedAt)) ?? firstAction(events),
    undoingAt: least(injected.map((fault) => fault.undoingAt)),
    undoneAt:
      injected.length > 0 && injected.every((fault) => fault.goneAt !== null)
        ? Math.max(...injected.map((fault) => fault.goneAt!))
        : null,
    faultComplete: isComplete(events, injected, stop?.at ?? null),
    faults,
    unsteady: failed
      ? failed.reasons
      : ended?.outcome === 'not-steady'
        ? [ended.reason ?? 'not steady']
        : null,
    disturbances: disturbances(events),
    stop,
    stuck: eventsOf(events, 'fault.stuck'),
    blind: blindStretches(events, endedAt),
  };
}

/** When the first action of a Chaos Toolkit method was played. */
function firstAction(events: readonly TimelineEvent[]): number | null {
  const begun = eventsOf(events, 'activity.started');
  return begun.find(({ part, activityType }) => part === 'method' && activityType === 'action')?.at ?? null;
}

/**
 * A killed runner writes no end, and its last sample is often later than its last event. A sample that claims to lie
 * beyond the plan (an exporter with a wrong clock) is not believed.
 */
function lastSeen(
  lastEventAt: number,
  startedAt: number,
  plan: JudgedPlan | null,
  recording: Queryable,
): number {
  if (!plan) return lastEventAt;
  const { baselineMs, faultMs, recoveryMs } = plan.phases;
  const latest = startedAt + baselineMs + faultMs + recoveryMs;
  const everything = [createMatcher(metricName, '=~', '.+')];
  return recording
    .select(everything, lastEventAt, latest)
    .reduce((last, { column, last: end }) => Math.max(last, column.times[end - 1]!), lastEventAt);
}

function phaseStart(events: readonly TimelineEvent[], phase: string): number | null {
  return eventsOf(events, 'phase.started').find((event) => event.phase === phase)?.at ?? null;
}

function least(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length > 0 ? Math.min(...known) : null;
}

function faultFacts(name: string, all: readonly TimelineEvent[]): FaultFacts {
  const events = all.filter((event) => 'fault' in event && event.fault === name);
  const injecting = eventsOf(events, 'fault.injecting')[0];
  const injected = eventsOf(events, 'fault.injected');
  const undoings = eventsOf(events, 'fault.undone');
  const spendings = eventsOf(events, 'fault.spent');
  const undone = undoings.at(-1);
  const spent = spendings.at(-1);
  // A workflow may put it in place many times.
  const isInPlace = injected.length > Math.max(1, undoings.length + spendings.length);
  const counts = [...eventsOf(events, 'fault.hits'), ...(undone ? [undone] : []), ...(spent ? [spent] : [])];
  const hits = counts.map((event) => event.hits).filter((count) => count !== undefined);
  return {
    kind: injecting?.kind ?? null,
    driver: injecting?.driver ?? null,
    targets: injecting?.targets ?? [],
    injectedAt: injected[0]?.at ?? null,
    undoingAt: eventsOf(events, 'fault.undoing')[0]?.at ?? undone?.at ?? null,
    goneAt: isInPlace ? null : (undone?.at ?? spent?.at ?? null),
    // Counts only rise; the highest is the last, whatever the order in which they were written.
    hits: hits.length > 0 ? Math.max(...hits) : undefined,
    hitsAre: injecting?.hitsAre,
    failure: eventsOf(events, 'fault.failed')[0]?.reason ?? null,
    noEffect: eventsOf(events, 'fault.no-effect')[0]?.reason ?? null,
  };
}

function isComplete(
  events: readonly TimelineEvent[],
  injected: readonly FaultFacts[],
  stopAt: number | null,
): boolean {
  if (injected.length === 0 || injected.some((fault) => fault.goneAt === null)) return false;
  if (eventsOf(events, 'fault.undoing').some((event) => event.why !== 'duration')) return false;
  // A one-shot fault has no length; what it was to show is shown when the run is over.
  if (injected.every((fault) => fault.undoingAt === null)) {
    return eventsOf(events, 'run.ended').some((event) => event.outcome === 'completed');
  }
  const recoveryAt = phaseStart(events, 'recovery') ?? Math.max(...injected.map((fault) => fault.goneAt!));
  return stopAt === null || stopAt >= recoveryAt;
}

function disturbances(events: readonly TimelineEvent[]): string[] {
  const replaced = eventsOf(events, 'target.replaced')
    .filter((event) => !event.expected)
    .map(
      (event) =>
        `target ${event.target} was replaced by another hand (pid ${event.oldPid} became ${event.newPid})`,
    );
  return [...new Set([...eventsOf(events, 'disturbance').map((event) => event.what), ...replaced])];
}

function blindStretches(events: readonly TimelineEvent[], endedAt: number): RunFacts['blind'] {
  const stretches: { from: number; to: number; reason: string }[] = [];
  const open = new Map<string, { from: number; to: number; reason: string }>();
  for (const event of events) {
    if (event.type === 'source.failed' && !open.has(event.source)) {
      const stretch = { from: event.at, to: endedAt, reason: `${event.source}: ${event.reason}` };
      open.set(event.source, stretch);
      stretches.push(stretch);
    } else if (event.type === 'source.recovered') {
      const stretch = open.get(event.source);
      if (stretch) stretch.to = event.at;
      open.delete(event.source);
    }
  }
  return stretches;
}
