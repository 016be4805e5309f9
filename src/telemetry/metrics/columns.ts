// How samples are kept: a column of timestamps, shared by the series of one source as long as they keep its rhythm,
// and beside it, for each series, values and states. Everything grows by a share of itself, so appending is amortised O(1).
// Rows that have become old leave the column for a sealed block; rows are counted from the first that has not.

import type { Labels } from '../../base/labels.ts';
import type { SealedBlock, SealedSlots } from './chunks/sealed-block.ts';
import type { Span } from './chunks/span.ts';
import type { NativeHistogram } from './native-histogram.ts';
import { absent, type TimeColumn } from './series.ts';

const initialCapacity = 16;
/** Up to here arrays double; longer ones grow by a quarter, since what is not used yet is most of the memory wasted. */
const doublingMax = 256;
/** Of a column's rows, which are dropped together. */
const droppedShareMin = 1 / 16;

/** Timestamps in Unix milliseconds, strictly rising. */
export class GrowingColumn implements TimeColumn {
  times = new Float64Array(initialCapacity);
  length = 0;
  /** Older rows, oldest first; all before `times`. */
  blocks: SealedBlock[] = [];
  /** Those that have slots here, in rising order of their ids; some may have moved to other columns since. */
  members: StoredSeries[] = [];
  /** The span that a selection saw last, for as long as somebody uses it. */
  lastSpan: WeakRef<Span> | undefined;

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
    return firstAtOrAfter(this, atMs);
  }

  /** The lowest index whose time is after `atMs`; `length` when there is none. */
  firstAfter(atMs: number): number {
    return firstAfter(this, atMs);
  }

  /** Forgets the first rows; what the members have in them must be gone already. */
  dropRows(count: number, spareRows: number): void {
    const kept = this.length - count;
    const times = new Float64Array(Math.max(initialCapacity, kept + spareRows));
    times.set(this.times.subarray(count, this.length));
    this.times = times;
    this.length = kept;
    this.lastSpan = undefined;
  }

  /** Gives back the memory of what is before `atMs`. Returns how many raw samples that were. */
  dropBefore(atMs: number, gone: ReadonlySet<StoredSeries>): number {
    this.blocks = this.blocks.filter(({ lastMs }) => lastMs >= atMs);
    this.lastSpan = undefined;
    this.members = this.members.filter((series) => series.column === this && !gone.has(series));
    const rows = this.firstAtOrAfter(atMs);
    // Moving what remains costs more than a few rows are worth.
    if (rows < this.length * droppedShareMin) return 0;
    let samples = 0;
    const spare = this.length - rows < initialCapacity ? 0 : initialCapacity;
    for (const series of this.members) samples += series.dropBefore(rows, spare);
    if (rows > 0) this.dropRows(rows, spare);
    return samples;
  }

  #append(atMs: number): number {
    if (this.length === this.times.length) {
      const grown = new Float64Array(nextCapacity(this.length));
      grown.set(this.times);
      this.times = grown;
    }
    this.times[this.length] = atMs;
    return this.length++;
  }
}

function nextCapacity(capacity: number): number {
  return capacity < doublingMax ? capacity * 2 : Math.ceil(capacity * 1.25);
}

