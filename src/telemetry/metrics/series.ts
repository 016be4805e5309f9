// What the rest of the house sees of stored samples. Timestamps live in columns that all series of one scrape
// share; a series holds its values beside the column, with one state byte a sample, because a stale marker's NaN
// bits do not survive arithmetic and an absent sample must not look like a value.

import type { Labels } from '../../base/labels.ts';
import type { Matcher } from '../../base/matcher.ts';
import type { NativeHistogram } from './native-histogram.ts';

/** State of a sample slot. */
export const absent = 0;
export const present = 1;
/** The series ended here: look-back stops, ranges skip it. */
export const stale = 2;
/** The sample is a native histogram: its slot of `histograms` holds it, that of `values` means nothing. */
export const histogramPresent = 3;

/** Timestamps in Unix milliseconds, strictly rising; only the first `length` entries are in use. */
export interface TimeColumn {
  readonly times: Float64Array;
  readonly length: number;
}

/**
 * A read-only view of one series over a time range. Sample i of the column is at `column.times[i]`; its value is
 * `values[i - offset]`, its state `states[i - offset]`. Valid for `first <= i < last`. Arrays may be larger than the
 * range and are shared with the store: a reader never writes to them, and reads them before it next awaits.
 */
export interface SeriesView {
  readonly labels: Labels;
  readonly column: TimeColumn;
  readonly offset: number;
  readonly values: Float64Array;
  readonly states: Uint8Array;
  /** As `values`, where the series has native histograms. */
  readonly histograms?: readonly (NativeHistogram | undefined)[] | undefined;
  /** Start timestamps in Unix milliseconds, 0 or beyond the end where unknown; as `values`, where the series has any. */
  readonly starts?: Float64Array | undefined;
  readonly first: number;
  readonly last: number;
}

/** Anything that PromQL can be evaluated on. */
export interface Queryable {
  /** Series that match all matchers and have a column entry in [minMs, maxMs]. Order is not specified. */
  select(matchers: readonly Matcher[], minMs: number, maxMs: number): SeriesView[];
}
