// What a native histogram has gained over a window: last minus first, plus what was there before each reset.

import {
  type NativeHistogram,
  noBuckets,
  usesCustomBuckets,
} from '../../telemetry/metrics/native-histogram.ts';
import { add, asGauge, compact, subtract } from '../native/arithmetic.ts';
import { atSchema } from '../native/layout.ts';
import { hasReset } from '../native/reset.ts';
import type { WindowNotes } from '../window-notes.ts';

/**
 * From the first to the last of at least two histograms; undefined where their buckets do not fit. `startsAnew` tells of
 * resets at a position that the histograms themselves need not show.
 */
export function histogramIncrease(
  points: readonly NativeHistogram[],
  startsAnew: (position: number) => boolean,
  notes: WindowNotes,
): NativeHistogram | undefined {
  const [first, second, last] = [points[0]!, points[1]!, points.at(-1)!];
  // A reset right after the first sample makes its layout irrelevant.
  const base = startsAnew(1) || hasReset(first, second) ? emptyLike(second) : first;
  if (points.some((one, i) => i > 0 && usesCustomBuckets(one) !== usesCustomBuckets(base))) {
    notes.mixedSchemas();
    return undefined;
  }
  if (points.some(({ resetHint }) => resetHint === 'gauge')) notes.notCounter();
  const schema = Math.min(base.schema, ...points.slice(1).map((one) => one.schema));
  const difference = subtract(atSchema(last, schema), base)!;
  if (difference.reconciled) notes.reconciled('subtraction');
  let total = difference.histogram;
  let previous = base;
  for (let i = 1; i < points.length; i++) {
    if (startsAnew(i) || hasReset(previous, points[i]!)) {
      const sum = add(total, previous)!;
      if (sum.reconciled) notes.reconciled('addition');
      total = sum.histogram;
    }
    previous = points[i]!;
  }
  return compact(asGauge(total));
}

/** Last minus first, of a gauge. */
export function histogramDifference(
  first: NativeHistogram,
  last: NativeHistogram,
  notes: WindowNotes,
): NativeHistogram | undefined {
  const difference = subtract(last, first);
  if (!difference) {
    notes.mixedSchemas();
    return undefined;
  }
  if (first.resetHint !== 'gauge' || last.resetHint !== 'gauge') notes.notGauge();
  if (difference.reconciled) notes.reconciled('subtraction');
  return compact(asGauge(difference.histogram));
}

function emptyLike({ schema, customBounds }: NativeHistogram): NativeHistogram {
  return {
    schema,
    customBounds,
    count: 0,
    sum: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    positive: noBuckets,
    negative: noBuckets,
    resetHint: 'unknown',
  };
}
