// Which parser an answer is for. A web page, or an answer that does not say what it is, is an error and not guessed
// at, as in Prometheus since 3.0, unless the configuration says what to take it for.

import type { IngestOptions } from '../ingest-options.ts';
import type { Exposition, SeriesTable } from './exposition.ts';
import { parseOpenMetrics } from './openmetrics.ts';
import { parseProtobuf } from './protobuf.ts';
import { parseText } from './text.ts';

const textFormats = [
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8',
  'application/openmetrics-text;version=0.0.1',
  'text/plain;version=1.0.0;escaping=allow-utf-8',
  'text/plain;version=0.0.4',
];

const protobufFormat =
  'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';

/** What we can read, best first. Only protobuf holds native histograms; it comes first where those are wanted. */
export function acceptedFormats(nativeHistograms: boolean): string {
  const formats = nativeHistograms ? [protobufFormat, ...textFormats] : textFormats;
  const ranked = formats.map((format, i) => `${format};q=0.${formats.length + 1 - i}`);
  return [...ranked, '*/*;q=0.1'].join(',');
}

export type ExpositionFormat = 'text' | 'openmetrics' | 'protobuf';

/** Undefined when it is no format of metrics that we read. */
export function formatOf(contentType: string | undefined): ExpositionFormat | undefined {
  const [mediaType, ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase());
  if (mediaType === 'text/plain') return 'text';
  if (mediaType === 'application/openmetrics-text') return 'openmetrics';
  if (mediaType !== 'application/vnd.google.protobuf') return undefined;
  const fits = ['proto=io.prometheus.client.metricfamily', 'encoding=delimited'];
  return fits.every((wanted) => parameters.includes(wanted)) ? 'protobuf' : undefined;
}

/** As a scrape reads it: leniently. Throws an ExpositionError. */
export function parseExposition<S>(
  body: Buffer,
  format: ExpositionFormat,
  table: SeriesTable<S>,
  ingest: IngestOptions = {},
): Exposition<S> {
  switch (format) {
    case 'text':
      return parseText(body.toString(), table, ingest);
    case 'openmetrics':
      return parseOpenMetrics(body.toString(), table, { ingest });
    case 'protobuf':
      return parseProtobuf(body, table, ingest);
  }
}
