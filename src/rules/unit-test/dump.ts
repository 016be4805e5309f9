// Everything that a test's store holds, as text: a line a series, then its samples with their times.

import { compareLabels } from '../../base/labels.ts';
import { formatValue } from '../../promql/format.ts';
import { absent, type SeriesView, stale } from '../../telemetry/metrics/series.ts';
import type { SeriesStore } from '../../telemetry/metrics/store.ts';
import { histogramText } from './histogram-notation.ts';

/** Times are in seconds from the epoch. */
export function dumpStore(store: SeriesStore): string {
  const views = store.select([], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  return views
    .sort((a, b) => compareLabels(a.labels, b.labels))
    .map(seriesText)
    .join('\n');
}

function seriesText({ labels, column, offset, values, states, histograms, first, last }: SeriesView): string {
  const lines = [`${labels} =>`];
  for (let i = first; i < last; i++) {
    const state = states[i - offset];
    if (state === absent) continue;
    const histogram = histograms?.[i - offset];
    const value =
      state === stale ? 'stale' : histogram ? histogramText(histogram) : formatValue(values[i - offset]!);
    lines.push(`${value} @[${column.times[i]! / 1000}]`);
  }
  return lines.join('\n');
}
