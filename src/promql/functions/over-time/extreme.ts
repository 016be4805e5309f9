// min_over_time and max_over_time, and the times of the extremes.

import type { RangeSeriesInput, SeriesBuilder } from '../../values.ts';
import { perWindow, type RangeKernel, rangeFunction } from '../range-function.ts';

/** 1 looks for the greatest, -1 for the least: the greatest of what is negated. */
type Sign = 1 | -1;

/** Windows that together are shorter than this many times the series are scanned. */
const overlapMin = 3;

function scan({ values, offset }: RangeSeriesInput, from: number, to: number, sign: Sign): number {
  let best = sign * values[from - offset]!;
  for (let j = from + 1; j < to; j++) {
    const value = sign * values[j - offset]!;
    // NaN is the extreme only where there is nothing else.
    if (value > best || Number.isNaN(best)) best = value;
  }
  return sign * best;
}

/** Arrays that the series of a query use one after the other. */
class BlockExtremes {
  /** The greatest of a sample's block up to the sample. */
  upTo = new Float64Array(0);
  /** The greatest of a sample's block from the sample on. */
  fromOn = new Float64Array(0);

  compute(values: Float64Array, from: number, length: number, block: number, sign: Sign): void {
    if (this.upTo.length < length) {
      this.upTo = new Float64Array(length);
      this.fromOn = new Float64Array(length);
    }
    const { upTo, fromOn } = this;
    for (let start = 0; start < length; start += block) {
      const end = start + block < length ? start + block : length;
      let best = Number.NEGATIVE_INFINITY;
      for (let j = start; j < end; j++) {
        const value = sign * values[from + j]!;
        if (value > best) best = value;
        upTo[j] = best;
      }
      best = Number.NEGATIVE_INFINITY;
      for (let j = end - 1; j >= start; j--) {
        const value = sign * values[from + j]!;
        if (value > best) best = value;
        fromOn[j] = best;
      }
    }
  }
}

/**
 * Windows that overlap, by van Herk's method ("A fast algorithm for local minimum and maximum filters", 1992): the series
 * is cut into blocks as long as the longest window, and for each sample the extreme is noted of its block up to it and
 * of its block from it on. A window that crosses an edge is covered by one of each.
 */
function extreme(sign: Sign): RangeKernel {
  const scanning = perWindow(1, (samples, from, to) => scan(samples, from, to, sign));
  const blocks = new BlockExtremes();
  return (samples, out, rangeMs, interrupt) => {
    const { values, offset, first, last, windows } = samples;
    const length = last - first;
    if (windows.mean * windows.lo.length < overlapMin * length)
      return scanning(samples, out, rangeMs, interrupt);
    const block = Math.max(1, windows.longest);
    blocks.compute(values, first - offset, length, block, sign);
    fill(samples, out, blocks, block, sign);
  };
}

function fill(
  samples: RangeSeriesInput,
  out: SeriesBuilder,
  { upTo, fromOn }: BlockExtremes,
  block: number,
  sign: Sign,
): void {
  const { first, last, windows } = samples;
  const { lo, hi } = windows;
  const { values: results, presence } = out;
  const length = last - first;
  let count = 0;
  let blockStart = 0;
  for (let i = 0; i < lo.length; i++) {
    const from = lo[i]! < first ? 0 : lo[i]! - first;
    const to = (hi[i]! > last ? last : hi[i]!) - first;
    if (to <= from) continue;
    while (from >= blockStart + block) blockStart += block;
    const blockEnd = blockStart + block < length ? blockStart + block : length;
    let best = Number.NEGATIVE_INFINITY;
    if (to > blockEnd) best = Math.max(fromOn[from]!, upTo[to - 1]!);
    else if (from === blockStart) best = upTo[to - 1]!;
    else if (to === blockEnd) best = fromOn[from]!;
    // Short windows within a block, and those in which nothing is greater than that.
    const isUnknown = best === Number.NEGATIVE_INFINITY;
    results[i] = isUnknown ? scan(samples, first + from, first + to, sign) : sign * best;
    presence[i] = 1;
    count++;
  }
  out.count = count;
}

export const maxOverTime = rangeFunction(() => extreme(1));
export const minOverTime = rangeFunction(() => extreme(-1));

type Holds = (a: number, b: number) => boolean;

/** Seconds at which the extreme was last held. */
function timeOfExtreme(holds: Holds): RangeKernel {
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
