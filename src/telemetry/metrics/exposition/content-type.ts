// Which parser an answer is for. A web page, or an answer that does not say what it is, is an error and not guessed
// at, as in Prometheus since 3.0, unless the configuration says what to take it for.

import type { IngestOptions } from '../ingest-options.ts';
import type { Exposition, SeriesTable } from './exposition.ts';
import { parseOpenMetrics } from './openmetrics.ts';
import { parseProtobuf } from './protobuf.ts';
import { parseText } from './text.ts';

export type ExpositionFormat = 'text' | 'openmetrics' | 'protobuf';

/** Formats by the names that `scrape_protocols` has for them: how they are asked for, and what reads them. */
export const scrapeProtocols = {
  PrometheusProto: {
    mediaType: 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited',
    format: 'protobuf',
  },
  'OpenMetricsText1.0.0': {
    mediaType: 'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8',
    format: 'openmetrics',
  },
  'OpenMetricsText0.0.1': { mediaType: 'application/openmetrics-text;version=0.0.1', format: 'openmetrics' },
  'PrometheusText1.0.0': { mediaType: 'text/plain;version=1.0.0;escaping=allow-utf-8', format: 'text' },
  'PrometheusText0.0.4': { mediaType: 'text/plain;version=0.0.4', format: 'text' },
} as const satisfies Record<string, { mediaType: string; format: ExpositionFormat }>;

export type ScrapeProtocol = keyof typeof scrapeProtocols;

const textProtocols: readonly ScrapeProtocol[] = [
  'OpenMetricsText1.0.0',
  'OpenMetricsText0.0.1',
  'PrometheusText1.0.0',
  'PrometheusText0.0.4',
];

/** Where nobody names protocols. Only protobuf holds native histograms; it comes first where those are wanted. */
export function defaultProtocols(nativeHistograms: boolean): readonly ScrapeProtocol[] {
  return nativeHistograms ? ['PrometheusProto', ...textProtocols] : textProtocols;
}

/** The Accept header that asks for these, the best first. */
export function acceptedFormats(protocols: readonly ScrapeProtocol[]): string {
  const ranked = protocols.map(
    (protocol, i) => `${scrapeProtocols[protocol].mediaType};q=0.${protocols.length + 1 - i}`,
  );
  return [...ranked, '*/*;q=0.1'].join(',');
}

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
