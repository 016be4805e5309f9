// Subqueries: an instant expression evaluated on a grid of its own, then read as a range vector.

import type { NativeHistogram } from '../../telemetry/metrics/native-histogram.ts';
import type { Subquery } from '../ast.ts';
import type { QueryContext } from '../query-context.ts';
import { type Grid, type MatrixValue, stepTime, type VectorValue } from '../values.ts';
import { rangeSeries } from './range.ts';
import { firstMoment, lastMoment, type Moments, windowsOver } from './windows.ts';

/**
 * The times at which a subquery evaluates its expression: multiples of its step in (first - range, last]. Undefined when
 * none lies there.
 */
export function subqueryGrid(node: Subquery, moments: Moments, stepMs: number): Grid | undefined {
  const firstMs = firstMoment(moments) - node.rangeMs;
  const startMs = (Math.floor(firstMs / stepMs) + 1) * stepMs;
  const endMs = lastMoment(moments);
  if (endMs < startMs) return undefined;
  return { startMs, stepMs, steps: Math.floor((endMs - startMs) / stepMs) + 1 };
}

/** What the expression yielded on `grid`, windowed for the outer steps. All series share one column of times. */
export function windowSubquery(
  context: QueryContext,
  node: Subquery,
  inner: VectorValue,
  grid: Grid,
  moments: Moments,
): MatrixValue {
  const times = Float64Array.from({ length: grid.steps }, (_, i) => stepTime(grid, i));
  const column = { times, length: grid.steps };
  const windowing = windowsOver(context, moments, node.rangeMs);
  const series = inner.series.map(({ labels, dropName, values, presence: states, ...own }) => {
    const histograms = own.histograms?.map(withoutNeighbour);
    const slots = { labels, column, values, states, histograms, offset: 0, first: 0, last: grid.steps };
    return rangeSeries(context, slots, windowing, dropName);
  });
  return { kind: 'matrix', rangeMs: node.rangeMs, series };
}

/** What a sample says of the one before it in its series says nothing of the one at the step before. */
function withoutNeighbour(histogram: NativeHistogram | undefined): NativeHistogram | undefined {
  if (!histogram || histogram.resetHint === 'gauge' || histogram.resetHint === 'unknown') return histogram;
  return { ...histogram, resetHint: 'unknown' };
}
