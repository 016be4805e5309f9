// Sealed and raw rows of a column as one column, as a query sees them. The times are decoded for the column; the
// slots of a series not before somebody reads them, so that a query that gives up early has decoded little.

import type { GrowingColumn, StoredSeries } from '../columns.ts';
import type { NativeHistogram } from '../native-histogram.ts';
import type { SeriesView, TimeColumn } from '../series.ts';
import type { DecodedCache } from './decoded-cache.ts';
import type { SealedBlock } from './sealed-block.ts';

interface Slots {
  readonly values: Float64Array;
  readonly states: Uint8Array;
  readonly histograms: (NativeHistogram | undefined)[] | undefined;
  readonly starts: Float64Array | undefined;
}

export class Span implements TimeColumn {
  readonly times: Float64Array;
  readonly length: number;
  readonly #blocks: readonly SealedBlock[];
  readonly #sealedRows: number;

  /** `blocks` are neighbours, and the last of the column when raw rows are wanted too. */
  constructor(blocks: readonly SealedBlock[], column: GrowingColumn, rawRows: number) {
    this.#blocks = blocks;
    this.#sealedRows = blocks.reduce((sum, { rows }) => sum + rows, 0);
    this.length = this.#sealedRows + rawRows;
    this.times = new Float64Array(this.length);
    let row = 0;
    for (const block of blocks) {
      block.decodeTimes(this.times.subarray(row, row + block.rows));
      row += block.rows;
    }
    this.times.set(column.times.subarray(0, rawRows), row);
  }

  /** Whether it is the span of these blocks and rows; of one column. */
  covers(blocks: readonly SealedBlock[], rawRows: number): boolean {
    return (
      this.length - this.#sealedRows === rawRows &&
      this.#blocks.length === blocks.length &&
      this.#blocks.every((block, i) => block === blocks[i])
    );
  }

  /** A series in the rows from `minRow` to before `endRow`; undefined when it has no slot there. */
  view(series: StoredSeries, minRow: number, endRow: number, cache: DecodedCache): SeriesView | undefined {
    const [start, end] = this.#extent(series);
    const first = Math.max(start, minRow);
    const last = Math.min(end, endRow);
    if (first >= last) return undefined;
    const raw = series.raw();
    let decoded: Slots | undefined;
    const slots = () => {
      decoded ??= this.#slots(series.id, raw, start, end, cache);
      return decoded;
    };
    return {
      labels: series.labels,
      column: this,
      offset: start,
      first,
      last,
      get values() {
        return slots().values;
      },
      get states() {
        return slots().states;
      },
      get histograms() {
        return slots().histograms;
      },
      get starts() {
        return slots().starts;
      },
    };
  }

  #extent(series: StoredSeries): readonly [number, number] {
    let start = Number.POSITIVE_INFINITY;
    let end = 0;
    let row = 0;
    for (const block of this.#blocks) {
      const extent = block.extent(series.id);
      if (extent) {
        start = Math.min(start, row + extent[0]);
        end = row + extent[1];
      }
      row += block.rows;
    }
    if (series.length === 0) return [start, end];
    const rawEnd = Math.min(this.length, row + series.offset + series.length);
    return row + series.offset < rawEnd ? [Math.min(start, row + series.offset), rawEnd] : [start, end];
  }

  #slots(
    seriesId: number,
    raw: ReturnType<StoredSeries['raw']>,
    start: number,
    end: number,
    cache: DecodedCache,
  ): Slots {
    const values = new Float64Array(end - start);
    const states = new Uint8Array(end - start);
    let histograms: (NativeHistogram | undefined)[] | undefined;
    let starts: Float64Array | undefined;
    const put = (part: Part, row: number) => {
      const at = row - start;
      values.set(part.values, at);
      states.set(part.states, at);
      if (part.starts) {
        starts ??= new Float64Array(end - start);
        starts.set(part.starts, at);
      }
      if (!part.histograms) return;
      histograms ??= new Array<NativeHistogram | undefined>(end - start).fill(undefined);
      for (const [i, histogram] of part.histograms.entries()) histograms[at + i] = histogram;
    };
    let row = 0;
    for (const block of this.#blocks) {
      const part = cache.decode(block, seriesId);
      if (part) put(part, row + part.firstRow);
      row += block.rows;
    }
    const length = Math.min(raw.length, end - row - raw.offset);
    if (length > 0) put(firstSlots(raw, length), row + raw.offset);
    return { values, states, histograms, starts };
  }
}

interface Part {
  readonly values: Float64Array;
  readonly states: Uint8Array;
  readonly histograms: readonly (NativeHistogram | undefined)[] | undefined;
  readonly starts: Float64Array | undefined;
}

function firstSlots({ values, states, histograms, starts }: Part, length: number): Part {
  return {
    values: values.subarray(0, length),
    states: states.subarray(0, length),
    histograms: histograms?.slice(0, length),
    starts: starts?.subarray(0, length),
  };
}
