// Results of the query API: https://prometheus.io/docs/prometheus/latest/querying/api/#expression-query-result-formats
// Checked by hand, because a mirrored hour can hold millions of samples.

import { type LabelRecord, Labels } from '../../base/labels.ts';
import { parseNumber } from '../metrics/exposition/number.ts';
import { type ShownHistogram, shownHistogram } from './native-histogram.ts';

interface RemoteSample {
  /** Unix milliseconds. */
  readonly atMs: number;
  /** Means nothing beside a histogram. */
  readonly value: number;
  readonly histogram?: ShownHistogram;
}

export interface RemoteSeries {
  readonly labels: Labels;
  /** In the order of their times. */
  readonly samples: readonly RemoteSample[];
}

/** An instant vector or a scalar has one sample a series, a scalar no labels. */
export interface QueryResult {
  readonly type: 'vector' | 'matrix' | 'scalar';
  readonly series: readonly RemoteSeries[];
}

/** Undefined when it is no result, or a string. */
export function queryResult(data: unknown): QueryResult | undefined {
  const { resultType, result } = (data ?? {}) as { resultType?: unknown; result?: unknown };
  if (!Array.isArray(result)) return undefined;
  if (resultType === 'scalar') {
    const sample = sampleOf(result);
    return sample && { type: 'scalar', series: [{ labels: Labels.empty, samples: [sample] }] };
  }
  if (resultType !== 'vector' && resultType !== 'matrix') return undefined;
  const series: RemoteSeries[] = [];
  for (const { metric, value, values, histogram, histograms } of result as RawSeries[]) {
    const numbers = (resultType === 'matrix' ? values : value && [value]) ?? [];
    const others = (resultType === 'matrix' ? histograms : histogram && [histogram]) ?? [];
    if (typeof metric !== 'object' || metric === null) return undefined;
    if (!Array.isArray(numbers) || !Array.isArray(others)) return undefined;
    const samples = [...numbers.map(sampleOf), ...others.map(histogramSampleOf)];
    if (!samples.every((sample) => sample !== undefined)) return undefined;
    if (others.length > 0) samples.sort((a, b) => a.atMs - b.atMs);
    series.push({ labels: Labels.from(metric as LabelRecord), samples });
  }
  return { type: resultType, series };
}

interface RawSeries {
  readonly metric?: unknown;
  readonly value?: unknown;
  readonly values?: unknown;
  readonly histogram?: unknown;
  readonly histograms?: unknown;
}

/** `[1795140000.123, {"count": "3", …}]` */
function histogramSampleOf(pair: unknown): RemoteSample | undefined {
  if (!Array.isArray(pair) || typeof pair[0] !== 'number') return undefined;
  const histogram = shownHistogram(pair[1]);
  return histogram && { atMs: Math.round(pair[0] * 1000), value: Number.NaN, histogram };
}

/** `[1795140000.123, "26.9"]` */
function sampleOf(pair: unknown): RemoteSample | undefined {
  if (!Array.isArray(pair)) return undefined;
  const [seconds, text] = pair as unknown[];
  if (typeof seconds !== 'number' || typeof text !== 'string') return undefined;
  const value = parseNumber(text, 0, text.length);
  return value === undefined ? undefined : { atMs: Math.round(seconds * 1000), value };
}
