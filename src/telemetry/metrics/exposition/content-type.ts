// Which parser an answer is for. A web page, or an answer that does not say what it is, is an error and not guessed
// at, as in Prometheus since 3.0.

import type { Exposition, SeriesTable } from './exposition.ts';
import { parseOpenMetrics } from './openmetrics.ts';
import { parseText } from './text.ts';

/** What we can read, best first. */
export const acceptedFormats = [
  'application/openmetrics-text;version=1.0.0;q=0.6',
  'application/openmetrics-text;version=0.0.1;q=0.5',
  'text/plain;version=1.0.0;q=0.4',
  'text/plain;version=0.0.4;q=0.3',
  '*/*;q=0.2',
].join(',');

export type ExpositionFormat = 'text' | 'openmetrics';

/** Undefined when it is no format of metrics that we read. */
export function formatOf(contentType: string | undefined): ExpositionFormat | undefined {
  const mediaType = contentType?.split(';')[0]?.trim().toLowerCase();
  if (mediaType === 'text/plain') return 'text';
  return mediaType === 'application/openmetrics-text' ? 'openmetrics' : undefined;
}

/** As a scrape reads it: leniently. Throws an ExpositionError. */
export function parseExposition<S>(
  text: string,
  format: ExpositionFormat,
  table: SeriesTable<S>,
): Exposition<S> {
  return format === 'text' ? parseText(text, table) : parseOpenMetrics(text, table);
}
