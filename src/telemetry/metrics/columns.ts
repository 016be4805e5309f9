// How samples are kept: a column of timestamps, shared by the series of one source as long as they keep its rhythm,
// and beside it, for each series, values and states. Everything grows by doubling, so appending is amortised O(1).

import type { Labels } from '../../base/labels.ts';
import type { NativeHistogram } from './native-histogram.ts';
import { absent, type TimeColumn } from './series.ts';

const initialCapacity = 16;

/** Timestamps in Unix milliseconds, strictly rising. */
export class GrowingColumn implements TimeColumn {
  times = new Float64Array(initialCapacity);
  length = 0;

  get lastMs(): number {
    return this.length === 0 ? Number.NEGATIVE_INFINITY : this.times[this.length - 1]!;
  }

  /** The index of `atMs`, appended when it is later than all; undefined when it falls between two entries. */
  rowFor(atMs: number): number | undefined {
    const lastMs = this.lastMs;
    if (atMs === lastMs) return this.length - 1;
    if (atMs > lastMs) return this.#append(atMs);
    const row = this.firstAtOrAfter(atMs);
    return this.times[row] === atMs ? row : undefined;
  }

  /** The lowest index whose time is at or after `atMs`; `length` when there is none. */
  firstAtOrAfter(atMs: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.times[middle]! < atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The lowest index whose time is after `atMs`; `length` when there is none. */
  firstAfter(atMs: number): number {
    const row = this.firstAtOrAfter(atMs);
    return row < this.length && this.times[row] === atMs ? row + 1 : row;
  }

  #append(atMs: number): number {
    if (this.length === this.times.length) {
      const grown = new Float64Array(this.length * 2);
      grown.set(this.times);
      this.times = grown;
    }
    this.times[this.length] = atMs;
    return this.length++;
  }
}

/** One series: the slots `offset` to `offset + length` of its column. Slots that were never written are absent. */
export class StoredSeries {
  readonly labels: Labels;
  column: GrowingColumn;
  /** Whether other series of the source have the same column. */
  shared: boolean;
  offset = 0;
  length = 0;
  values: Float64Array = new Float64Array(0);
  states: Uint8Array = new Uint8Array(0);
  /** Only series that have native histograms have this column; slots that were never written are undefined. */
  histograms: (NativeHistogram | undefined)[] | undefined;
  /** Only series that have start timestamps have this column. */
  starts: Float64Array | undefined;
  /** Time of the newest sample or stale marker; a sample must be later than it. */
  lastMs = Number.NEGATIVE_INFINITY;

  constructor(labels: Labels, sharedColumn: GrowingColumn | undefined) {
    this.labels = labels;
    this.column = sharedColumn ?? new GrowingColumn();
    this.shared = sharedColumn !== undefined;
  }

  /** Writes one sample; `row` is an index of the column and is after every row that was written before. */
  put(row: number, value: number, state: number): void {
    if (this.length === 0) this.offset = row;
    const slot = row - this.offset;
    if (slot >= this.values.length) this.#grow(slot + 1);
    this.values[slot] = value;
    this.states[slot] = state;
    this.length = slot + 1;
    this.lastMs = this.column.times[row]!;
  }

  /** The newest sample, where it is a native histogram. */
  get newestHistogram(): NativeHistogram | undefined {
    return this.histograms?.[this.length - 1];
  }

  /** Completes the newest sample by what only some have; right after `put`. */
  addToNewest(histogram: NativeHistogram | undefined, startMs: number | undefined): void {
    const slot = this.length - 1;
    if (histogram) {
      this.histograms ??= [];
      // Without holes: an array with holes is slower and larger.
      while (this.histograms.length < slot) this.histograms.push(undefined);
      this.histograms[slot] = histogram;
    }
    if (startMs === undefined) return;
    if (!this.starts || this.starts.length < this.values.length) {
      const grown = new Float64Array(this.values.length);
      if (this.starts) grown.set(this.starts);
      this.starts = grown;
    }
    this.starts[slot] = startMs;
  }

  /** Moves the samples to a column of its own, because this series no longer keeps the rhythm of its source. */
  detach(): void {
    const { column, offset, values, states, histograms, starts, length } = this;
    this.column = new GrowingColumn();
    this.shared = false;
    this.length = 0;
    this.histograms = undefined;
    this.starts = undefined;
    for (let slot = 0; slot < length; slot++) {
      if (states[slot] === absent) continue;
      this.put(this.column.rowFor(column.times[offset + slot]!)!, values[slot]!, states[slot]!);
      if (histograms || starts) this.addToNewest(histograms?.[slot], starts?.[slot]);
    }
  }

  #grow(needed: number): void {
    const capacity = Math.max(initialCapacity, this.values.length * 2, needed);
    // One buffer for both arrays: half the allocations for stores with many short series.
    const buffer = new ArrayBuffer(capacity * 9);
    const values = new Float64Array(buffer, 0, capacity);
    const states = new Uint8Array(buffer, capacity * 8, capacity);
    values.set(this.values.subarray(0, this.length));
    states.set(this.states.subarray(0, this.length));
    this.values = values;
    this.states = states;
  }
}
