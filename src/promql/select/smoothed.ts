// Instant selectors with `smoothed`: at each step the value on the line between the samples before and after it. Without
// a later sample the earlier one stands; without an earlier one there is nothing.

import { usesCustomBuckets } from '../../telemetry/metrics/native-histogram.ts';
import type { VectorSelector } from '../ast.ts';
import type { QueryContext } from '../query-context.ts';
import {
  finished,
  newSeries,
  type RangeSeriesInput,
  type SeriesBuilder,
  setHistogram,
  setValue,
  type VectorValue,
} from '../values.ts';
import { WindowNotes } from '../window-notes.ts';
import { interpolated, interpolatedHistogram } from './edges.ts';
import { rangeSeries } from './range.ts';
import { firstMoment, lastMoment, type Moments, windowsOver } from './windows.ts';

export function selectSmoothed(
  context: QueryContext,
  selector: VectorSelector,
  moments: Moments,
): VectorValue {
  const { lookbackMs } = context;
  const views = context.source.select(
    selector.matchers,
    firstMoment(moments) - lookbackMs + 1,
    lastMoment(moments) + lookbackMs,
  );
  // Windows end where the look-back ends that goes forward.
  const ahead = { ...moments, offsetMs: moments.offsetMs - lookbackMs };
  const windowing = windowsOver(context, ahead, 2 * lookbackMs);
  const { steps } = moments.grid;
  return finished(
    views.map((view) => {
      const samples = rangeSeries(context, view, windowing);
      const notes = new WindowNotes(context.annotations, view.labels.name, selector.start);
      const out = newSeries(view.labels, false, steps);
      for (let i = 0; i < steps; i++) smooth(out, i, samples, samples.windows.ends[i]! - lookbackMs, notes);
      context.budget.charge(out.count);
      return out;
    }),
  );
}

function smooth(
  out: SeriesBuilder,
  step: number,
  samples: RangeSeriesInput,
  atMs: number,
  notes: WindowNotes,
): void {
  const { times, values, histograms, offset, windows } = samples;
  const from = Math.max(windows.lo[step]!, samples.first);
  const to = Math.min(windows.hi[step]!, samples.last);
  if (to <= from) return;
  let kinds = 0;
  for (let j = from; j < to; j++) if (histograms?.[j - offset]) kinds++;
  if (kinds > 0 && kinds < to - from) {
    notes.mixedFloatsAndHistograms();
    return;
  }
  let next = from;
  while (next < to && times[next]! < atMs) next++;
  const isExact = next < to && times[next] === atMs;
  if (!isExact && next === from) return;
  const previous = isExact ? next : next - 1;
  if (kinds === 0) {
    const isBetween = !isExact && next < to;
    const value = isBetween ? interpolated(samples, previous, atMs, false) : values[previous - offset]!;
    setValue(out, step, value);
    return;
  }
  const before = histograms![previous - offset]!;
  if (isExact) {
    setHistogram(out, step, before);
    return;
  }
  if (next === to) {
    // The hint spoke of the sample before it, not of this step.
    setHistogram(out, step, { ...before, resetHint: 'unknown' });
    return;
  }
  const after = histograms![next - offset]!;
  if (usesCustomBuckets(before) !== usesCustomBuckets(after)) {
    notes.mixedSchemas();
    return;
  }
  const counter = before.resetHint !== 'gauge' || after.resetHint !== 'gauge';
  setHistogram(out, step, interpolatedHistogram(samples, previous, atMs, counter, notes));
}
