// A small source of series for tests: one column of times a series, kept sorted, later writes over earlier ones.

import type { Labels } from '../../src/base/labels.ts';
import { type Matcher, matchesAll } from '../../src/base/matcher.ts';
import type { NativeHistogram } from '../../src/telemetry/metrics/native-histogram.ts';
import {
  histogramPresent,
  present,
  type Queryable,
  type SeriesView,
  stale,
} from '../../src/telemetry/metrics/series.ts';

interface MemorySample {
  readonly value: number | NativeHistogram;
  readonly stale: boolean;
}

interface MemorySeries {
  readonly labels: Labels;
  readonly samples: Map<number, MemorySample>;
  columns: Omit<SeriesView, 'labels' | 'offset' | 'first' | 'last'> | undefined;
}

export class MemorySource implements Queryable {
  readonly #series = new Map<string, MemorySeries>();

  append(labels: Labels, atMs: number, value: number | NativeHistogram, isStale = false): void {
    let series = this.#series.get(labels.key);
    if (!series) {
      series = { labels, samples: new Map(), columns: undefined };
      this.#series.set(labels.key, series);
    }
    series.samples.set(atMs, { value, stale: isStale });
    series.columns = undefined;
  }

  clear(): void {
    this.#series.clear();
  }

  select(matchers: readonly Matcher[], minMs: number, maxMs: number): SeriesView[] {
    const views: SeriesView[] = [];
    for (const series of this.#series.values()) {
      if (!matchesAll(matchers, series.labels)) continue;
      const columns = columnsOf(series);
      const { column } = columns;
      let first = 0;
      while (first < column.length && column.times[first]! < minMs) first++;
      let last = column.length;
      while (last > first && column.times[last - 1]! > maxMs) last--;
      if (first < last) views.push({ ...columns, labels: series.labels, offset: 0, first, last });
    }
    return views;
  }
}

function stateOf({ value, stale: isStale }: MemorySample): number {
  if (isStale) return stale;
  return typeof value === 'number' ? present : histogramPresent;
}

function columnsOf(series: MemorySeries) {
  if (!series.columns) {
    const samples = [...series.samples].sort(([a], [b]) => a - b);
    series.columns = {
      column: { times: Float64Array.from(samples, ([atMs]) => atMs), length: samples.length },
      values: Float64Array.from(samples, ([, { value }]) => (typeof value === 'number' ? value : Number.NaN)),
      states: Uint8Array.from(samples, ([, sample]) => stateOf(sample)),
      ...(samples.some(([, { value }]) => typeof value !== 'number') && {
        histograms: samples.map(([, { value }]) => (typeof value === 'number' ? undefined : value)),
      }),
    };
  }
  return series.columns;
}
