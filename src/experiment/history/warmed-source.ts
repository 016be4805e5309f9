// What was recorded with a history before it, as one source: expressions cannot tell where one ends and the other begins.

import type { Matcher } from '../../base/matcher.ts';
import { absent, type Queryable, type SeriesView, type TimeColumn } from '../../telemetry/metrics/series.ts';

export interface WarmedOptions {
  /** Only samples after this time are taken of the recording, Unix milliseconds; all. */
  readonly liveAfterMs?: number;
  /** Recorded series that the history has anew: those of the recording are not shown. */
  readonly hidden?: ReadonlySet<string>;
}

export class WarmedSource implements Queryable {
  readonly #history: Queryable;
  readonly #live: Queryable;
  readonly #afterMs: number;
  readonly #hidden: ReadonlySet<string>;

  constructor(history: Queryable, live: Queryable, options: WarmedOptions = {}) {
    this.#history = history;
    this.#live = live;
    this.#afterMs = options.liveAfterMs ?? Number.NEGATIVE_INFINITY;
    this.#hidden = options.hidden ?? new Set();
  }

  select(matchers: readonly Matcher[], minMs: number, maxMs: number): SeriesView[] {
    const past = new Map(
      this.#history.select(matchers, minMs, maxMs).map((view) => [view.labels.key, view] as const),
    );
    const live = this.#liveViews(matchers, minMs, maxMs);
    if (past.size === 0) return live;
    const columns = new Map<TimeColumn, Map<TimeColumn, TimeColumn>>();
    const joined = live.map((view) => {
      const before = past.get(view.labels.key);
      if (!before) return view;
      past.delete(view.labels.key);
      return join(before, view, columns);
    });
    return [...joined, ...past.values()];
  }

  #liveViews(matchers: readonly Matcher[], minMs: number, maxMs: number): SeriesView[] {
    // Times are whole or nearly so; what is after a time begins a microsecond later.
    const fromMs = Math.max(minMs, this.#afterMs + 0.001);
    if (fromMs > maxMs) return [];
    const views = this.#live.select(matchers, fromMs, maxMs);
    return this.#hidden.size === 0 ? views : views.filter(({ labels }) => !this.#hidden.has(labels.name));
  }
}

/** Series that share both columns share the joined one, so that a query computes their windows once. */
function join(
  past: SeriesView,
  live: SeriesView,
  columns: Map<TimeColumn, Map<TimeColumn, TimeColumn>>,
): SeriesView {
  const skipped = leadingAbsent(live);
  const pastLength = past.last - past.first;
  const liveLength = live.last - live.first;
  const length = pastLength + liveLength;
  const values = new Float64Array(length);
  const states = new Uint8Array(length);
  values.set(past.values.subarray(past.first - past.offset, past.last - past.offset));
  states.set(past.states.subarray(past.first - past.offset, past.last - past.offset));
  const from = live.first - live.offset;
  values.set(live.values.subarray(from, from + liveLength), pastLength);
  states.set(live.states.subarray(from, from + liveLength), pastLength);
  const column = joinedColumn(past, live, columns);
  // A row of the source that is older than the series' own history cannot stand in order: it has no sample anyway.
  if (column.times[pastLength]! <= column.times[pastLength - 1]!) return joinPresent(past, live, skipped);
  const { histograms, starts } = live;
  return {
    labels: live.labels,
    column,
    offset: 0,
    values,
    states,
    ...(histograms && {
      histograms: [...new Array(pastLength).fill(undefined), ...histograms.slice(from, from + liveLength)],
    }),
    ...(starts && { starts: padded(starts.subarray(from, from + liveLength), pastLength, length) }),
    first: 0,
    last: length,
  };
}

function joinedColumn(
  past: SeriesView,
  live: SeriesView,
  columns: Map<TimeColumn, Map<TimeColumn, TimeColumn>>,
): TimeColumn {
  const known = columns.get(past.column)?.get(live.column);
  const pastLength = past.last - past.first;
  const length = pastLength + live.last - live.first;
  // Views of one column may begin at different rows: those have a column of their own.
  if (
    known?.length === length &&
    known.times[0] === past.column.times[past.first] &&
    known.times[pastLength] === live.column.times[live.first]
  )
    return known;
  const times = new Float64Array(length);
  times.set(past.column.times.subarray(past.first, past.last));
  times.set(live.column.times.subarray(live.first, live.last), pastLength);
  const column = { times, length };
  const ofPast = columns.get(past.column) ?? new Map<TimeColumn, TimeColumn>();
  columns.set(past.column, ofPast.set(live.column, column));
  return column;
}

function leadingAbsent({ states, first, last, offset }: SeriesView): number {
  let row = first;
  while (row < last && states[row - offset] === absent) row++;
  return row - first;
}

function joinPresent(past: SeriesView, live: SeriesView, skipped: number): SeriesView {
  const first = live.first + skipped;
  if (skipped === 0 || first === live.last) return past;
  return join(past, { ...live, first }, new Map());
}

function padded(starts: Float64Array, before: number, length: number): Float64Array {
  const all = new Float64Array(length);
  all.set(starts, before);
  return all;
}
