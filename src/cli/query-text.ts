// Results of the query API as promtool prints them.

import { Labels } from '../base/labels.ts';
import { formatGeneral, formatPlain } from '../promql/format.ts';

type Pair = readonly [seconds: number, value: string];
type HistogramPair = readonly [seconds: number, histogram: HistogramFields];

interface HistogramFields {
  readonly count: string;
  readonly sum: string;
  readonly buckets?: readonly (readonly [bounds: number, lower: string, upper: string, count: string])[];
}

interface SeriesFields {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: Pair;
  readonly values?: readonly Pair[];
  readonly histogram?: HistogramPair;
  readonly histograms?: readonly HistogramPair[];
}

/** The `data` of an answer to query or query_range. */
export type QueryData =
  | { readonly resultType: 'scalar' | 'string'; readonly result: Pair }
  | { readonly resultType: 'vector' | 'matrix'; readonly result: readonly SeriesFields[] };

export function queryText(data: QueryData): string {
  switch (data.resultType) {
    case 'scalar':
      return `scalar: ${pointText(data.result)}`;
    case 'string':
      return data.result[1];
    case 'vector':
      return data.result
        .map(
          ({ metric, value, histogram }) =>
            `${metricText(metric)} => ${value ? pointText(value) : histogramText(histogram!)}`,
        )
        .join('\n');
    case 'matrix':
      return data.result
        .map(({ metric, values = [], histograms = [] }) =>
          [`${metricText(metric)} =>`, ...values.map(pointText), ...histograms.map(histogramText)].join('\n'),
        )
        .join('\n');
  }
}

function metricText(metric: Readonly<Record<string, string>>): string {
  return Labels.from(metric).toString();
}

function pointText([seconds, value]: Pair): string {
  return `${formatPlain(numberOf(value))} @[${formatPlain(seconds)}]`;
}

function histogramText([seconds, { count, sum, buckets = [] }]: HistogramPair): string {
  const shown = buckets.map(([bounds, lower, upper, held]) => {
    const [open, close] = [
      bounds === 1 || bounds === 3 ? '[' : '(',
      bounds === 0 || bounds === 3 ? ']' : ')',
    ];
    const range = `${formatGeneral(numberOf(lower))},${formatGeneral(numberOf(upper))}`;
    return `${open}${range}${close}:${formatPlain(numberOf(held))}`;
  });
  const head = `Count: ${numberOf(count).toFixed(6)}, Sum: ${numberOf(sum).toFixed(6)}`;
  return `${head}, Buckets: [${shown.join(' ')}] @[${formatPlain(seconds)}]`;
}

function numberOf(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}
