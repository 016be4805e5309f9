// status/…: what this server is, how it was started, and what it holds.

import { formatDuration } from '../../base/duration.ts';
import type { SeriesStore } from '../../telemetry/metrics/store.ts';
import type { ServerConfig } from '../config/read.ts';
import { success } from '../http/answer.ts';
import { ApiError } from '../http/api-error.ts';
import type { Router } from '../http/router.ts';
import { goTime } from './go-text.ts';
import { cardinality, type LabelCount } from './series.ts';

/** The version of Prometheus whose API this is: clients switch features on by it. */
const apiVersion = '3.14.0';

/** Of one list of status/tsdb. */
const listMax = 10_000;

export interface LastReload {
  /** Of the last attempt. */
  readonly ok: boolean;
  /** Of the last that succeeded, Unix milliseconds. */
  readonly atMs: number;
}

export interface StatusSource {
  readonly store: SeriesStore;
  /** Of firedrill. */
  readonly version: string;
  /** Options and their values, as they were given or taken. */
  readonly flags: Readonly<Record<string, string>>;
  readonly startedMs: number;
  readonly workingFolder: string;
  config(): Pick<ServerConfig, 'yaml' | 'retentionMs'>;
  lastReload(): LastReload;
  now(): number;
}

export function addStatusRoutes(router: Router, source: StatusSource): void {
  const { version, flags, startedMs, workingFolder } = source;
  router.add('GET', '/api/v1/status/buildinfo', () =>
    success({
      version: apiVersion,
      revision: `firedrill ${version}`,
      branch: '',
      buildUser: '',
      buildDate: '',
      goVersion: '',
    }),
  );
  router.add('GET', '/api/v1/status/runtimeinfo', () => {
    const { retentionMs } = source.config();
    const { ok, atMs } = source.lastReload();
    return success({
      startTime: goTime(startedMs),
      CWD: workingFolder,
      serverTime: goTime(source.now()),
      reloadConfigSuccess: ok,
      lastConfigTime: goTime(atMs),
      corruptionCount: 0,
      goroutineCount: 0,
      GOMAXPROCS: 1,
      GOMEMLIMIT: 0,
      GOGC: '',
      GODEBUG: '',
      storageRetention: retentionMs === undefined ? '' : formatDuration(retentionMs),
    });
  });
  router.add('GET', '/api/v1/status/flags', () => success(flags));
  router.add('GET', '/api/v1/status/config', () => success({ yaml: source.config().yaml }));
  // There is no write-ahead log to read again.
  router.add('GET', '/api/v1/status/walreplay', () => success({ min: 0, max: 0, current: 0 }));
  router.add('GET', '/api/v1/status/tsdb', ({ parameters }) => {
    const limit = Number(parameters.get('limit') || 10);
    if (!Number.isInteger(limit) || limit < 1)
      throw new ApiError('bad_data', 'limit must be a positive number');
    if (limit > listMax) throw new ApiError('bad_data', `limit must not exceed ${listMax}`);
    return success(tsdbStatus(source.store, limit));
  });
}

function tsdbStatus(store: SeriesStore, limit: number): Record<string, unknown> {
  const counts = cardinality(store);
  const first = (list: readonly LabelCount[]) => list.slice(0, limit);
  const { minMs, maxMs } = timeRange(store);
  return {
    headStats: {
      numSeries: store.seriesCount,
      numLabelPairs: counts.pairs,
      chunkCount: 0,
      minTime: minMs,
      maxTime: maxMs,
    },
    seriesCountByMetricName: first(counts.byMetric),
    labelValueCountByLabelName: first(counts.valuesByLabel),
    memoryInBytesByLabelName: first(counts.bytesByLabel),
    seriesCountByLabelValuePair: first(counts.byPair),
  };
}

function timeRange(store: SeriesStore): { minMs: number; maxMs: number } {
  let minMs = Number.POSITIVE_INFINITY;
  let maxMs = Number.NEGATIVE_INFINITY;
  for (const { column, first, last } of store.select(
    [],
    Number.NEGATIVE_INFINITY,
    Number.POSITIVE_INFINITY,
  )) {
    minMs = Math.min(minMs, column.times[first]!);
    maxMs = Math.max(maxMs, column.times[last - 1]!);
  }
  return minMs <= maxMs ? { minMs, maxMs } : { minMs: 0, maxMs: 0 };
}
