// The series store: everything that came in, in memory, ready to be evaluated. Timestamps are shared by the series of
// one source; the rules for late and repeated samples are Prometheus's (within a series time only moves forward).

import { UserError } from '../../base/diagnostics.ts';
import type { Labels } from '../../base/labels.ts';
import type { Matcher } from '../../base/matcher.ts';
import { DecodedCache } from './chunks/decoded-cache.ts';
import { Sealer, type SealingOptions } from './chunks/sealer.ts';
import { Span } from './chunks/span.ts';
import { firstAfter, firstAtOrAfter, GrowingColumn, StoredSeries } from './columns.ts';
import { LabelIndex } from './label-index.ts';
import { emptied, equalHistograms, type NativeHistogram, storedResetHint } from './native-histogram.ts';
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

/** Numbers of one series, one after the other, as a file holds them. */
export interface SeriesRun {
  readonly source: string;
  readonly labels: Labels;
  /** Unix milliseconds; only the first `length` are in use, of `values` too. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly length: number;
}

export interface StoreLimits {
  readonly series: number;
  /** Nine bytes a sample, and up to twice that while arrays grow. */
  readonly samples: number;
}

/** What `retain` keeps; undefined is without limit. */
export interface Retention {
  /** Unix milliseconds. */
  readonly keepFromMs?: number | undefined;
  readonly bytesMax?: number | undefined;
}

export interface StoreMemory {
  readonly rawBytes: number;
  readonly sealedBytes: number;
  readonly cacheBytes: number;
}

/** Of the time that raw samples reach back, dropped at once when memory is short. */
const rawShareToDrop = 1 / 16;

const defaultStoreLimits: StoreLimits = { series: 1_000_000, samples: 200_000_000 };

export type BatchListener = (batch: SampleBatch) => void;

export class SeriesStore implements Queryable {
  readonly #limits: StoreLimits;
  readonly #series = new Map<string, StoredSeries>();
  readonly #index = new LabelIndex();
  readonly #columns = new Map<string, GrowingColumn>();
  readonly #listeners = new Set<BatchListener>();
  readonly #sealer: Sealer | undefined;
  readonly #cache: DecodedCache;
  readonly #zeroAtStart: boolean;
  #sampleCount = 0;
  #droppedCount = 0;
  #seriesCreated = 0;
  /** What is older was dropped, or is left out until its memory is given back. */
  #floorMs = Number.NEGATIVE_INFINITY;

  /**
   * Without `sealing` all samples stay as they are, which suits runs that end soon. With `zeroAtStart`, as behind the
   * flag `created-timestamp-zero-ingestion` in Prometheus, a start timestamp also becomes a sample of zero.
   */
  constructor(
    limits: StoreLimits = defaultStoreLimits,
    sealing?: SealingOptions,
    { zeroAtStart = false }: { readonly zeroAtStart?: boolean } = {},
  ) {
    this.#limits = limits;
    this.#zeroAtStart = zeroAtStart;
    this.#sealer = sealing && new Sealer(sealing);
    this.#cache = new DecodedCache(sealing?.cacheBytesMax ?? 0);
  }

  get seriesCount(): number {
    return this.#series.size;
  }

  /** Samples and stale markers that are held. */
  get sampleCount(): number {
    return this.#sampleCount;
  }

