// What an alerting rule takes up again after a restart: since when its alerts were pending or firing, as the series
// ALERTS_FOR_STATE tells. The algorithm is Prometheus's (rules/group.go, RestoreForState): a short outage does not count
// as time in which the condition held, and what was about to fire still gets a while to recover first.

import { Labels, metricName } from '../base/labels.ts';
import { createMatcher, type Matcher } from '../base/matcher.ts';
import { absent, type Queryable, type SeriesView, stale } from '../telemetry/metrics/series.ts';
import type { AlertingRule } from './model.ts';

export interface RestoreOptions {
  /** What was last seen longer ago is not taken up; Prometheus's --rules.alert.for-outage-tolerance, 3,600,000. */
  readonly outageToleranceMs: number;
  /** An alert that was about to fire waits at least this long; --rules.alert.for-grace-period, 600,000. */
  readonly gracePeriodMs: number;
}

export const restoreDefaults: RestoreOptions = { outageToleranceMs: 3_600_000, gracePeriodMs: 600_000 };

/** Since when an alert was active, and when that was last written down. Unix milliseconds, whole seconds. */
interface LastState {
  readonly activeAt: number;
  readonly seenAt: number;
}

/** The last states of a rule's alerts by their label sets; of a rule whose `for` is below the grace period none. */
export function lastStates(
  rule: AlertingRule,
  source: Queryable,
  atMs: number,
  { outageToleranceMs, gracePeriodMs }: RestoreOptions,
): ReadonlyMap<string, LastState> {
  const states = new Map<string, LastState>();
  if (rule.forMs < gracePeriodMs) return states;
  for (const view of source.select(matchersOf(rule), atMs - outageToleranceMs, atMs)) {
    const state = lastOf(view);
    if (state) states.set(view.labels.without(metricName).key, state);
  }
  return states;
}

/** Labels that a template makes are not known here, and are not asked for. */
function matchersOf(rule: AlertingRule): Matcher[] {
  const labels = Labels.from({ ...rule.labels, alertname: rule.name, [metricName]: 'ALERTS_FOR_STATE' });
  return labels.pairs
    .filter(([, value]) => !value.includes('{{'))
    .map(([name, value]) => createMatcher(name, '=', value));
}

function lastOf({ column, offset, values, states, first, last }: SeriesView): LastState | undefined {
  for (let i = last - 1; i >= first; i--) {
    const state = states[i - offset];
    if (state === absent) continue;
    if (state === stale) return undefined;
    return {
      activeAt: Math.trunc(values[i - offset]!) * 1000,
      seenAt: Math.trunc(column.times[i]! / 1000) * 1000,
    };
  }
  return undefined;
}

/** Since when the alert counts as active. `atMs` is the time of the restoration. */
export function restoredActiveAt(
  { activeAt, seenAt }: LastState,
  forMs: number,
  atMs: number,
  { gracePeriodMs }: RestoreOptions,
): number {
  const remainingMs = forMs - (seenAt - activeAt);
  // It was firing, and fires again with the next evaluation.
  if (remainingMs <= 0) return activeAt;
  if (remainingMs < gracePeriodMs) return atMs + gracePeriodMs - forMs;
  return activeAt + (atMs - seenAt);
}
