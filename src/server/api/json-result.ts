// Results of queries as JSON text, byte for byte as Prometheus writes it. A range query repeats the same timestamps
// for every series, so their text is made once.

import type { Labels } from '../../base/labels.ts';
import type { InstantResult, RangeSeries, VectorSample } from '../../promql/engine.ts';
import { histogramJson } from './histogram-json.ts';
import { valueText } from './value-text.ts';

/** `{"__name__":"up","job":"a"}` */
export function labelsJson(labels: Labels): string {
  let text = '{';
  for (const [name, value] of labels.pairs)
    text += `${text === '{' ? '' : ','}${quoted(name)}:${quoted(value)}`;
  return `${text}}`;
}

const plain = /^[\w\-./: ]*$/;

function quoted(value: string): string {
  return plain.test(value) ? `"${value}"` : JSON.stringify(value);
}

/** Seconds with three decimals, or none on a whole second. */
export function timestampJson(ms: number): string {
  const absolute = Math.abs(Math.trunc(ms));
  const fraction = absolute % 1000;
  const seconds = `${ms < 0 ? '-' : ''}${(absolute - fraction) / 1000}`;
  return fraction === 0 ? seconds : `${seconds}.${String(fraction).padStart(3, '0')}`;
}

export function instantJson(result: InstantResult): string {
  switch (result.type) {
    case 'scalar':
      return `{"resultType":"scalar","result":${pairJson(result.atMs, valueText(result.value))}}`;
    case 'string':
      return `{"resultType":"string","result":[${timestampJson(result.atMs)},${JSON.stringify(result.value)}]}`;
    case 'matrix':
      return matrixJson(result.series);
    case 'vector':
      return `{"resultType":"vector","result":[${result.samples.map(sampleJson).join(',')}]}`;
  }
}

function sampleJson({ labels, atMs, value, histogram }: VectorSample): string {
  const point = histogram
    ? `"histogram":[${timestampJson(atMs)},${histogramJson(histogram)}]`
    : `"value":${pairJson(atMs, valueText(value))}`;
  return `{"metric":${labelsJson(labels)},${point}}`;
}

export function matrixJson(series: readonly RangeSeries[]): string {
  const times = new Map<number, string>();
  return `{"resultType":"matrix","result":[${series.map((one) => rangeJson(one, times)).join(',')}]}`;
}

/** `times` holds the text of timestamps that were met before. */
function rangeJson(series: RangeSeries, times: Map<number, string>): string {
  const { histograms } = series;
  const values = pointsJson(series, times);
  const floats = values === '' && histograms ? '' : `,"values":[${values}]`;
  const native = histograms?.some((histogram) => histogram) ? `,"histograms":[${nativeJson(series)}]` : '';
  return `{"metric":${labelsJson(series.labels)}${floats}${native}}`;
}

function pointsJson({ times, values, histograms }: RangeSeries, known: Map<number, string>): string {
  let text = '';
  for (let i = 0; i < times.length; i++) {
    if (histograms?.[i]) continue;
    const atMs = times[i]!;
    let prefix = known.get(atMs);
    if (prefix === undefined) {
      prefix = `[${timestampJson(atMs)},"`;
      known.set(atMs, prefix);
    }
    text += `${text === '' ? '' : ','}${prefix}${valueText(values[i]!)}"]`;
  }
  return text;
}

function nativeJson({ times, histograms = [] }: RangeSeries): string {
  return histograms
    .flatMap((histogram, i) =>
      histogram ? [`[${timestampJson(times[i]!)},${histogramJson(histogram)}]`] : [],
    )
    .join(',');
}

function pairJson(atMs: number, value: string): string {
  return `[${timestampJson(atMs)},"${value}"]`;
}
