// Results of the query API: https://prometheus.io/docs/prometheus/latest/querying/api/#expression-query-result-formats
// Checked by hand, because a mirrored hour can hold millions of samples. Native histograms are not read: a series that
// has only those comes without samples.

import { type LabelRecord, Labels } from '../../base/labels.ts';
import { parseNumber } from '../metrics/exposition/number.ts';

interface RemoteSample {
  /** Unix milliseconds. */
  readonly atMs: number;
  readonly value: number;
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
  for (const { metric, value, values } of result as {
    metric?: unknown;
    value?: unknown;
    values?: unknown;
  }[]) {
    const written = (resultType === 'matrix' ? values : value && [value]) ?? [];
    if (typeof metric !== 'object' || metric === null || !Array.isArray(written)) return undefined;
    const samples = written.map(sampleOf);
    if (!samples.every((sample) => sample !== undefined)) return undefined;
    series.push({ labels: Labels.from(metric as LabelRecord), samples });
  }
  return { type: resultType, series };
}

/** `[1795140000.123, "26.9"]` */
function sampleOf(pair: unknown): RemoteSample | undefined {
  if (!Array.isArray(pair)) return undefined;
  const [seconds, text] = pair as unknown[];
  if (typeof seconds !== 'number' || typeof text !== 'string') return undefined;
  const value = parseNumber(text, 0, text.length);
  return value === undefined ? undefined : { atMs: Math.round(seconds * 1000), value };
}
