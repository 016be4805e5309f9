// The history of a run, from what it left: the same windows, the same baseline, the same draws.

import type { Features } from '../../promql/features.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import type { TimelineEvent } from '../timeline.ts';
import type { HeldSeries } from './held-series.ts';
import type { RealPast } from './real-past.ts';
import { type WarmInput, warm } from './warm.ts';

/** Undefined for a run whose windows were not warmed. `real` is what was kept of a real history. */
export function historyOfRun(
  timeline: readonly TimelineEvent[],
  live: Queryable,
  features: Features,
  real: RealPast | undefined,
): HeldSeries | undefined {
  let input: WarmInput | undefined;
  let seed = 1;
  for (const event of timeline) if (event.type === 'run.started') seed = event.seed;
  const planned = timeline.find((event) => event.type === 'run.planned');
  for (const event of timeline) {
    if (event.type !== 'history.warmed' || !planned?.plan.history) continue;
    const { steadyFromMs, steadyToMs } = event;
    const plan = planned.plan.history;
    input = { plan, live, steadyFromMs, steadyToMs, joins: 'first', seed, features, real };
  }
  return input && warm(input).history;
}
