// rate, increase and delta: the difference over the window, extrapolated to its edges; counters may reset to zero.
// The extrapolation is Prometheus's: up to the edge when the first (last) sample is nearer to it than 1.1 mean
// intervals, otherwise by half an interval, and never to where a counter would have been negative.

import { quote } from '../syntax/quote.ts';
import { floatsOnly, type RangeSeriesInput, type SeriesBuilder, setValue, type Windows } from '../values.ts';
import { boundedDifference } from './bounded-difference.ts';
import { extrapolatedWindows, type RateOptions, reachIntervals } from './extrapolated-windows.ts';
import { argumentStart, type FunctionInput } from './function.ts';
import { type RangeKernel, rangeFunction } from './range-function.ts';

/** Where the samples of a window lie in it, in seconds: from first to last, and how far beyond each to extrapolate. */
interface Edges {
  readonly sampled: Float64Array;
  readonly toStart: Float64Array;
  readonly toEnd: Float64Array;
}

/** Edges depend on times alone, so the series of one column share them. */
const edgesOfWindows = new WeakMap<Windows, Edges>();

function sharedEdges({ times, windows }: RangeSeriesInput, rangeMs: number): Edges {
  let edges = edgesOfWindows.get(windows);
  if (!edges) {
    const { lo, hi, ends } = windows;
    const steps = lo.length;
    edges = {
      sampled: new Float64Array(steps),
      toStart: new Float64Array(steps),
      toEnd: new Float64Array(steps),
    };
    for (let i = 0; i < steps; i++) measure(edges, i, times, lo[i]!, hi[i]!, ends[i]!, rangeMs);
    edgesOfWindows.set(windows, edges);
  }
  return edges;
}

function measure(
  edges: Edges,
  step: number,
  times: Float64Array,
  from: number,
  to: number,
  endMs: number,
  rangeMs: number,
): void {
  if (to - from < 2) return;
  const sampled = (times[to - 1]! - times[from]!) / 1000;
  const interval = sampled / (to - 1 - from);
  const threshold = interval * reachIntervals;
  const toStart = (times[from]! - (endMs - rangeMs)) / 1000;
  const toEnd = (endMs - times[to - 1]!) / 1000;
  edges.sampled[step] = sampled;
  edges.toStart[step] = toStart >= threshold ? interval / 2 : toStart;
  edges.toEnd[step] = toEnd >= threshold ? interval / 2 : toEnd;
}

function extrapolated({ counter, perSecond }: RateOptions): RangeKernel {
  return (samples, out, rangeMs) => {
    const { times, values, offset, first, last, windows } = samples;
    const shared = sharedEdges(samples, rangeMs);
    const own: Edges = {
      sampled: new Float64Array(1),
      toStart: new Float64Array(1),
      toEnd: new Float64Array(1),
    };
    const divisor = perSecond ? rangeMs / 1000 : 1;
    const resets = counter ? resetPositions(values, offset, first, last) : [];
    let nextReset = 0;
    for (let i = 0; i < windows.lo.length; i++) {
      const from = Math.max(windows.lo[i]!, first);
      const to = Math.min(windows.hi[i]!, last);
      if (to - from < 2) continue;
      let edges = shared;
      let at = i;
      // A series that begins or ends within its column has other edges there than the rest.
      if (from !== windows.lo[i] || to !== windows.hi[i]) {
        edges = own;
        at = 0;
        measure(own, 0, times, from, to, windows.ends[i]!, rangeMs);
      }
      const firstValue = values[from - offset]!;
      let difference = values[to - 1 - offset]! - firstValue;
      while (nextReset < resets.length && resets[nextReset]! <= from) nextReset++;
      for (let r = nextReset; r < resets.length && resets[r]! < to; r++) {
        difference += values[resets[r]! - 1 - offset]!;
      }
      const sampled = edges.sampled[at]!;
      let toStart = edges.toStart[at]!;
      if (counter && difference > 0 && firstValue >= 0) {
        toStart = Math.min(toStart, sampled * (firstValue / difference));
      }
      const factor = (sampled + toStart + edges.toEnd[at]!) / sampled / divisor;
      setValue(out, i, difference * factor);
    }
  };
}

/** Indices of samples that are smaller than the one before. */
function resetPositions(values: Float64Array, offset: number, first: number, last: number): number[] {
  const positions: number[] = [];
  for (let j = first + 1; j < last; j++) {
    if (values[j - offset]! < values[j - 1 - offset]!) positions.push(j);
  }
  return positions;
}

export const delta = rangeFunction(() => extrapolated({ counter: false, perSecond: false }), {
  mixed: (input) => extrapolatedWindows(input, { counter: false, perSecond: false }),
  bounded: (input, boundary) => boundedDifference(input, boundary, { counter: false, perSecond: false }),
});
export const rate = ofCounter({ counter: true, perSecond: true });
export const increase = ofCounter({ counter: true, perSecond: false });

function ofCounter(options: RateOptions) {
  return rangeFunction(() => extrapolated(options), {
    mixed: (input) => extrapolatedWindows(input, options),
    started: (input) => extrapolatedWindows(input, options),
    bounded: (input, boundary) => boundedDifference(input, boundary, options),
    onResult: hintAtCounters,
  });
}

const counterSuffixes = ['_total', '_sum', '_count', '_bucket'];
const counterTypes = ['counter', 'histogram'];

/** Adds an info for a metric of floats that does not look like a counter. */
function hintAtCounters(input: FunctionInput, { labels }: RangeSeriesInput, out: SeriesBuilder): void {
  const { name } = labels;
  if (name === '' || floatsOnly([out]).length === 0) return;
  const { annotations, typeLabels } = input.context;
  const type = labels.get('__type__');
  if (typeLabels) {
    if (counterTypes.includes(type)) return;
    const text = 'metric might not be a counter, __type__ label is not set to "counter" or "histogram"';
    annotations.info(`${text}, got ${quote(type)}: ${quote(name)}`, argumentStart(input, 0));
    return;
  }
  if (counterSuffixes.some((suffix) => name.endsWith(suffix))) return;
  const text = 'metric might not be a counter, name does not end in _total/_sum/_count/_bucket';
  annotations.info(`${text}: ${quote(name)}`, argumentStart(input, 0));
}
