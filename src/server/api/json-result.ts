// Results of queries as JSON text, byte for byte as Prometheus writes it.

import type { Labels } from '../../base/labels.ts';
import type { InstantResult, RangeSeries, VectorSample } from '../../promql/engine.ts';
import { formatPlain } from '../../promql/format.ts';
import { histogramJson } from './histogram-json.ts';
import { JsonWriter } from './json-writer.ts';
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

/** `resultType` and `result`, as bytes. */
export function instantJson(result: InstantResult): Buffer {
  if (result.type === 'matrix') return matrixJson(result.series);
  const out = new JsonWriter();
  out.text(`{"resultType":"${result.type}","result":`);
  switch (result.type) {
    case 'scalar':
      out.text(`[${result.atMs / 1000},"${formatPlain(result.value)}"]`);
      break;
    case 'string':
      out.text(`[${result.atMs / 1000},${JSON.stringify(result.value)}]`);
      break;
    case 'vector':
      out.text('[');
      for (const [i, sample] of result.samples.entries())
        out.text(`${i > 0 ? ',' : ''}${sampleJson(sample)}`);
      out.text(']');
  }
  out.text('}');
  return out.finish();
}

function sampleJson({ labels, atMs, value, histogram }: VectorSample): string {
  const point = histogram
    ? `"histogram":[${timestampJson(atMs)},${histogramJson(histogram)}]`
    : `"value":${pairJson(atMs, valueText(value))}`;
  return `{"metric":${labelsJson(labels)},${point}}`;
}

/** `resultType` and `result`, as bytes. */
export function matrixJson(series: readonly RangeSeries[]): Buffer {
  const out = new JsonWriter();
  out.text('{"resultType":"matrix","result":[');
  for (const [i, one] of series.entries()) {
    if (i > 0) out.text(',');
    writeSeries(out, one);
  }
  out.text(']}');
  return out.finish();
}

function writeSeries(out: JsonWriter, series: RangeSeries): void {
  const { labels, times, values, histograms } = series;
  out.text(`{"metric":${labelsJson(labels)}`);
  const hasHistograms = histograms?.some(Boolean) ?? false;
  if (!hasHistograms || !histograms!.every(Boolean)) {
    out.text(',"values":');
    out.points(times, values, histograms);
  }
  if (hasHistograms) out.text(`,"histograms":[${nativeJson(series)}]`);
  out.text('}');
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
