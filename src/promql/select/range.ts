// Range selectors. Functions over ranges want dense samples: a series whose slots are all present is used as it lies in
// the store; one with gaps or stale markers is first compacted into columns of its own.

import { present, type SeriesView } from '../../telemetry/metrics/series.ts';
import type { MatrixSelector } from '../ast.ts';
import type { QueryContext } from '../query-context.ts';
import type { MatrixValue, RangeSeriesInput } from '../values.ts';
import { computeWindows, firstMoment, lastMoment, type Moments, windowsOver } from './windows.ts';

export function selectRange(context: QueryContext, node: MatrixSelector, moments: Moments): MatrixValue {
  const { selector, rangeMs } = node;
  const views = context.source.select(
    selector.matchers,
    firstMoment(moments) - rangeMs + 1,
    lastMoment(moments),
  );
  const series = views.map((view) => rangeSeries(context, view, moments, rangeMs));
  return { kind: 'matrix', rangeMs, series };
}

/** Samples in slots: a view of the store, or a series that a subquery has computed. */
type Slots = Pick<SeriesView, 'labels' | 'column' | 'values' | 'states' | 'offset' | 'first' | 'last'>;

/** A series with its windows; `dropName` is handed on from a subquery. */
export function rangeSeries(
  context: QueryContext,
  slots: Slots,
  moments: Moments,
  rangeMs: number,
  dropName = false,
): RangeSeriesInput {
  const windows = windowsOver(context, slots.column, moments, rangeMs);
  const { labels, column, values, states, offset } = slots;
  const first = Math.max(slots.first, windows.lo[0]!);
  const last = Math.max(first, Math.min(slots.last, windows.hi.at(-1)!));
  for (let i = first; i < last; i++) {
    if (states[i - offset] === present) continue;
    context.budget.charge(last - first);
    return compacted({ ...slots, first, last }, moments, rangeMs, dropName);
  }
  return { labels, dropName, times: column.times, values, offset, first, last, windows };
}

/** The present slots in columns of their own. */
function compacted(slots: Slots, moments: Moments, rangeMs: number, dropName: boolean): RangeSeriesInput {
  const { labels, column, values, states, offset, first, last } = slots;
  const times = new Float64Array(last - first);
  const dense = new Float64Array(last - first);
  let length = 0;
  for (let i = first; i < last; i++) {
    if (states[i - offset] !== present) continue;
    times[length] = column.times[i]!;
    dense[length] = values[i - offset]!;
    length++;
  }
  const windows = computeWindows({ times, length }, moments, rangeMs);
  return { labels, dropName, times, values: dense, offset: 0, first: 0, last: length, windows };
}
