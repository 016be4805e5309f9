// At the end of the baseline, before the gate: gives long windows their history, says so on the timeline, and keeps what
// was real of it in the run folder, because that cannot be made again.

import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { SeriesStore } from '../../telemetry/metrics/store.ts';
import { RecordingWriter } from '../../telemetry/recording/writer.ts';
import type { HeldSeries } from '../history/held-series.ts';
import type { RealPast } from '../history/real-past.ts';
import { warming } from '../history/warm.ts';
import type { Plan } from '../plan/plan.ts';
import type { RunFolder } from './folder.ts';
import type { TimelineLog } from './timeline-log.ts';

export interface WarmRunOptions {
  readonly plan: Plan;
  readonly folder: RunFolder;
  readonly store: SeriesStore;
  readonly clock: Clock;
  readonly timeline: TimelineLog;
  /** Since when every objective has held, Unix milliseconds. */
  readonly steadyFromMs: number;
}

/** Undefined when no window needs a history. */
export async function warmRun(options: WarmRunOptions): Promise<HeldSeries | undefined> {
  const { plan, store, clock, timeline, steadyFromMs } = options;
  const { history: planned } = plan.judged;
  if (!planned) return undefined;
  const steadyToMs = clock.now();
  const { seed, telemetry } = plan.experiment;
  const real = await realPast(options);
  const work = warming({
    ...{ plan: planned, live: store, steadyFromMs, steadyToMs, joins: 'first', seed, real },
    features: new Set(telemetry.features),
  });
  let step = work.next();
  while (!step.done) {
    // Scrapes, heartbeats and stops have their turn.
    await new Promise((resolve) => setImmediate(resolve));
    step = work.next();
  }
  const { history, reachMs, realSeries, realSinceMs, realUsed, cold } = step.value;
  if (realUsed.seriesCount > 0) await keep(realUsed, options);
  timeline.emit('history.warmed', {
    ...{ steadyFromMs, steadyToMs, reachMs, cold },
    series: history.seriesCount,
    samples: history.sampleCount,
    ...(real &&
      realSinceMs !== null && { real: { from: real.from, series: realSeries, sinceMs: realSinceMs } }),
    tookMs: clock.now() - steadyToMs,
  });
  return history;
}

/** A history that cannot be read is no reason to stop: the windows are warmed with what there is. */
async function realPast({ plan, store, timeline }: WarmRunOptions): Promise<RealPast | undefined> {
  const { realSource, judged } = plan;
  if (!realSource || !judged.history) return undefined;
  const begins = store
    .select([], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
    .map(({ column, first }) => column.times[first]!);
  try {
    return await realSource.read(judged.history, Math.min(...begins));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    timeline.emit('warning', { message: `no real history: ${error.message}` });
    return undefined;
  }
}

async function keep(used: HeldSeries, { folder, clock, timeline }: WarmRunOptions): Promise<void> {
  const store = new SeriesStore();
  const onError = (error: UserError) => timeline.emit('warning', { message: error.message });
  const writer = await RecordingWriter.open({ folder: folder.history, store, clock, onError });
  for (const { labels, column, values } of used.select(
    [],
    Number.NEGATIVE_INFINITY,
    Number.POSITIVE_INFINITY,
  )) {
    store.appendRun({ source: 'history', labels, times: column.times, values, length: column.length });
    await writer.flush();
  }
  await writer.close();
}
