// A small source of series for tests: one column of times a series, kept sorted, later writes over earlier ones.

import type { Labels } from '../../src/base/labels.ts';
import { type Matcher, matchesAll } from '../../src/base/matcher.ts';
import {
  present,
  type Queryable,
  type SeriesView,
  stale,
  type TimeColumn,
} from '../../src/telemetry/metrics/series.ts';

interface MemorySample {
  readonly value: number;
  readonly stale: boolean;
}

interface MemorySeries {
  readonly labels: Labels;
  readonly samples: Map<number, MemorySample>;
  columns: { column: TimeColumn; values: Float64Array; states: Uint8Array } | undefined;
}

export class MemorySource implements Queryable {
  readonly #series = new Map<string, MemorySeries>();

  append(labels: Labels, atMs: number, value: number, isStale = false): void {
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
      const { column, values, states } = columnsOf(series);
      let first = 0;
      while (first < column.length && column.times[first]! < minMs) first++;
      let last = column.length;
      while (last > first && column.times[last - 1]! > maxMs) last--;
      if (first < last) views.push({ labels: series.labels, column, offset: 0, values, states, first, last });
    }
    return views;
  }
}

function columnsOf(series: MemorySeries) {
  if (!series.columns) {
    const samples = [...series.samples].sort(([a], [b]) => a - b);
    series.columns = {
      column: { times: Float64Array.from(samples, ([atMs]) => atMs), length: samples.length },
      values: Float64Array.from(samples, ([, sample]) => sample.value),
      states: Uint8Array.from(samples, ([, sample]) => (sample.stale ? stale : present)),
    };
  }
  return series.columns;
}
