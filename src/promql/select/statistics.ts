// Native histograms of which only count and sum are wanted: histogram_count(rate(x[5m])) needs no buckets. Resets are
// looked for while the buckets are still there, and are told by the hints.

import type { NativeHistogram } from '../../telemetry/metrics/native-histogram.ts';
import { noBuckets } from '../../telemetry/metrics/native-histogram.ts';
import type { SeriesView } from '../../telemetry/metrics/series.ts';
import type { Expr } from '../ast.ts';
import { hasReset } from '../native/reset.ts';

/** The view with its histograms reduced; the first of them keeps its hint, the others get one that is certain. */
export function statisticsView(view: SeriesView): SeriesView {
  if (!view.histograms) return view;
  const histograms: (NativeHistogram | undefined)[] = [];
  let previous: NativeHistogram | undefined;
  for (let j = view.first; j < view.last; j++) {
    const histogram = view.histograms[j - view.offset];
    if (!histogram) continue;
    histograms[j - view.offset] = reduced(histogram, previous);
    previous = histogram;
  }
  return { ...view, histograms };
}

function reduced(histogram: NativeHistogram, previous: NativeHistogram | undefined): NativeHistogram {
  const isUncertain = previous !== undefined && histogram.resetHint === 'unknown';
  const resetHint = !isUncertain ? histogram.resetHint : hasReset(previous, histogram) ? 'reset' : 'notReset';
  return {
    schema: histogram.schema,
    count: histogram.count,
    sum: histogram.sum,
    zeroThreshold: 0,
    zeroCount: 0,
    positive: noBuckets,
    negative: noBuckets,
    customBounds: undefined,
    resetHint,
  };
}

const needCountAndSum = new Set(['histogram_count', 'histogram_sum', 'histogram_avg']);
const needBuckets = new Set(['histogram_quantile', 'histogram_quantiles', 'histogram_fraction']);

/**
 * Marks the selectors from which only counts and sums are taken. A subquery needs the buckets, since it may leave out
 * the very sample that shows a reset.
 */
export function markStatistics(expr: Expr, counted = false): Expr {
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'subquery':
      return expr;
    case 'vectorSelector':
      return counted ? { ...expr, statisticsOnly: true } : expr;
    case 'matrixSelector':
      return counted ? { ...expr, selector: { ...expr.selector, statisticsOnly: true } } : expr;
    case 'call': {
      if (needBuckets.has(expr.name)) return expr;
      const inside = counted || needCountAndSum.has(expr.name);
      return { ...expr, args: expr.args.map((arg) => markStatistics(arg, inside)) };
    }
    case 'binary':
      if (expr.operator === '</' || expr.operator === '>/') return expr;
      return {
        ...expr,
        left: markStatistics(expr.left, counted),
        right: markStatistics(expr.right, counted),
      };
    case 'aggregate':
    case 'unary':
    case 'paren':
      return { ...expr, expr: markStatistics(expr.expr, counted) };
  }
}
