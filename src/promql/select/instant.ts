// Instant selectors: at each step the newest sample that is not older than the look-back, unless the series has ended.

import { absent, type SeriesView, stale } from '../../telemetry/metrics/series.ts';
import type { VectorSelector } from '../ast.ts';
import type { QueryContext } from '../query-context.ts';
import {
  fillsWindows,
  histogramWeight,
  newSeries,
  type SeriesBuilder,
  setHistogram,
  type VectorValue,
  vector,
  type Windows,
} from '../values.ts';
import { isDense } from './range.ts';
import { statisticsView } from './statistics.ts';
import { firstMoment, lastMoment, type Moments, windowsOver } from './windows.ts';

/** What becomes the value of a sample: its own, or in seconds when it was taken or since when it has counted. */
type Wanted = 'value' | 'time' | 'start';
export function selectInstant(
  context: QueryContext,
  selector: Pick<VectorSelector, 'matchers' | 'statisticsOnly'>,
  moments: Moments,
  wanted: Wanted = 'value',
): VectorValue {
  const { lookbackMs } = context;
  const views = context.source.select(
    selector.matchers,
    firstMoment(moments) - lookbackMs + 1,
    lastMoment(moments),
  );
  const { steps } = moments.grid;
  const windowing = windowsOver(context, moments, lookbackMs);
  const out: SeriesBuilder[] = [];
  for (const found of views) {
    const view = selector.statisticsOnly ? statisticsView(found) : found;
    context.interrupt.spend(view.last - view.first + steps);
    const windows = windowing.shared(view.column);
    const series =
      wanted === 'value' && isWhole(view, windows)
        ? newest(view, windows)
        : inLookback(view, windows, wanted, steps);
    if (series.count === 0) continue;
    // A sparse series still costs its slots: a sixteenth of them keeps that bounded.
    context.budget.charge(Math.max(series.count, steps >> 4));
    context.budget.countRead(series.count);
    for (const histogram of series.histograms ?? []) {
      if (histogram) context.budget.charge(histogramWeight(histogram));
    }
    out.push(series);
  }
  return vector(out);
}

/** Whether every time of the column has a number of this series. */
function isWhole({ states, offset, histograms, first, last }: SeriesView, windows: Windows): boolean {
  return !histograms && fillsWindows(windows, first, last) && isDense(states, first - offset, last - offset);
}

/** Of a whole series: the last sample of each window. */
function newest({ labels, values, offset }: SeriesView, windows: Windows): SeriesBuilder {
  const { lo, hi, held: presence, heldCount: count } = windows;
  const results = new Float64Array(hi.length);
  for (let i = 0; i < hi.length; i++) if (hi[i]! > lo[i]!) results[i] = values[hi[i]! - 1 - offset]!;
  return { labels, dropName: false, values: results, presence, histograms: undefined, count };
}

function inLookback(view: SeriesView, windows: Windows, wanted: Wanted, steps: number): SeriesBuilder {
  const series = newSeries(view.labels, false, steps);
  const { values, states, histograms, starts, offset, first, last, column } = view;
  const { lo, hi } = windows;
  const { values: results, presence } = series;
  // `newest` is the newest slot of the series at or before the step; it only moves forward.
  let newest = -1;
  let scanned = Math.max(first, lo[0]!);
  let count = 0;
  for (let i = 0; i < lo.length; i++) {
    const end = hi[i]! < last ? hi[i]! : last;
    for (; scanned < end; scanned++) if (states[scanned - offset] !== absent) newest = scanned;
    if (newest < lo[i]! || states[newest - offset] === stale) continue;
    const slot = newest - offset;
    const histogram = wanted === 'value' ? histograms?.[slot] : undefined;
    if (histogram) {
      setHistogram(series, i, histogram);
      continue;
    }
    if (wanted === 'value') results[i] = values[slot]!;
    else results[i] = (wanted === 'time' ? column.times[newest]! : (starts?.[slot] ?? 0)) / 1000;
    presence[i] = 1;
    count++;
  }
  series.count += count;
  return series;
}
