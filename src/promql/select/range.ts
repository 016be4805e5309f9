// Range selectors. Functions over ranges want dense samples: a series whose slots are all present is used as it lies in
// the store; one with gaps or stale markers is first compacted into columns of its own.

import type { NativeHistogram } from '../../telemetry/metrics/native-histogram.ts';
import { histogramPresent, present, type SeriesView } from '../../telemetry/metrics/series.ts';
import type { MatrixSelector, VectorSelector } from '../ast.ts';
import type { QueryContext } from '../query-context.ts';
import type { Boundary, MatrixValue, RangeSeriesInput } from '../values.ts';
import { statisticsView } from './statistics.ts';
import { computeWindows, firstMoment, lastMoment, type Moments, windowsOver } from './windows.ts';

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
  const series = views.map((view) => {
    return rangeSeries(context, selector.statisticsOnly ? statisticsView(view) : view, wider, windowMs);
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
  moments: Moments,
  rangeMs: number,
  dropName = false,
): RangeSeriesInput {
  const windows = windowsOver(context, slots.column, moments, rangeMs);
  const { labels, column, values, states, histograms, offset } = slots;
  const starts = context.useStartTimestamps ? slots.starts : undefined;
  const first = Math.max(slots.first, windows.lo[0]!);
  const last = Math.max(first, Math.min(slots.last, windows.hi.at(-1)!));
  for (let i = first; i < last; i++) {
    const state = states[i - offset];
    if (state === present || state === histogramPresent) continue;
    context.budget.charge(last - first);
    return compacted({ ...slots, starts, first, last }, moments, rangeMs, dropName);
  }
  const { times } = column;
  return { labels, dropName, times, values, histograms, starts, offset, first, last, windows };
}

/** The present slots in columns of their own. */
function compacted(slots: Slots, moments: Moments, rangeMs: number, dropName: boolean): RangeSeriesInput {
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
  const windows = computeWindows({ times, length }, moments, rangeMs);
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
