// rate, increase and delta window by window, for series that the fast kernel of rate.ts cannot take: native histograms, and
// counters that say since when they have counted.

import { add, multiply } from '../native/arithmetic.ts';
import { type RangeSeriesInput, type SeriesBuilder, setHistogram, setValue } from '../values.ts';
import type { WindowNotes } from '../window-notes.ts';
import type { FunctionInput } from './function.ts';
import { histogramDifference, histogramIncrease } from './histogram-increase.ts';
import { eachWindow, type RangeKernel } from './range-function.ts';
import { startedAnew, startOverlaps } from './start-timestamps.ts';
import { histogramsIn, notesOn } from './window.ts';

export interface RateOptions {
  readonly counter: boolean;
  readonly perSecond: boolean;
}

/** How many mean intervals a sample may be away from the edge and still be taken to reach it. */
export const reachIntervals = 1.1;

interface Window {
  readonly samples: RangeSeriesInput;
  readonly from: number;
  readonly to: number;
  /** Edges of the range. */
  readonly startMs: number;
  readonly endMs: number;
}

export function extrapolatedWindows(input: FunctionInput, options: RateOptions): RangeKernel {
  return (series, out, rangeMs, interrupt) => {
    const notes = notesOn(input, series);
    const divisor = options.perSecond ? rangeMs / 1000 : 1;
    const kernel = eachWindow(1, (samples, from, to, step, result) => {
      const endMs = samples.windows.ends[step]!;
      const window = { samples, from, to, startMs: endMs - rangeMs, endMs };
      const histograms = histogramsIn(samples, from, to).length;
      if (histograms === 0) floatWindow(window, options, divisor, notes, step, result);
      else if (histograms === to - from) histogramWindow(window, options, divisor, notes, step, result);
      else notes.mixedFloatsAndHistograms();
    });
    kernel(series, out, rangeMs, interrupt);
  };
}

function floatWindow(
  window: Window,
  { counter }: RateOptions,
  divisor: number,
  notes: WindowNotes,
  step: number,
  out: SeriesBuilder,
): void {
  const { samples, from, to } = window;
  const { values, offset } = samples;
  const first = values[from - offset]!;
  let difference = values[to - 1 - offset]! - first;
  if (counter) {
    noteOverlap(window, notes);
    for (let j = from + 1; j < to; j++) {
      const previous = values[j - 1 - offset]!;
      if (values[j - offset]! < previous || startedAnew(samples, j)) difference += previous;
    }
  }
  const startMs = counter ? startWithin(window) : undefined;
  if (startMs === undefined && to - from < 2) return;
  if (startMs !== undefined) difference += first;
  const beganAt = counter && difference > 0 && first >= 0 ? first / difference : undefined;
  setValue(out, step, difference * (factor(window, startMs, beganAt) / divisor));
}

function histogramWindow(
  window: Window,
  { counter }: RateOptions,
  divisor: number,
  notes: WindowNotes,
  step: number,
  out: SeriesBuilder,
): void {
  const { samples, from, to } = window;
  const points = histogramsIn(samples, from, to);
  const first = points[0]!;
  const startMs = counter ? startWithin(window) : undefined;
  if (startMs === undefined && points.length < 2) return;
  let difference = startMs !== undefined && points.length === 1 ? first : undefined;
  if (points.length > 1) {
    if (counter) noteOverlap(window, notes);
    const gained = counter
      ? histogramIncrease(points, (position) => startedAnew(samples, from + position), notes)
      : histogramDifference(first, points.at(-1)!, notes);
    if (!gained) return;
    difference = gained;
    if (startMs !== undefined) {
      const withFirst = add(gained, first);
      if (!withFirst) {
        notes.mixedSchemas();
        return;
      }
      if (withFirst.reconciled) notes.reconciled('addition');
      difference = withFirst.histogram;
    }
  }
  const { count } = difference!;
  const beganAt = counter && count > 0 && first.count >= 0 ? first.count / count : undefined;
  setHistogram(out, step, multiply(difference!, factor(window, startMs, beganAt) / divisor));
}

function noteOverlap({ samples, from, to }: Window, notes: WindowNotes): void {
  let j = from + 1;
  while (j < to && !startOverlaps(samples, j)) j++;
  if (j < to) notes.startOverlap();
}

/** When the first sample of the window began to count, where that is inside the range: before it there was nothing. */
function startWithin({ samples, from, startMs }: Window): number | undefined {
  const start = samples.starts?.[from - samples.offset] ?? 0;
  return start !== 0 && start > startMs && start < samples.times[from]! ? start : undefined;
}

/** By what the difference grows from the samples to the edges of the range. `beganAt`: see below. */
function factor(
  { samples: { times }, from, to, startMs, endMs }: Window,
  start: number | undefined,
  /** How many sampled intervals before the first sample the counter would have been at zero. */
  beganAt: number | undefined,
): number {
  const [first, last] = [times[from]!, times[to - 1]!];
  const interval = to - from > 1 ? (last - first) / 1000 / (to - from - 1) : 0;
  const threshold = interval * reachIntervals;
  const reach = (seconds: number) => (seconds >= threshold ? interval / 2 : seconds);
  const sampled = (last - (start ?? first)) / 1000;
  let toStart = start === undefined ? reach((first - startMs) / 1000) : 0;
  if (start === undefined && beganAt !== undefined) toStart = Math.min(toStart, sampled * beganAt);
  const toEnd = reach((endMs - last) / 1000);
  return sampled === 0 ? 1 : (sampled + toStart + toEnd) / sampled;
}
