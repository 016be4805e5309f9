// A baseline in memory: series by the function of their value at each scrape.

import { Labels } from '../../../src/base/labels.ts';
import { storeQuerier } from '../../../src/promql/querier.ts';
import { metricsOfStore } from '../../../src/slo/suggest/metrics.ts';
import { type Suggestions, suggest } from '../../../src/slo/suggest/suggest.ts';
import type { NativeHistogram } from '../../../src/telemetry/metrics/native-histogram.ts';
import { SeriesStore } from '../../../src/telemetry/metrics/store.ts';

/** Value at scrape `i`; undefined where there is none. */
type At = (i: number) => number | NativeHistogram | undefined;

const intervalMs = 15_000;

/** `series`: a metric with labels, `name{a="b"}` as `['name', {a: 'b'}]`, and its values. */
export type Series = readonly [name: string, labels: Readonly<Record<string, string>>, at: At];

function storeOf(series: readonly Series[], scrapes: number): SeriesStore {
  const store = new SeriesStore();
  const labelled = series.map(([name, labels, at]) => ({
    labels: Labels.from({ job: 'shop', ...labels, __name__: name }),
    at,
  }));
  for (let i = 0; i < scrapes; i++) {
    const samples = labelled.flatMap(({ labels, at }) => {
      const value = at(i);
      if (value === undefined) return [];
      return [typeof value === 'number' ? { labels, value } : { labels, value: 0, histogram: value }];
    });
    store.appendBatch({ source: 'shop', atMs: i * intervalMs, samples });
  }
  return store;
}

export async function suggestFor(
  series: readonly Series[],
  scrapes: number,
  service?: string,
): Promise<Suggestions> {
  const store = storeOf(series, scrapes);
  const [fromMs, toMs] = [0, (scrapes - 1) * intervalMs];
  const baseline = { querier: storeQuerier(store), fromMs, toMs };
  return await suggest(metricsOfStore(store, fromMs, toMs), baseline, service);
}

/** `count` durations of a little less than 1/8 s, as a native histogram of schema 0. */
export function eighths(count: number): NativeHistogram {
  const none = { indexes: new Int32Array(0), counts: new Float64Array(0) };
  return {
    schema: 0,
    count,
    sum: count / 8,
    zeroThreshold: 1e-128,
    zeroCount: 0,
    positive: { indexes: Int32Array.of(-3), counts: Float64Array.of(count) },
    negative: none,
    customBounds: undefined,
    resetHint: 'unknown',
  };
}