  /** Memory of samples, their times and what is kept of decoded chunks, in bytes; not that of label sets. */
  memory(): StoreMemory {
    let rawBytes = 0;
    for (const column of this.#allColumns()) rawBytes += column.times.byteLength;
    for (const { values, starts } of this.#series.values())
      rawBytes += values.buffer.byteLength + (starts?.byteLength ?? 0);
    return { rawBytes, sealedBytes: this.#sealer?.bytes ?? 0, cacheBytes: this.#cache.bytes };
  }

  /** Samples that were older than their series' newest, or differed from it at the same time. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /**
   * Appends a batch, then tells the subscribers. Throws FD708 when a limit does not allow all of it; then none of
   * it is appended.
   */
  appendBatch(incoming: SampleBatch): void {
    const batch = this.#zeroAtStart ? this.#withZeros(incoming) : incoming;
    const known = this.#resolve(batch.samples);
    const column = this.#columnOf(batch.source);
    for (let i = 0; i < batch.samples.length; i++) {
      const sample = batch.samples[i]!;
      if ((sample.atMs ?? batch.atMs) < this.#floorMs) {
        this.#droppedCount++;
        continue;
      }
      this.#put(known[i] ?? this.#create(sample, column), sample, batch.atMs, column);
    }
    for (const listener of this.#listeners) listener(batch);
  }

  /** As `length` batches of one sample each would be appended, without making them. Throws FD708. */
  appendRun({ source, labels, times, values, length }: SeriesRun): void {
    const column = this.#columnOf(source);
    const [known] = this.#resolve([{ labels, value: 0 }], length);
    let series = known;
    for (let i = 0; i < length; i++) {
      const atMs = times[i]!;
      const sample = { labels, value: values[i]! };
      if (atMs < this.#floorMs) this.#droppedCount++;
      else {
        series ??= this.#create(sample, column);
        this.#put(series, sample, atMs, column);
      }
      for (const listener of this.#listeners) listener({ source, atMs, samples: [sample] });
    }
  }

  /**
   * Drops what is before `keepFromMs`, seals what has become old, and then drops the oldest data until the memory of
   * samples is at most `bytesMax` bytes. To be called from time to time. Appending seals nothing, because what is
   * loaded from a file or sent again comes series after series, and all of them should find their rows in one column.
   */
  retain({ keepFromMs, bytesMax }: Retention): void {
    if (keepFromMs !== undefined) this.#dropBefore(keepFromMs);
    const newestMs = this.#newestMs();
    this.#sealer?.seal(this.#allColumns(), newestMs);
    if (bytesMax === undefined) return;
    while (this.#usedBytes() > bytesMax) {
      const nextMs = this.#sealer?.floorToFree(this.#usedBytes() - bytesMax) ?? this.#rawFloor(newestMs);
      if (nextMs === undefined) return;
      this.#dropBefore(nextMs);
    }
  }

  /** Calls `listener` after each append, until the returned function is called. */
  subscribe(listener: BatchListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  select(matchers: readonly Matcher[], minMs: number, maxMs: number): SeriesView[] {
    const ranges = new Map<GrowingColumn, ColumnRange>();
    const views: SeriesView[] = [];
    const fromMs = Math.max(minMs, this.#floorMs);
    for (const series of this.#index.select(matchers)) {
      const { column, offset } = series;
      let range = ranges.get(column);
      if (!range) {
        range = rangeOf(column, fromMs, maxMs);
        ranges.set(column, range);
      }
      if (range.span) {
        const view = range.span.view(series, range.first, range.last, this.#cache);
        if (view) views.push(view);
        continue;
      }
      const first = Math.max(range.first, offset);
      const last = Math.min(range.last, offset + series.length);
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
  #resolve(samples: readonly BatchSample[], count = samples.length): (StoredSeries | undefined)[] {
    if (this.#sampleCount + count > this.#limits.samples)
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

  /** Subscribers are told of the zeros too: what they record is then the whole of it. */
  #withZeros(batch: SampleBatch): SampleBatch {
    const samples = batch.samples.flatMap((sample) => {
      const { labels, startMs, stale: isStale } = sample;
      if (startMs === undefined || isStale || startMs >= (sample.atMs ?? batch.atMs)) return [sample];
      // Most start where the samples before them did.
      if (startMs <= (this.#series.get(labels.key)?.lastMs ?? Number.NEGATIVE_INFINITY)) return [sample];
      const histogram = sample.histogram && emptied(sample.histogram);
      return [{ labels, value: 0, atMs: startMs, ...(histogram && { histogram }) }, sample];
    });
    return samples.length === batch.samples.length ? batch : { ...batch, samples };
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
    const series = new StoredSeries(
      ++this.#seriesCreated,
      sample.labels,
      sample.atMs === undefined ? sourceColumn : undefined,
    );
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

  #allColumns(): Set<GrowingColumn> {
    const columns = new Set(this.#columns.values());
    for (const { column } of this.#series.values()) columns.add(column);
    return columns;
  }

  #newestMs(): number {
    let newestMs = Number.NEGATIVE_INFINITY;
    for (const { lastMs } of this.#series.values()) newestMs = Math.max(newestMs, lastMs);
    return newestMs;
  }

  #usedBytes(): number {
    const { rawBytes, sealedBytes } = this.memory();
    return rawBytes + sealedBytes;
  }

  #dropBefore(atMs: number): void {
    if (atMs <= this.#floorMs) return;
    this.#floorMs = atMs;
    const gone = new Set<StoredSeries>();
    for (const [key, series] of this.#series) {
      if (series.lastMs >= atMs) continue;
      gone.add(series);
      this.#series.delete(key);
      this.#sampleCount -= series.dropBefore(Number.POSITIVE_INFINITY, 0);
    }
    if (gone.size > 0) this.#index.remove(gone);
    for (const column of this.#allColumns()) this.#sampleCount -= column.dropBefore(atMs, gone);
    for (const [source, column] of this.#columns)
      if (column.members.length === 0) this.#columns.delete(source);
    const sealed = this.#sealer?.dropBefore(atMs) ?? 0;
    this.#sampleCount -= sealed;
    if (sealed > 0) this.#cache.clear();
  }

  /** A floor above the oldest raw samples; undefined when only the newest moment is left. */
  #rawFloor(newestMs: number): number | undefined {
    let oldestMs = newestMs;
    for (const column of this.#allColumns()) {
      const first = column.times[column.firstAtOrAfter(this.#floorMs)];
      if (column.length > 0 && first !== undefined)
        oldestMs = Math.min(oldestMs, Math.max(first, this.#floorMs));
    }
    if (oldestMs >= newestMs) return undefined;
    return oldestMs + Math.max(1, Math.ceil((newestMs - oldestMs) * rawShareToDrop));
  }
}

/** Rows of a column, or of the span that joins its sealed rows to the raw ones. */
interface ColumnRange {
  readonly span: Span | undefined;
  readonly first: number;
  readonly last: number;
}

function rangeOf(column: GrowingColumn, minMs: number, maxMs: number): ColumnRange {
  const blocks = column.blocks.filter(({ firstMs, lastMs }) => lastMs >= minMs && firstMs <= maxMs);
  const last = column.firstAfter(maxMs);
  if (blocks.length === 0) return { span: undefined, first: column.firstAtOrAfter(minMs), last };
  let span = column.lastSpan?.deref();
  if (!span?.covers(blocks, last)) {
    span = new Span(blocks, column, last);
    // Selectors of one query compute their windows once for what they share.
    column.lastSpan = new WeakRef(span);
  }
  return { span, first: firstAtOrAfter(span, minMs), last: firstAfter(span, maxMs) };
}

/** Whether a sample is the newest of its series once more: not an error, and nothing to store. */
function repeats(series: StoredSeries, { value, histogram }: BatchSample, state: number): boolean {
  const newest = series.newest();
  if (newest?.state !== state) return false;
  if (state === histogramPresent) return equalHistograms(newest.histogram!, histogram!);
  return state === stale || Object.is(newest.value, value);
}

/** The histogram as it is kept: its hint says what the samples before it allow to say. */
function withStoredHint(series: StoredSeries, histogram: NativeHistogram): NativeHistogram {
  const resetHint = storedResetHint(series.newest()?.histogram, histogram);
  return resetHint === histogram.resetHint ? histogram : { ...histogram, resetHint };
}
