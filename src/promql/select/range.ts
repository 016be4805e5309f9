// Range selectors. Functions over ranges want dense samples: a series whose slots are all present is used as it lies in
// the store; one with gaps or stale markers is first compacted into columns of its own.

import type { NativeHistogram } from '../../telemetry/metrics/native-histogram.ts';
import { absent, histogramPresent, present, type SeriesView, stale } from '../../telemetry/metrics/series.ts';
import type { MatrixSelector, VectorSelector } from '../ast.ts';
import type { QueryContext } from '../query-context.ts';
import type { Boundary, MatrixValue, RangeSeriesInput, Windows } from '../values.ts';
import { statisticsView } from './statistics.ts';
import { firstMoment, lastMoment, type Moments, type Windowing, windowsOver } from './windows.ts';

export function selectRange(context: QueryContext, node: MatrixSelector, moments: Moments): MatrixValue {
  const { selector, rangeMs } = node;
  const boundary = boundaryOf(context, selector);
  // A window that reaches beyond its end is one that ends later.
  const afterMs = boundary?.afterMs ?? 0;
  const wider = { ...moments, offsetMs: moments.offsetMs - afterMs };
  const windowMs = rangeMs + (boundary?.beforeMs ?? 0) + afterMs;
  const views = context.source.select(
    selector.matchers,
    firstMoment(wider) - windowMs + 1,
    lastMoment(wider),
  );
  const windowing = windowsOver(context, wider, windowMs);
  const series = views.map((view) => {
    return rangeSeries(context, selector.statisticsOnly ? statisticsView(view) : view, windowing);
  });
  return { kind: 'matrix', rangeMs, boundary, series };
}

function boundaryOf({ lookbackMs }: QueryContext, { extended }: VectorSelector): Boundary | undefined {
  if (!extended) return undefined;
  return { modifier: extended, beforeMs: lookbackMs, afterMs: extended === 'smoothed' ? lookbackMs : 0 };
}

/** Samples in slots: a view of the store, or a series that a subquery has computed. */
type Slots = SeriesView;

/** A series with its windows; `dropName` is handed on from a subquery. */
export function rangeSeries(
  context: QueryContext,
  slots: Slots,
  windowing: Windowing,
  dropName = false,
): RangeSeriesInput {
  context.interrupt.spend(slots.last - slots.first);
  const windows = windowing.shared(slots.column);
  const { labels, column, values, histograms, offset } = slots;
  const starts = context.useStartTimestamps ? slots.starts : undefined;
  const first = Math.max(slots.first, windows.lo[0]!);
  const last = Math.max(first, Math.min(slots.last, windows.hi.at(-1)!));
  if (context.budget.countsReads) context.budget.countRead(samplesInWindows(windows, first, last));
  if (!isDense(slots.states, first - offset, last - offset)) {
    context.budget.charge(last - first);
    return compacted({ ...slots, starts, first, last }, windowing, dropName);
  }
  const { times } = column;
  return { labels, dropName, times, values, histograms, starts, offset, first, last, windows };
}

/** Gaps count as if they held samples: what is told of a query is how much there was to look at. */
function samplesInWindows({ lo, hi }: Windows, first: number, last: number): number {
  let samples = 0;
  for (let i = 0; i < lo.length; i++)
    samples += Math.max(0, Math.min(hi[i]!, last) - Math.max(lo[i]!, first));
  return samples;
}

/** Whether every slot from `from` to `to` holds a sample. Searching for a byte is what machines are fastest at. */
export function isDense(states: Uint8Array, from: number, to: number): boolean {
  const slots = Buffer.from(states.buffer, states.byteOffset + from, to - from);
  return !slots.includes(absent) && !slots.includes(stale);
}

/** The present slots in columns of their own. */
function compacted(slots: Slots, windowing: Windowing, dropName: boolean): RangeSeriesInput {
  const { labels, column, values, states, histograms, starts, offset, first, last } = slots;
  const times = new Float64Array(last - first);
  const dense = new Float64Array(last - first);
  const denseHistograms = histograms && new Array<NativeHistogram | undefined>(last - first).fill(undefined);
  const denseStarts = starts && new Float64Array(last - first);
  let length = 0;
  for (let i = first; i < last; i++) {
    const state = states[i - offset];
    if (state !== present && state !== histogramPresent) continue;
    if (denseHistograms) denseHistograms[length] = histograms[i - offset];
    if (denseStarts) denseStarts[length] = starts[i - offset] ?? 0;
    times[length] = column.times[i]!;
    dense[length] = values[i - offset]!;
    length++;
  }
  const windows = windowing.own({ times, length });
  return {
    labels,
    dropName,
    times,
    values: dense,
    histograms: denseHistograms,
    starts: denseStarts,
    offset: 0,
    first: 0,
    last: length,
    windows,
  };
}
