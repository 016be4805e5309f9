// What a source of metrics holds: a store that was filled from a recording or a file, or a remote Prometheus.

import type { Labels } from '../../base/labels.ts';
import { metricName } from '../../base/labels.ts';
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
  const types = await api.metricTypes();
  let names: Promise<readonly string[]> | undefined;
  return {
    find: (matchers) => api.series(`{${matchers.map(formatMatcher).join(',')}}`, nowMs - lookbackMs, nowMs),
    metricNames: () => {
      names ??= api.metricNames();
      return names;
    },
    typeOf: (metric) => types.get(metric),
  };
}
