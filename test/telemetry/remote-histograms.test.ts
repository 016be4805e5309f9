import type { RequestListener } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { histogramJson } from '../../src/server/api/histogram-json.ts';
import { ExemplarStore } from '../../src/telemetry/metrics/exemplars.ts';
import {
  customBucketsSchema,
  equalHistograms,
  type NativeHistogram,
} from '../../src/telemetry/metrics/native-histogram.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { RemoteMirror } from '../../src/telemetry/remote/mirror.ts';
import { HistogramReader, shownHistogram } from '../../src/telemetry/remote/native-histogram.ts';
import { anyHistogram } from './histograms.ts';
import { samplesOf } from './samples.ts';
import { serve } from './servers.ts';

const shown = (histogram: NativeHistogram) => shownHistogram(JSON.parse(histogramJson(histogram)))!;

/** Whether every bucket of the one is a bucket of the other, with the same bounds and count. */
function showsTheSame(a: NativeHistogram, b: NativeHistogram): boolean {
  return histogramJson(a) === histogramJson(b);
}

describe('a native histogram of an answer', () => {
  it('is the one that was shown: count, sum, bounds and counts', () => {
    fc.assert(
      fc.property(anyHistogram, (histogram) => {
        const read = new HistogramReader().read(shown(histogram));
        expect(read.count).toBe(histogram.count);
        expect(read.sum).toBe(Number.isNaN(histogram.sum) ? Number.NaN : histogram.sum);
        if (histogram.schema !== customBucketsSchema && read.schema !== customBucketsSchema)
          expect(showsTheSame(read, histogram)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('has the schema of its bounds, and zero and negative buckets', () => {
    const histogram: NativeHistogram = {
      ...{ schema: 3, count: 10, sum: 4.5, zeroThreshold: 0.001, zeroCount: 2 },
      positive: { indexes: Int32Array.of(-5, 0, 7), counts: Float64Array.of(1, 2, 3) },
      negative: { indexes: Int32Array.of(1), counts: Float64Array.of(2) },
      customBounds: undefined,
      resetHint: 'unknown',
    };
    expect(equalHistograms(new HistogramReader().read(shown(histogram)), histogram)).toBe(true);
  });

  it('of custom buckets keeps the bounds that the series has shown before', () => {
    const histogram = (counts: readonly number[]): NativeHistogram => ({
      ...{ schema: customBucketsSchema, count: 9, sum: 1, zeroThreshold: 0, zeroCount: 0 },
      positive: { indexes: Int32Array.from(counts.keys()), counts: Float64Array.from(counts) },
      negative: { indexes: new Int32Array(0), counts: new Float64Array(0) },
      customBounds: Float64Array.of(0.1, 0.5, 3),
      resetHint: 'unknown',
    });
    const reader = new HistogramReader();
    expect(equalHistograms(reader.read(shown(histogram([1, 2, 3, 3]))), histogram([1, 2, 3, 3]))).toBe(true);
    expect(equalHistograms(reader.read(shown(histogram([0, 9]))), histogram([0, 9]))).toBe(true);
  });

  it.each([[null], [{}], [{ count: '1', sum: 'x' }], [{ count: '1', sum: '1', buckets: [[0, '1']] }]])(
    '%j is none',
    (written) => expect(shownHistogram(written)).toBeUndefined(),
  );
});

/** A remote that holds one series: a number, then a histogram with an exemplar; or that knows no exemplars. */
function remoteOf(histogram: NativeHistogram, atMs: number, offersExemplars: boolean) {
  const metric = { __name__: 'h', job: 'j' };
  const written = [atMs / 1000, JSON.parse(histogramJson(histogram))];
  const exemplar = { labels: { trace_id: 't' }, value: '1.5', timestamp: atMs / 1000 };
  const asked: string[] = [];
  const listener: RequestListener = async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    asked.push(request.url!);
    const isRange = new URLSearchParams(body).get('query')!.includes('[');
    const answers: Record<string, unknown> = {
      '/api/v1/query': isRange
        ? {
            resultType: 'matrix',
            result: [{ metric, values: [[atMs / 1000 - 1, '7']], histograms: [written] }],
          }
        : { resultType: 'vector', result: [{ metric, histogram: written }] },
      ...(offersExemplars && {
        '/api/v1/query_exemplars': [{ seriesLabels: metric, exemplars: [exemplar] }],
      }),
    };
    const data = answers[request.url!];
    response.statusCode = data ? 200 : 404;
    response.end(data ? JSON.stringify({ status: 'success', data }) : 'not found');
  };
  return { listener, asked };
}

describe('a mirror', () => {
  const atMs = Date.now() - 5000;
  const histogram: NativeHistogram = {
    ...{ schema: 1, count: 3, sum: 2, zeroThreshold: 2 ** -128, zeroCount: 0 },
    positive: { indexes: Int32Array.of(0, 1), counts: Float64Array.of(1, 2) },
    negative: { indexes: new Int32Array(0), counts: new Float64Array(0) },
    customBounds: undefined,
    resetHint: 'unknown',
  };

  it.each([true, false])(
    'copies histograms, each at its own time, and exemplars if they are offered: %s',
    async (offersExemplars) => {
      const { listener, asked } = remoteOf(histogram, atMs, offersExemplars);
      const remote = await serve(listener);
      const [store, exemplars, failures] = [new SeriesStore(), new ExemplarStore(), [] as string[]];
      const spec = { url: `http://${remote.address}`, http: {}, intervalMs: 1000 };
      const told = { onFailure: (_: string, reason: string) => failures.push(reason), onRecovery: () => {} };
      const selectors = [{ text: 'h', lookbackMs: 60_000 }];
      const mirror = new RemoteMirror(spec, store, systemClock, selectors, told, exemplars);
      try {
        await mirror.readOnce();
        await mirror.readOnce();
      } finally {
        await mirror.stop();
        await remote.close();
      }
      expect(failures).toEqual([]);
      expect(samplesOf(store, 'h').map(([time]) => time)).toEqual([atMs - 1000, atMs]);
      const [view] = store.select([], 0, Number.POSITIVE_INFINITY);
      expect(view!.values[0]).toBe(7);
      expect(equalHistograms(view!.histograms![1]!, histogram)).toBe(true);
      const [kept = []] = exemplars.select([[]], 0, Number.POSITIVE_INFINITY);
      const labels = [['trace_id', 't']];
      expect(kept.map(({ exemplar }) => exemplar)).toEqual(
        offersExemplars ? [{ labels, value: 1.5, atMs }] : [],
      );
      // Who has none is asked once.
      expect(asked.filter((path) => path.endsWith('exemplars'))).toHaveLength(offersExemplars ? 2 : 1);
    },
  );
});
