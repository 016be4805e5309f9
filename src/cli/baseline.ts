// The stretch of a source that suggestions are made from: of a run its baseline phase, of a recording all of it, of a
// Prometheus the last day, as far as it goes back.

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/diagnostics.ts';
import { readTimeline } from '../experiment/run/timeline-log.ts';
import type { PhaseName } from '../experiment/timeline.ts';
import { remoteQuerier, storeQuerier } from '../promql/querier.ts';
import type { Baseline } from '../slo/suggest/curve.ts';
import { type Metrics, metricsOfRemote, metricsOfStore } from '../slo/suggest/metrics.ts';
import type { SeriesStore } from '../telemetry/metrics/store.ts';
import type { RemoteApi } from '../telemetry/remote/api.ts';
import { openSource, type Source, type SourceOptions } from './source.ts';
import { timeOption } from './time-option.ts';

export interface BaselineOptions extends SourceOptions {
  readonly from?: string;
  readonly to?: string;
  readonly phase?: PhaseName;
  /** How far back a remote is looked at where `from` does not say. */
  readonly lookbackMs?: number;
}

const dayMs = 86_400_000;
/** A remote's beginning is looked for at so many points. */
const pointsToLook = 200;
/** Prometheus gives no more than 11,000 in an answer. */
const pointsMax = 10_000;

/** What `use` makes of the baseline; a remote is closed then. Rejects with FD904 when there is nothing in between. */
export async function withBaseline<T>(
  options: BaselineOptions,
  use: (baseline: Baseline, metrics: Metrics) => Promise<T>,
): Promise<T> {
  const source = await openSource(options);
  try {
    const { fromMs, toMs } = await stretchOf(options, source);
    if (fromMs >= toMs) throw UserError.of('FD904', 'there is nothing between --from and --to');
    const metrics =
      'api' in source
        ? await metricsOfRemote(source.api, fromMs, toMs)
        : metricsOfStore(source.store, fromMs, toMs);
    const querier = 'api' in source ? remoteQuerier(source.api) : storeQuerier(source.store);
    return await use({ querier, fromMs, toMs }, metrics);
  } finally {
    if ('api' in source) await source.api.close();
  }
}

async function stretchOf(
  options: BaselineOptions,
  source: Source,
): Promise<{ readonly fromMs: number; readonly toMs: number }> {
  const phase = await phaseOf(options);
  const endMs = phase?.toMs ?? source.endMs;
  const toMs = timeOption('--to', options.to, endMs) ?? endMs;
  const asked = timeOption('--from', options.from, toMs);
  if (asked !== undefined) return { fromMs: asked, toMs };
  if (phase) return { fromMs: phase.fromMs, toMs };
  return {
    fromMs:
      'api' in source
        ? await firstOfRemote(source.api, toMs, options.lookbackMs ?? dayMs)
        : firstOfStore(source.store, toMs),
    toMs,
  };
}

/** Of a run the phase that is asked for; undefined for what is no run. */
async function phaseOf({
  source,
  runs,
  phase,
}: BaselineOptions): Promise<{ readonly fromMs: number; readonly toMs: number } | undefined> {
  for (const path of [source, join(runs, source)]) {
    const timeline = join(path, 'timeline.jsonl');
    if (!(await stat(timeline).catch(() => undefined))) continue;
    const events = readTimeline(timeline);
    const name = phase ?? 'baseline';
    const begin = events.find((event) => event.type === 'phase.started' && event.phase === name);
    if (!begin) throw UserError.of('FD904', `the run ${path} has no phase ${name}`);
    const next = events.find((event) => event.type === 'phase.started' && event.at > begin.at);
    return { fromMs: begin.at, toMs: (next ?? events.at(-1)!).at };
  }
  if (phase !== undefined) throw UserError.of('FD904', `--phase: ${source} is no run`);
  return undefined;
}

function firstOfStore(store: SeriesStore, toMs: number): number {
  const views = store.select([], Number.NEGATIVE_INFINITY, toMs);
  return Math.min(toMs, ...[...new Set(views.map(({ column, first }) => column.times[first]!))]);
}

async function firstOfRemote(api: RemoteApi, toMs: number, lookbackMs: number): Promise<number> {
  const fromMs = toMs - lookbackMs;
  const stepMs = Math.floor(lookbackMs / pointsToLook);
  const [found] = await remoteQuerier(api).range('count(up)', fromMs, toMs, stepMs);
  const firstMs = found?.times[0];
  if (firstMs === undefined || firstMs <= fromMs) return fromMs;
  // It began between two of these points.
  const beforeMs = firstMs - stepMs;
  const finerMs = Math.max(1000, Math.ceil((toMs - beforeMs) / pointsMax));
  const [finer] = await remoteQuerier(api).range('count(up)', beforeMs, toMs, finerMs);
  return finer?.times[0] ?? firstMs;
}
