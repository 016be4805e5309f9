// A store as OpenMetrics text with timestamps: the file that `promtool tsdb create-blocks-from openmetrics` reads. The
// format has no stale markers and no native histograms, and Prometheus before 3.0 reads no names in quotes: such samples
// are left out and counted. Exemplars and starts stand at counters alone, where the format allows them in a text whose
// series follow one another.

import { open } from 'node:fs/promises';
import { UserError } from '../../base/diagnostics.ts';
import { isLegacyName, metricName } from '../../base/labels.ts';
import { createMatcher } from '../../base/matcher.ts';
import type { ExemplarStore, StoredExemplar } from '../metrics/exemplars.ts';
import type { MetadataStore } from '../metrics/metadata.ts';
import { absent, present, type SeriesView } from '../metrics/series.ts';
import type { SeriesStore } from '../metrics/store.ts';
import { systemReason } from '../system-reason.ts';

const chunkCharacters = 256 * 1024;
const labelNamePattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** What stands beside the samples of a store. */
export interface ExportedBeside {
  readonly exemplars?: ExemplarStore;
  /** Says what is a counter. */
  readonly metadata?: MetadataStore;
}

export interface ExportCount {
  /** Samples, stale markers among them. */
  written: number;
  leftOut: number;
  exemplarsWritten: number;
  exemplarsLeftOut: number;
}

/** What was written, and what the format cannot hold. Rejects with FD709. */
export async function exportOpenMetrics(
  store: SeriesStore,
  path: string,
  beside: ExportedBeside = {},
): Promise<Readonly<ExportCount>> {
  const count: ExportCount = { written: 0, leftOut: 0, exemplarsWritten: 0, exemplarsLeftOut: 0 };
  try {
    const file = await open(path, 'w');
    try {
      let chunk = '';
      for (const line of linesOf(store, beside, count)) {
        chunk += line;
        if (chunk.length < chunkCharacters) continue;
        await file.appendFile(chunk);
        chunk = '';
      }
      await file.appendFile(`${chunk}# EOF\n`);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw UserError.of('FD709', `${path} cannot be written: ${systemReason(error)}`);
  }
  return count;
}

/** Grouped by metric, a series after the other, as the format demands. */
function* linesOf(store: SeriesStore, { exemplars, metadata }: ExportedBeside, count: ExportCount) {
  const names = new Set(store.labelValues(metricName));
  const families = metadata?.all() ?? new Map<string, { type: string }[]>();
  const isCounter = (name: string) => families.get(name)?.some(({ type }) => type === 'counter') ?? false;
  for (const name of ['', ...names]) {
    const matcher = createMatcher(metricName, '=', name);
    const base = name.endsWith('_total') ? name.slice(0, -'_total'.length) : '';
    const isFree = base !== '' && !names.has(base) && !names.has(`${base}_created`);
    const counter = isFree && (isCounter(name) || isCounter(base)) && isLegacyName(name) ? base : undefined;
    if (counter !== undefined) yield `# TYPE ${counter} counter\n`;
    const held = exemplars?.select([[matcher]], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY) ?? [];
    const bySeries = new Map(held.map((list) => [list[0]!.series.key, list]));
    for (const list of held) count.exemplarsLeftOut += list.length;
    for (const view of store.select([matcher], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY))
      yield* seriesLines(view, counter, bySeries.get(view.labels.key) ?? [], count);
  }
}

function* seriesLines(
  { labels, column, offset, values, states, starts, first, last }: SeriesView,
  counter: string | undefined,
  exemplars: readonly StoredExemplar[],
  count: ExportCount,
) {
  const seriesText = textOf(labels);
  const createdText =
    counter === undefined ? undefined : textOf(labels.with({ [metricName]: `${counter}_created` }));
  let startMs = 0;
  let next = 0;
  for (let i = first; i < last; i++) {
    const state = states[i - offset];
    if (state === absent) continue;
    if (state !== present || seriesText === undefined) {
      count.leftOut++;
      continue;
    }
    const atMs = column.times[i]!;
    count.written++;
    let exemplarText = '';
    // A line has room for one: the newest that is not after its sample.
    for (; counter !== undefined && next < exemplars.length && exemplars[next]!.atMs <= atMs; next++)
      exemplarText = textOfExemplar(exemplars[next]!) ?? exemplarText;
    if (exemplarText !== '') {
      count.exemplarsWritten++;
      count.exemplarsLeftOut--;
    }
    const time = secondsText(atMs);
    yield `${seriesText} ${valueText(values[i - offset]!)} ${time}${exemplarText}\n`;
    const start = starts?.[i - offset] || 0;
    if (createdText !== undefined && start > 0 && start !== startMs)
      yield `${createdText} ${secondsText(start)} ${time}\n`;
    startMs = start;
  }
}

/** Undefined when the format cannot hold it. */
function textOfExemplar({ exemplar: { labels, value }, atMs }: StoredExemplar): string | undefined {
  if (labels.some(([name]) => !labelNamePattern.test(name))) return undefined;
  const pairs = labels.map(([name, text]) => `${name}="${escapeValue(text)}"`).join(',');
  return ` # {${pairs}} ${valueText(value)} ${secondsText(atMs)}`;
}

/** Undefined when a name needs quotes. */
function textOf(labels: SeriesView['labels']): string | undefined {
  const rest = labels.pairs.filter(([name]) => name !== metricName);
  if (!isLegacyName(labels.name) || rest.some(([name]) => !labelNamePattern.test(name))) return undefined;
  if (rest.length === 0) return labels.name;
  return `${labels.name}{${rest.map(([name, value]) => `${name}="${escapeValue(value)}"`).join(',')}}`;
}

function escapeValue(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}

function valueText(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

/**
 * Seconds from which both a reader that rounds and one that cuts, as Prometheus does after it has multiplied by 1000,
 * find the same millisecond again.
 */
function secondsText(atMs: number): string {
  const seconds = atMs / 1000;
  return Math.trunc(seconds * 1000) === atMs
    ? String(seconds)
    : (seconds + Math.sign(atMs) * 1e-4).toFixed(4);
}
