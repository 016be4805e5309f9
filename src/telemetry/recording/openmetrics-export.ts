// A store as OpenMetrics text with timestamps: the file that `promtool tsdb create-blocks-from openmetrics` reads. The
// format has no stale markers, and Prometheus before 3.0 reads no names in quotes: such samples are left out and counted.

import { open } from 'node:fs/promises';
import { UserError } from '../../base/diagnostics.ts';
import { isLegacyName, metricName } from '../../base/labels.ts';
import { createMatcher } from '../../base/matcher.ts';
import { absent, present, type SeriesView } from '../metrics/series.ts';
import type { SeriesStore } from '../metrics/store.ts';
import { systemReason } from '../system-reason.ts';

const chunkCharacters = 256 * 1024;
const labelNamePattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Samples that were written, and those that the format cannot hold. Rejects with FD709. */
export async function exportOpenMetrics(
  store: SeriesStore,
  path: string,
): Promise<{ written: number; leftOut: number }> {
  const count = { written: 0, leftOut: 0 };
  try {
    const file = await open(path, 'w');
    try {
      let chunk = '';
      for (const line of linesOf(store, count)) {
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
function* linesOf(store: SeriesStore, count: { written: number; leftOut: number }) {
  for (const name of ['', ...store.labelValues(metricName)]) {
    const matcher = createMatcher(metricName, '=', name);
    for (const view of store.select([matcher], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)) {
      const seriesText = textOf(view.labels);
      for (let i = view.first; i < view.last; i++) {
        const state = view.states[i - view.offset];
        if (state === absent) continue;
        if (state !== present || seriesText === undefined) {
          count.leftOut++;
          continue;
        }
        count.written++;
        yield `${seriesText} ${valueText(view.values[i - view.offset]!)} ${secondsText(view.column.times[i]!)}\n`;
      }
    }
  }
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
