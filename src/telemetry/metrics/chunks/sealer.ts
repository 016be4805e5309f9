// When rows of a column are sealed, and the list of all blocks, by which memory is counted and given back.

import type { GrowingColumn } from '../columns.ts';
import { SealedBlock, type SealedSlots } from './sealed-block.ts';

export interface SealingOptions {
  /** Samples that are younger than this stay as they are, which is what queries are fastest on. */
  readonly rawMs: number;
  /** Memory of decoded chunks that are kept for further queries, in bytes. */
  readonly cacheBytesMax: number;
  /** Rows that are sealed together. */
  readonly rowsPerBlock?: number;
}

/** An hour at 15 s: long enough for small chunks, short enough for a query to decode little that it does not want. */
const rowsPerBlockDefault = 240;
/** Sealing takes about 0.1 µs a sample, and nothing is answered meanwhile. */
const samplesAtOnceMax = 2_000_000;

export class Sealer {
  readonly #rawMs: number;
  readonly #rowsPerBlock: number;
  readonly #blocks = new Set<SealedBlock>();
  #sealed = 0;
  #bytes = 0;

  constructor({ rawMs, rowsPerBlock = rowsPerBlockDefault }: SealingOptions) {
    this.#rawMs = rawMs;
    this.#rowsPerBlock = rowsPerBlock;
  }

  /** Memory of all blocks. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Seals what is old in whole blocks; in columns that fell silent before that, all but the newest row. What is too
   * much for one call is left to the next.
   */
  seal(columns: Iterable<GrowingColumn>, nowMs: number): void {
    const rawFromMs = nowMs - this.#rawMs;
    const rows = this.#rowsPerBlock;
    let left = samplesAtOnceMax;
    for (const column of columns) {
      while (left > 0 && column.length > rows && column.times[rows - 1]! < rawFromMs)
        left -= this.#seal(column, rows);
      if (left <= 0) return;
      if (column.lastMs < rawFromMs && column.length > 1) left -= this.#seal(column, column.length - 1);
    }
  }

  /** Returns the number of samples that were dropped. */
  dropBefore(atMs: number): number {
    let samples = 0;
    for (const block of this.#blocks) {
      if (block.lastMs >= atMs) continue;
      this.#blocks.delete(block);
      this.#bytes -= block.bytes;
      samples += block.samples;
    }
    return samples;
  }

  /** Before which time to drop so that the oldest blocks give back this much; undefined when there is no block. */
  floorToFree(bytes: number): number | undefined {
    let left = bytes;
    let floorMs: number | undefined;
    for (const block of [...this.#blocks].sort((a, b) => a.lastMs - b.lastMs)) {
      if (left <= 0) break;
      left -= block.bytes;
      floorMs = block.lastMs + 1;
    }
    return floorMs;
  }

  /** Returns the number of samples that were sealed. */
  #seal(column: GrowingColumn, rows: number): number {
    column.members = column.members.filter((series) => series.column === column);
    const chunks: SealedSlots[] = [];
    for (const series of column.members) {
      const slots = series.slotsBefore(rows);
      if (slots) chunks.push(slots);
    }
    let samples = 0;
    if (chunks.length > 0) {
      const block = new SealedBlock(++this.#sealed, column.times.subarray(0, rows), chunks);
      this.#blocks.add(block);
      this.#bytes += block.bytes;
      column.blocks.push(block);
      samples = block.samples;
    }
    // Room until the next block is due, so that nothing doubles in between.
    const spareRows = Math.min(this.#rowsPerBlock, column.length - rows);
    for (const series of column.members) series.dropBefore(rows, spareRows);
    column.dropRows(rows, spareRows);
    return samples;
  }
}
