// min_over_time and max_over_time, and the times of the extremes. Long windows keep a queue of candidates: samples that
// nothing newer in the window beats.

import { type RangeSeriesInput, setValue } from '../../values.ts';
import { meanWindowLength, perWindow, type RangeKernel, rangeFunction } from '../range-function.ts';

type Beats = (a: number, b: number) => boolean;

const greater: Beats = (a, b) => a > b;
const less: Beats = (a, b) => a < b;

/** Below this mean length, looking at every sample is as fast. */
const slidingLengthMin = 16;

function scanExtreme(beats: Beats) {
  return ({ values, offset }: RangeSeriesInput, from: number, to: number): number => {
    let best = values[from - offset]!;
    for (let j = from + 1; j < to; j++) {
      const value = values[j - offset]!;
      if (beats(value, best) || Number.isNaN(best)) best = value;
    }
    return best;
  };
}

function extreme(beats: Beats): RangeKernel {
  const scanning = perWindow(1, scanExtreme(beats));
  return (samples, out, rangeMs) => {
    if (meanWindowLength(samples) < slidingLengthMin) return scanning(samples, out, rangeMs);
    const { values, offset, first, last, windows } = samples;
    const queue = new Int32Array(last - first);
    let head = 0;
    let tail = 0;
    let next = Math.max(windows.lo[0]!, first);
    for (let i = 0; i < windows.lo.length; i++) {
      const from = Math.max(windows.lo[i]!, first);
      const to = Math.min(windows.hi[i]!, last);
      if (to <= from) continue;
      for (next = Math.max(next, from); next < to; next++) {
        const value = values[next - offset]!;
        // NaN is the extreme only where there is nothing else.
        if (Number.isNaN(value)) continue;
        while (tail > head && !beats(values[queue[tail - 1]! - offset]!, value)) tail--;
        queue[tail++] = next;
      }
      while (head < tail && queue[head]! < from) head++;
      setValue(out, i, head < tail ? values[queue[head]! - offset]! : Number.NaN);
    }
  };
}

export const maxOverTime = rangeFunction(() => extreme(greater));
export const minOverTime = rangeFunction(() => extreme(less));

/** Seconds at which the extreme was last held. */
function timeOfExtreme(holds: Beats): RangeKernel {
  return perWindow(1, ({ times, values, offset }, from, to) => {
    let best = from;
    for (let j = from + 1; j < to; j++) {
      const held = values[best - offset]!;
      if (holds(values[j - offset]!, held) || Number.isNaN(held)) best = j;
    }
    return times[best]! / 1000;
  });
}

export const tsOfMaxOverTime = rangeFunction(() => timeOfExtreme((a, b) => a >= b));
export const tsOfMinOverTime = rangeFunction(() => timeOfExtreme((a, b) => a <= b));
