// What keeps an alert from being notified, in Alertmanager's order: another alert that inhibits it, the time intervals of
// its route, a silence.

import type { Labels } from '../../base/labels.ts';
import type { AlertmanagerConfig } from '../config/model.ts';
import { Inhibitor } from '../inhibit/inhibitor.ts';
import { type Silence, Silences, silenceText } from '../silence/silences.ts';
import { containsTime } from '../timeinterval/interval.ts';
import { labelSetText, type Route } from './route.ts';

/** Why an alert is held back. */
export interface Cause {
  readonly reason: 'inhibited' | 'silenced' | 'muted';
  /** The inhibiting alert's labels, the silence, or the time intervals, as text. */
  readonly by: string;
  /** The alert that inhibits it. */
  readonly source: Labels | undefined;
}

/** What holds an alert back at a time, whatever its route. */
export interface AlertStatus {
  readonly silencedBy: readonly Silence[];
  /** The alert that speaks for it. */
  readonly inhibitedBy: Labels | undefined;
}

export class Restraint {
  readonly silences = new Silences();
  readonly inhibitor: Inhibitor;
  readonly #timeIntervals: AlertmanagerConfig['timeIntervals'];

  constructor({ inhibitRules, timeIntervals }: AlertmanagerConfig) {
    this.inhibitor = new Inhibitor(inhibitRules);
    this.#timeIntervals = timeIntervals;
  }

  statusOf(labels: Labels, atMs: number): AlertStatus {
    return {
      silencedBy: this.silences.matching(labels, atMs),
      inhibitedBy: this.inhibitor.inhibition(labels, atMs)?.source,
    };
  }

  /** Names of the time intervals that keep a route silent. */
  mutedBy({ activeTimeIntervals, muteTimeIntervals }: Route, atMs: number): readonly string[] {
    const contains = (name: string): boolean =>
      (this.#timeIntervals.get(name) ?? []).some((interval) => containsTime(interval, atMs));
    if (activeTimeIntervals.length > 0 && !activeTimeIntervals.some(contains)) return activeTimeIntervals;
    return muteTimeIntervals.filter(contains);
  }

  /** For the alerts of one route at one time: what holds each back, if anything does. */
  at(route: Route, atMs: number): (labels: Labels) => Cause | undefined {
    const muted = this.#muted(route, atMs);
    return (labels) => this.#inhibited(labels, atMs) ?? muted ?? this.#silenced(labels, atMs);
  }

  prune(atMs: number): void {
    this.inhibitor.prune(atMs);
    this.silences.prune(atMs);
  }

  #inhibited(labels: Labels, atMs: number): Cause | undefined {
    const inhibition = this.inhibitor.inhibition(labels, atMs);
    if (!inhibition) return undefined;
    return { reason: 'inhibited', by: labelSetText(inhibition.source), source: inhibition.source };
  }

  #muted(route: Route, atMs: number): Cause | undefined {
    const names = this.mutedBy(route, atMs);
    if (names.length === 0) return undefined;
    const outside = names === route.activeTimeIntervals ? 'outside ' : '';
    return { reason: 'muted', by: `${outside}${names.join(', ')}`, source: undefined };
  }

  #silenced(labels: Labels, atMs: number): Cause | undefined {
    const [silence] = this.silences.matching(labels, atMs);
    return silence && { reason: 'silenced', by: silenceText(silence), source: undefined };
  }
}
