// The series store: everything that came in, in memory, ready to be evaluated. Timestamps are shared by the series of
// one source; the rules for late and repeated samples are Prometheus's (within a series time only moves forward).

import { UserError } from '../../base/diagnostics.ts';
import type { Labels } from '../../base/labels.ts';
import type { Matcher } from '../../base/matcher.ts';
import { GrowingColumn, StoredSeries } from './columns.ts';
import { LabelIndex } from './label-index.ts';
import { equalHistograms, type NativeHistogram, storedResetHint } from './native-histogram.ts';
import { histogramPresent, present, type Queryable, type SeriesView, stale } from './series.ts';

export interface BatchSample {
  readonly labels: Labels;
  readonly value: number;
  /** A stale marker: the series ended here, and `value` is not looked at. */
  readonly stale?: boolean;
  /** The sample's own timestamp, Unix milliseconds; the batch's when absent. */
  readonly atMs?: number;
  /** A native histogram in place of a number; `value` is not looked at. */
  readonly histogram?: NativeHistogram;
  /** Since when a counter or histogram has counted, Unix milliseconds. */
  readonly startMs?: number;
}

/** What one source delivered at one time: a scrape, the results of a rule group, a read of a remote. */
export interface SampleBatch {
  /** Series of one source share a column of timestamps. */
  readonly source: string;
  readonly atMs: number;
  readonly samples: readonly BatchSample[];
}

export interface StoreLimits {
  readonly series: number;
  /** Nine bytes a sample, and up to twice that while arrays grow. */
  readonly samples: number;
}

const defaultStoreLimits: StoreLimits = { series: 1_000_000, samples: 200_000_000 };

export type BatchListener = (batch: SampleBatch) => void;

export class SeriesStore implements Queryable {
  readonly #limits: StoreLimits;
  readonly #series = new Map<string, StoredSeries>();
  readonly #index = new LabelIndex();
  readonly #columns = new Map<string, GrowingColumn>();
  readonly #listeners = new Set<BatchListener>();
  #sampleCount = 0;
  #droppedCount = 0;

  constructor(limits: StoreLimits = defaultStoreLimits) {
    this.#limits = limits;
  }

  get seriesCount(): number {
    return this.#series.size;
  }

  /** Samples and stale markers that are held. */
  get sampleCount(): number {
    return this.#sampleCount;
  }

  /** Samples that were older than their series' newest, or differed from it at the same time. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /**
   * Appends a batch, then tells the subscribers. Throws FD708 when a limit does not allow all of it; then none of
   * it is appended.
   */
  appendBatch(batch: SampleBatch): void {
    const known = this.#resolve(batch.samples);
    const column = this.#columnOf(batch.source);
    for (let i = 0; i < batch.samples.length; i++) {
      const sample = batch.samples[i]!;
      this.#put(known[i] ?? this.#create(sample, column), sample, batch.atMs, column);
    }
    for (const listener of this.#listeners) listener(batch);
  }

  /** Calls `listener` after each append, until the returned function is called. */
  subscribe(listener: BatchListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  select(matchers: readonly Matcher[], minMs: number, maxMs: number): SeriesView[] {
    const ranges = new Map<GrowingColumn, readonly [number, number]>();
    const views: SeriesView[] = [];
    for (const series of this.#index.select(matchers)) {
      const { column, offset } = series;
      let range = ranges.get(column);
      if (!range) {
        range = [column.firstAtOrAfter(minMs), column.firstAfter(maxMs)];
        ranges.set(column, range);
      }
      const first = Math.max(range[0], offset);
      const last = Math.min(range[1], offset + series.length);
      if (first >= last) continue;
      const { labels, values, states, histograms, starts } = series;
      views.push({ labels, column, offset, values, states, histograms, starts, first, last });
    }
    return views;
  }

  /** Sorted. */
  labelNames(): string[] {
    return this.#index.names();
  }

  /** Sorted; empty for a label that no series has. */
  labelValues(name: string): string[] {
    return this.#index.values(name);
  }

  /** The series of each sample, where it exists already; refuses what would not fit before anything is changed. */
  #resolve(samples: readonly BatchSample[]): (StoredSeries | undefined)[] {
    if (this.#sampleCount + samples.length > this.#limits.samples)
      throw UserError.of('FD708', `the series store holds its limit of ${this.#limits.samples} samples`);
    let unknown = 0;
    const known = samples.map(({ labels }) => {
      const series = this.#series.get(labels.key);
      if (!series) unknown++;
      return series;
    });
    if (this.#series.size + unknown > this.#limits.series)
      throw UserError.of('FD708', `the series store holds its limit of ${this.#limits.series} series`);
    return known;
  }

  #columnOf(source: string): GrowingColumn {
    let column = this.#columns.get(source);
    if (!column) {
      column = new GrowingColumn();
      this.#columns.set(source, column);
    }
    return column;
  }

  #create(sample: BatchSample, sourceColumn: GrowingColumn): StoredSeries {
    // The same new series may stand twice in one batch.
    const existing = this.#series.get(sample.labels.key);
    if (existing) return existing;
    const series = new StoredSeries(sample.labels, sample.atMs === undefined ? sourceColumn : undefined);
    this.#series.set(sample.labels.key, series);
    this.#index.add(series);
    return series;
  }

  #put(series: StoredSeries, sample: BatchSample, batchMs: number, sourceColumn: GrowingColumn): void {
    const atMs = sample.atMs ?? batchMs;
    const { histogram } = sample;
    const state = sample.stale ? stale : histogram ? histogramPresent : present;
    if (atMs <= series.lastMs) {
      if (atMs < series.lastMs || !repeats(series, sample, state)) this.#droppedCount++;
      return;
    }
    const kept = histogram && state === histogramPresent ? withStoredHint(series, histogram) : undefined;
    if (series.shared && (sample.atMs !== undefined || series.column !== sourceColumn)) series.detach();
    let row = series.column.rowFor(atMs);
    if (row === undefined) {
      // The source's column has moved past this time without this series.
      series.detach();
      row = series.column.rowFor(atMs)!;
    }
    series.put(row, state === present ? sample.value : Number.NaN, state);
    if (kept || sample.startMs !== undefined) series.addToNewest(kept, sample.startMs);
    this.#sampleCount++;
  }
}

/** Whether a sample is the newest of its series once more: not an error, and nothing to store. */
function repeats(series: StoredSeries, { value, histogram }: BatchSample, state: number): boolean {
  const newest = series.length - 1;
  if (series.states[newest] !== state) return false;
  if (state === histogramPresent) return equalHistograms(series.histograms![newest]!, histogram!);
  return state === stale || Object.is(series.values[newest], value);
}

/** The histogram as it is kept: its hint says what the samples before it allow to say. */
function withStoredHint(series: StoredSeries, histogram: NativeHistogram): NativeHistogram {
  const resetHint = storedResetHint(series.newestHistogram, histogram);
  return resetHint === histogram.resetHint ? histogram : { ...histogram, resetHint };
}
