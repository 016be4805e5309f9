// What a source of metrics holds: a store that was filled from a recording or a file, or a remote Prometheus.

import { UserError } from '../../base/diagnostics.ts';
import { type Labels, metricName } from '../../base/labels.ts';
import { formatMatcher, type Matcher } from '../../base/matcher.ts';
import type { SeriesStore } from '../../telemetry/metrics/store.ts';
import type { RemoteApi } from '../../telemetry/remote/api.ts';

export interface KnownSeries {
  /** Label sets of the series that match; some of them when there are very many. */
  find(matchers: readonly Matcher[]): Promise<readonly Labels[]>;
  metricNames(): Promise<readonly string[]>;
  /** `counter`, `gauge` … as the source says; undefined when it does not. */
  typeOf(metric: string): string | undefined;
}

export function seriesOfStore(store: SeriesStore): KnownSeries {
  const everything = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;
  return {
    find: async (matchers) => store.select(matchers, ...everything).map(({ labels }) => labels),
    metricNames: async () => store.labelValues(metricName),
    typeOf: () => undefined,
  };
}

/** What a remote has seen in this long is what it holds. */
const lookbackMs = 3_600_000;

export async function seriesOfRemote(api: RemoteApi, nowMs: number): Promise<KnownSeries> {
  const types = await typesOf(api);
  const found = new Map<string, Promise<readonly Labels[]>>();
  let names: Promise<readonly string[]> | undefined;
  return {
    find: (matchers) => {
      const selector = `{${matchers.map(formatMatcher).join(',')}}`;
      const answer = found.get(selector) ?? api.series(selector, nowMs - lookbackMs, nowMs);
      found.set(selector, answer);
      return answer;
    },
    metricNames: () => {
      names ??= api.metricNames();
      return names;
    },
    typeOf: (metric) => types.get(metric),
  };
}

/** Some that speak Prometheus's API have no metadata; names then have to do. */
async function typesOf(api: RemoteApi): Promise<ReadonlyMap<string, string>> {
  try {
    return await api.metricTypes();
  } catch (error) {
    if (error instanceof UserError && error.diagnostics.every(({ code }) => code === 'FD703'))
      return new Map();
    throw error;
  }
}
