// The older rows of a column, sealed: the times once, and for each series that had samples a chunk of values, states
// and start timestamps. All of it is in one array of bytes, because arrays of their own would cost more than what they
// hold. Native histograms are kept as they are.
//
//   bytes: times | chunk | chunk | ...
//   chunk: first row, slots, flags [, runs of states] , values of the present slots [, starts of all slots]

import type { NativeHistogram } from '../native-histogram.ts';
import { absent, present } from '../series.ts';
import { ByteReader, ByteWriter } from './byte-stream.ts';
import { decodeNumbers, encodeNumbers, wordsOf } from './number-codec.ts';
import { decodeStates, encodeStates } from './state-codec.ts';

/** The slots of one series in the rows that are sealed. */
export interface SealedSlots {
  readonly seriesId: number;
  /** Row of the first slot, counted from the block's first. */
  readonly firstRow: number;
  readonly values: Float64Array;
  readonly states: Uint8Array;
  readonly histograms: readonly (NativeHistogram | undefined)[] | undefined;
  readonly starts: Float64Array | undefined;
}

const hasStates = 1;
const hasStarts = 2;
/** Of the objects around the bytes. */
const blockOverheadBytes = 400;
const histogramOverheadBytes = 300;

export class SealedBlock {
  /** In order of sealing, from 1; unique in its store. */
  readonly number: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly rows: number;
  /** Samples and stale markers. */
  readonly samples: number;
  readonly #bytes: Uint8Array;
  /** Rising; the chunk of `#ids[i]` begins at `#positions[i]`. */
  readonly #ids: Uint32Array;
  readonly #positions: Uint32Array;
  readonly #histograms = new Map<number, readonly (NativeHistogram | undefined)[]>();
  #histogramBytes = 0;

  /** `chunks` in rising order of their ids. */
  constructor(number: number, times: Float64Array, chunks: readonly SealedSlots[]) {
    this.number = number;
    this.rows = times.length;
    this.firstMs = times[0]!;
    this.lastMs = times[times.length - 1]!;
    const writer = new ByteWriter();
    encodeNumbers(writer, times, 2);
    const directory = new Uint32Array(chunks.length * 2);
    this.#ids = directory.subarray(0, chunks.length);
    this.#positions = directory.subarray(chunks.length);
    let samples = 0;
    for (const [i, slots] of chunks.entries()) {
      this.#ids[i] = slots.seriesId;
      this.#positions[i] = writer.length;
      samples += encodeSlots(writer, slots);
      if (slots.histograms) this.#keepHistograms(slots.seriesId, slots.histograms);
    }
    this.samples = samples;
    this.#bytes = writer.take();
  }

  /** Memory that it holds, in bytes; that of histograms is an estimate. */
  get bytes(): number {
    return this.#bytes.length + this.#ids.length * 8 + this.#histogramBytes + blockOverheadBytes;
  }

  decodeTimes(into: Float64Array): void {
    decodeNumbers(new ByteReader(this.#bytes, 0), into, 2);
  }

  /** Row of a series' first slot and the row after its last; undefined when it has none here. */
  extent(seriesId: number): readonly [first: number, end: number] | undefined {
    const index = this.#indexOf(seriesId);
    if (index < 0) return undefined;
    const reader = new ByteReader(this.#bytes, this.#positions[index]!);
    const first = reader.varint();
    return [first, first + reader.varint()];
  }

  /** The slots of a series; undefined when it has none here. */
  decode(seriesId: number): SealedSlots | undefined {
    const index = this.#indexOf(seriesId);
    if (index < 0) return undefined;
    const reader = new ByteReader(this.#bytes, this.#positions[index]!);
    const firstRow = reader.varint();
    const length = reader.varint();
    const flags = reader.byte();
    const states = flags & hasStates ? new Uint8Array(length) : allPresent(length);
    if (flags & hasStates) decodeStates(reader, states);
    const values = new Float64Array(length);
    if (flags & hasStates) decodePresent(reader, values, states);
    else decodeNumbers(reader, values, 1);
    let starts: Float64Array | undefined;
    if (flags & hasStarts) {
      starts = new Float64Array(length);
      decodeNumbers(reader, starts, 1);
    }
    return { seriesId, firstRow, values, states, histograms: this.#histograms.get(seriesId), starts };
  }

  #keepHistograms(seriesId: number, histograms: readonly (NativeHistogram | undefined)[]): void {
    this.#histograms.set(seriesId, histograms);
    for (const histogram of histograms) {
      if (!histogram) continue;
      const buckets = histogram.positive.counts.length + histogram.negative.counts.length;
      this.#histogramBytes += histogramOverheadBytes + buckets * 12;
    }
  }

  #indexOf(seriesId: number): number {
    let low = 0;
    let high = this.#ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ids[middle]! < seriesId) low = middle + 1;
      else high = middle;
    }
    return this.#ids[low] === seriesId ? low : -1;
  }
}

let presentStates = new Uint8Array(0);

/** The states of a chunk without gaps, which most are: one array for all of them, that nobody writes into. */
function allPresent(length: number): Uint8Array {
  if (presentStates.length < length) presentStates = new Uint8Array(length).fill(present);
  return presentStates.length === length ? presentStates : presentStates.subarray(0, length);
}

/** The number of samples and stale markers. */
function encodeSlots(writer: ByteWriter, { firstRow, values, states, starts }: SealedSlots): number {
  const length = values.length;
  let presentCount = 0;
  let samples = 0;
  for (let i = 0; i < length; i++) {
    if (states[i] === present) presentCount++;
    if (states[i] !== absent) samples++;
  }
  const isDense = presentCount === length;
  writer.varint(firstRow);
  writer.varint(length);
  writer.byte((isDense ? 0 : hasStates) | (starts ? hasStarts : 0));
  if (isDense) encodeNumbers(writer, values, 1);
  else {
    encodeStates(writer, states);
    encodeNumbers(writer, presentOnly(values, states, presentCount), 1);
  }
  if (starts) encodeNumbers(writer, starts, 1);
  return samples;
}

function presentOnly(values: Float64Array, states: Uint8Array, count: number): Float64Array {
  const dense = new Float64Array(count);
  const [from, to] = [wordsOf(values), wordsOf(dense)];
  let next = 0;
  for (let i = 0; i < states.length; i++) {
    if (states[i] !== present) continue;
    to[next++] = from[2 * i]!;
    to[next++] = from[2 * i + 1]!;
  }
  return dense;
}

/** Into the present slots; the others get what the store writes into such slots. */
function decodePresent(reader: ByteReader, values: Float64Array, states: Uint8Array): void {
  let count = 0;
  for (let i = 0; i < states.length; i++) if (states[i] === present) count++;
  const dense = new Float64Array(count);
  decodeNumbers(reader, dense, 1);
  const [from, to] = [wordsOf(dense), wordsOf(values)];
  let next = 0;
  for (let i = 0; i < states.length; i++) {
    const state = states[i]!;
    if (state === present) {
      to[2 * i] = from[next++]!;
      to[2 * i + 1] = from[next++]!;
    } else if (state !== absent) values[i] = Number.NaN;
  }
}
