// What the live view shows, kept up to date by the timeline's own events and by the readings of the objectives.

import {
  formatQuantity,
  type QuantityWords,
  quantityBeside,
  unitOf,
} from '../../experiment/judge/quantity.ts';
import type { Experiment, ObjectiveSpec } from '../../experiment/model.ts';
import type { PhaseName, TimelineEvent } from '../../experiment/timeline.ts';
import { allFeatures } from '../../promql/features.ts';
import { parseExpr } from '../../promql/parser.ts';
import { topComparison } from '../../promql/walk.ts';
import {
  type AlertState,
  concerns,
  instanceKey,
  isStateEvent,
  type ListedAlert,
  notifiedStatus,
  worstState,
} from '../alert-states.ts';

export interface LiveState {
  readonly title: string;
  /** Unix milliseconds of the frame. */
  readonly now: number;
  readonly startedAt: number;
  readonly injectedAt: number | undefined;
  readonly phase:
    | { readonly name: PhaseName; readonly startedAt: number; readonly plannedMs: number }
    | undefined;
  readonly objectives: readonly LiveObjective[];
  readonly alerts: readonly LiveAlert[];
  readonly faults: readonly LiveFault[];
  /** The newest last. */
  readonly events: readonly TimelineEvent[];
}

export interface LiveObjective {
  readonly name: string;
  /** Its values, and the threshold, in words. */
  readonly quantity: QuantityWords;
  readonly operator: string;
  /** Null when it is no constant. */
  readonly threshold: number | null;
  /** One for each evaluation, the oldest first; null where there was no data. */
  readonly values: readonly (number | null)[];
  /** As the run itself sees it: a blip is not yet broken. */
  readonly broken: boolean;
}

export interface LiveAlert extends ListedAlert {
  readonly state: AlertState;
  /** Unix milliseconds since when. */
  readonly since: number | undefined;
  /** Receivers that were told that it fires. */
  readonly told: readonly string[];
}

export interface LiveFault {
  readonly name: string;
  readonly kind: string;
  readonly state: 'waiting' | 'in place' | 'undoing' | 'undone' | 'failed' | 'stuck';
  readonly hits: number | undefined;
}

/** More than any terminal is wide. */
const valuesMax = 240;
const eventsMax = 50;

type Changing<T> = { -readonly [K in keyof T]: T[K] };

/** One run's live state. Feed it every event and every reading, then paint `state(now)`. */
export class LiveRun {
  readonly #title: string;
  readonly #startedAt: number;
  readonly #objectives: (Changing<LiveObjective> & { values: (number | null)[] })[];
  readonly #alerts: (Changing<LiveAlert> & { instances: Map<string, AlertState> })[];
  readonly #faults: Changing<LiveFault>[];
  readonly #events: TimelineEvent[] = [];
  #phase: LiveState['phase'];
  #injectedAt: number | undefined;

  constructor(experiment: Experiment, startedAt: number) {
    this.#title = experiment.title;
    this.#startedAt = startedAt;
    this.#objectives = experiment.objectives.map((spec) => ({
      name: spec.name,
      ...comparisonOf(spec),
      values: [],
      broken: false,
    }));
    this.#alerts = experiment.alerts.map(({ name, labels }) => ({
      name,
      labels,
      state: 'inactive',
      since: undefined,
      told: [],
      instances: new Map(),
    }));
    this.#faults = experiment.faults.map(({ name, kind }) => ({
      name,
      kind,
      state: 'waiting',
      hits: undefined,
    }));
  }

  /** One reading of an objective's left side; of several series the worst. */
  onValue(objective: string, value: number | null): void {
    const live = this.#objectives.find((candidate) => candidate.name === objective);
    if (!live) return;
    live.values.push(value);
    if (live.values.length > valuesMax) live.values.shift();
  }

  onEvent(event: TimelineEvent): void {
    if (event.type !== 'fault.hits') this.#events.push(event);
    if (this.#events.length > eventsMax) this.#events.shift();
    if (event.type === 'phase.started')
      this.#phase = { name: event.phase, startedAt: event.at, plannedMs: event.plannedMs };
    if (event.type === 'objective.breached' || event.type === 'objective.recovered') {
      const objective = this.#objectives.find((candidate) => candidate.name === event.objective);
      if (objective) objective.broken = event.type === 'objective.breached';
    }
    this.#onFault(event);
    for (const alert of this.#alerts) onAlert(alert, event);
  }

  state(now: number): LiveState {
    return {
      title: this.#title,
      now,
      startedAt: this.#startedAt,
      injectedAt: this.#injectedAt,
      phase: this.#phase,
      objectives: this.#objectives,
      alerts: this.#alerts,
      faults: this.#faults,
      events: this.#events,
    };
  }

  #onFault(event: TimelineEvent): void {
    const state = faultStates[event.type];
    if (state === undefined || !('fault' in event)) return;
    const fault = this.#faults.find((candidate) => candidate.name === event.fault);
    if (!fault) return;
    if (event.type === 'fault.injected') this.#injectedAt ??= event.at;
    if ('hits' in event) fault.hits = event.hits;
    if (state !== 'same') fault.state = state;
  }
}

function comparisonOf({
  promql,
  slo,
}: ObjectiveSpec): Pick<LiveObjective, 'quantity' | 'operator' | 'threshold'> {
  const parsed = parseExpr(promql, { features: allFeatures });
  const comparison = parsed.ok ? topComparison(parsed.expr) : undefined;
  if (!comparison) return { quantity: formatQuantity, operator: '', threshold: null };
  const { left, operator, threshold = null } = comparison;
  return { quantity: quantityBeside(threshold, slo ? 'ratio' : unitOf(left)), operator, threshold };
}

const faultStates: Readonly<Partial<Record<TimelineEvent['type'], LiveFault['state'] | 'same'>>> = {
  'fault.injected': 'in place',
  'fault.hits': 'same',
  'fault.undoing': 'undoing',
  'fault.undone': 'undone',
  'fault.spent': 'undone',
  'fault.failed': 'failed',
  'fault.no-effect': 'failed',
  'fault.stuck': 'stuck',
};

function onAlert(
  alert: Changing<LiveAlert> & { instances: Map<string, AlertState> },
  event: TimelineEvent,
): void {
  if (event.type === 'notification.captured' || event.type === 'notification.delivered') {
    if (notifiedStatus(alert, event) === 'firing' && !alert.told.includes(event.receiver))
      alert.told = [...alert.told, event.receiver];
    return;
  }
  if (!isStateEvent(event) || !concerns(alert, event)) return;
  const after = { 'alert.pending': 'pending', 'alert.firing': 'firing' } as const;
  const instanceState = event.type in after ? after[event.type as keyof typeof after] : 'inactive';
  alert.instances.set(instanceKey(event), instanceState);
  const state = worstState(alert.instances.values());
  if (state !== alert.state) alert.since = event.at;
  alert.state = state;
}
