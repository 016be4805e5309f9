// Instant selectors: at each step the newest sample that is not older than the look-back, unless the series has ended.

import { absent, type SeriesView, stale } from '../../telemetry/metrics/series.ts';
import type { VectorSelector } from '../ast.ts';
import type { QueryContext } from '../query-context.ts';
import {
  histogramWeight,
  newSeries,
  type SeriesBuilder,
  setHistogram,
  setValue,
  type VectorValue,
  vector,
  type Windows,
} from '../values.ts';
import { firstMoment, lastMoment, type Moments, windowsOver } from './windows.ts';

/** The selector's values; with `sampleTimes` the time of each sample in seconds instead, for timestamp(). */
export function selectInstant(
  context: QueryContext,
  selector: VectorSelector,
  moments: Moments,
  sampleTimes = false,
): VectorValue {
  const { lookbackMs } = context;
  const views = context.source.select(
    selector.matchers,
    firstMoment(moments) - lookbackMs + 1,
    lastMoment(moments),
  );
  const { steps } = moments.grid;
  const out: SeriesBuilder[] = [];
  for (const view of views) {
    const windows = windowsOver(context, view.column, moments, lookbackMs);
    const series = newSeries(view.labels, false, steps);
    fill(series, view, windows, sampleTimes);
    if (series.count === 0) continue;
    // A sparse series still costs its slots: a sixteenth of them keeps that bounded.
    context.budget.charge(Math.max(series.count, steps >> 4));
    for (const histogram of series.histograms ?? []) {
      if (histogram) context.budget.charge(histogramWeight(histogram));
    }
    out.push(series);
  }
  return vector(out);
}

function fill(series: SeriesBuilder, view: SeriesView, windows: Windows, sampleTimes: boolean): void {
  const { values, states, histograms, offset, first, last, column } = view;
  const { lo, hi } = windows;
  // `newest` is the newest slot of the series at or before the step; it only moves forward.
  let newest = -1;
  let scanned = Math.max(first, lo[0]!);
  for (let i = 0; i < lo.length; i++) {
    const end = Math.min(hi[i]!, last);
    for (; scanned < end; scanned++) if (states[scanned - offset] !== absent) newest = scanned;
    if (newest < lo[i]! || states[newest - offset] === stale) continue;
    const histogram = histograms?.[newest - offset];
    if (sampleTimes) setValue(series, i, column.times[newest]! / 1000);
    else if (histogram) setHistogram(series, i, histogram);
    else setValue(series, i, values[newest - offset]!);
  }
}