export function firstAtOrAfter({ times, length }: TimeColumn, atMs: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function firstAfter(column: TimeColumn, atMs: number): number {
  const row = firstAtOrAfter(column, atMs);
  return row < column.length && column.times[row] === atMs ? row + 1 : row;
}

export interface NewestSample {
  readonly value: number;
  readonly state: number;
  readonly histogram: NativeHistogram | undefined;
}

/** One series: the slots `offset` to `offset + length` of its column. Slots that were never written are absent. */
export class StoredSeries {
  /** Rises from series to series of a store. */
  readonly id: number;
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

  constructor(id: number, labels: Labels, sharedColumn: GrowingColumn | undefined) {
    this.id = id;
    this.labels = labels;
    this.column = sharedColumn ?? new GrowingColumn();
    this.column.members.push(this);
    this.shared = sharedColumn !== undefined;
  }

  /** The slots that are not sealed, as they are now. */
  raw() {
    const { offset, length, values, states, histograms, starts } = this;
    return { offset, length, values, states, histograms, starts };
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

  /** The newest sample or stale marker; undefined when there is none. */
  newest(): NewestSample | undefined {
    const { values, states, histograms } = this;
    const slot = this.length - 1;
    if (slot >= 0) return { value: values[slot]!, state: states[slot]!, histogram: histograms?.[slot] };
    for (let i = this.column.blocks.length - 1; i >= 0; i--) {
      const sealed = this.column.blocks[i]!.decode(this.id);
      if (!sealed) continue;
      const last = sealed.states.length - 1;
      return {
        value: sealed.values[last]!,
        state: sealed.states[last]!,
        histogram: sealed.histograms?.[last],
      };
    }
    return undefined;
  }

  /** The slots before a row, to be sealed; undefined when there are none. They are copies or never written again. */
  slotsBefore(row: number): SealedSlots | undefined {
    let end = Math.min(row - this.offset, this.length);
    while (end > 0 && this.states[end - 1] === absent) end--;
    if (end <= 0) return undefined;
    const histograms = this.histograms?.slice(0, end);
    while (histograms && histograms.length < end) histograms.push(undefined);
    return {
      seriesId: this.id,
      firstRow: this.offset,
      values: this.values.subarray(0, end),
      states: this.states.subarray(0, end),
      histograms: histograms?.some(Boolean) ? histograms : undefined,
      starts: this.starts && padded(this.starts.subarray(0, end), end),
    };
  }

  /** Forgets the slots before a row, which the column is about to drop. Returns how many samples they held. */
  dropBefore(row: number, spareRows: number): number {
    if (this.length === 0) return 0;
    const dropped = Math.min(Math.max(0, row - this.offset), this.length);
    let samples = 0;
    for (let slot = 0; slot < dropped; slot++) if (this.states[slot] !== absent) samples++;
    this.offset = Math.max(0, this.offset - row);
    this.length -= dropped;
    if (this.histograms) this.histograms = this.histograms.slice(dropped);
    if (this.histograms?.length === 0) this.histograms = undefined;
    const starts = this.starts?.subarray(dropped, dropped + this.length);
    this.#resize(this.length === 0 ? 0 : this.length + spareRows, dropped);
    if (!starts) return samples;
    this.starts = undefined;
    if (this.length === 0) return samples;
    this.starts = new Float64Array(this.values.length);
    this.starts.set(starts);
    return samples;
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
    this.column.members.push(this);
    // What is sealed stays where it is.
    this.column.blocks = column.blocks.filter((block) => block.extent(this.id));
    this.shared = false;
    this.length = 0;
    // Readers remember what they have seen of an array: its slots are never written twice.
    this.values = new Float64Array(0);
    this.states = new Uint8Array(0);
    this.histograms = undefined;
    this.starts = undefined;
    for (let slot = 0; slot < length; slot++) {
      if (states[slot] === absent) continue;
      this.put(this.column.rowFor(column.times[offset + slot]!)!, values[slot]!, states[slot]!);
      if (histograms || starts) this.addToNewest(histograms?.[slot], starts?.[slot]);
    }
  }

  #grow(needed: number): void {
    this.#resize(Math.max(initialCapacity, nextCapacity(this.values.length), needed), 0);
  }

  /** New arrays with the slots from `from` on. */
  #resize(capacity: number, from: number): void {
    // One buffer for both arrays: half the allocations for stores with many short series.
    const buffer = new ArrayBuffer(capacity * 9);
    const values = new Float64Array(buffer, 0, capacity);
    const states = new Uint8Array(buffer, capacity * 8, capacity);
    values.set(this.values.subarray(from, from + this.length));
    states.set(this.states.subarray(from, from + this.length));
    this.values = values;
    this.states = states;
  }
}

function padded(starts: Float64Array, length: number): Float64Array {
  const whole = new Float64Array(length);
  whole.set(starts);
  return whole;
}
