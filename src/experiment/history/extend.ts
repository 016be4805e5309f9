// A series backwards from its steady part. Counters go at their rate, in pieces of what was really counted; levels stand
// where the series begins, with the baseline's own ups and downs. Which piece comes when is drawn, and the same draw is used for
// all series of one moment: errors stay a part of their requests, and the buckets of a histogram stay cumulative.

import type { Random } from '../../base/random.ts';
import type { TimeColumn } from '../../telemetry/metrics/series.ts';
import type { SteadyPart } from './steady-part.ts';

/** The same numbers for every series, one a step back. */
export class Draws {
  readonly #random: Random;
  #drawn = new Float64Array(1024);
  #length = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** In [0, 1), of the given step back from the seam. */
  at(step: number): number {
    while (this.#length <= step) {
      if (this.#length === this.#drawn.length) {
        const grown = new Float64Array(this.#length * 2);
        grown.set(this.#drawn);
        this.#drawn = grown;
      }
      this.#drawn[this.#length++] = this.#random();
    }
    return this.#drawn[step]!;
  }
}

/** Columns of times that series with the same seam, spacing and length share. */
export class Grids {
  readonly #columns = new Map<string, TimeColumn>();

  column(endMs: number, spacingMs: number, steps: number, included: boolean): TimeColumn {
    const key = `${endMs} ${spacingMs} ${steps} ${included}`;
    let column = this.#columns.get(key);
    if (!column) {
      const length = steps + (included ? 1 : 0);
      const times = Float64Array.from({ length }, (_, i) => endMs - (steps - i) * spacingMs);
      column = { times, length };
      this.#columns.set(key, column);
    }
    return column;
  }
}

/** Values at `steps` times before the anchor, `spacingMs` apart, the oldest first; the anchor's own last where it is included. */
export function counterBackwards(
  { anchor, intervalMs, values }: SteadyPart,
  spacingMs: number,
  steps: number,
  draws: Draws,
): Float64Array {
  const counted = countedOver(values);
  const n = counted.length - 1;
  const whole = counted[n]!;
  const result = new Float64Array(steps + (anchor.included ? 1 : 0));
  if (anchor.included) result[steps] = anchor.value;
  let value = anchor.value;
  for (let step = 1; step <= steps; step++) {
    // Whole scrapes, as many on average as the spacing holds.
    const scrapes =
      Math.round((step * spacingMs) / intervalMs) - Math.round(((step - 1) * spacingMs) / intervalMs);
    const from = Math.floor(draws.at(step) * n);
    value -= Math.floor(scrapes / n) * whole + pieceOf(counted, from, scrapes % n);
    result[steps - step] = value;
  }
  return result;
}

/** What was counted since the first sample, at each sample; what follows a reset was counted anew. */
export function countedOver(values: Float64Array): Float64Array {
  const counted = new Float64Array(values.length);
  for (let i = 1; i < values.length; i++) {
    const difference = values[i]! - values[i - 1]!;
    counted[i] = counted[i - 1]! + (difference < 0 ? values[i]! : difference);
  }
  return counted;
}

/** Over `scrapes` (fewer than all) from one of them on, and on from the beginning where the end is passed. */
function pieceOf(counted: Float64Array, from: number, scrapes: number): number {
  const n = counted.length - 1;
  const to = from + scrapes;
  if (to <= n) return counted[to]! - counted[from]!;
  return counted[n]! - counted[from]! + counted[to - n]!;
}

export function levelBackwards(part: SteadyPart, steps: number, draws: Draws): Float64Array {
  const { anchor } = part;
  const around = spreadAround(part);
  const result = new Float64Array(steps + (anchor.included ? 1 : 0));
  if (anchor.included) result[steps] = anchor.value;
  for (let step = 1; step <= steps; step++)
    result[steps - step] = around[Math.floor(draws.at(step) * around.length)]!;
  return result;
}

/** How much of the spread a trend must explain to be taken for one: t of a slope, beyond what chance gives. */
const trendMin = 4;

/**
 * The values that a level without trend would have had: those that were seen, or, where they rose or fell, what they
 * were beside their line, around the line's value at the end where the history joins.
 */
function spreadAround({ times, values, anchor }: SteadyPart): Float64Array {
  const n = values.length;
  const meanTime = mean(times);
  const meanValue = mean(values);
  let timesSquared = 0;
  let product = 0;
  for (let i = 0; i < n; i++) {
    timesSquared += (times[i]! - meanTime) ** 2;
    product += (times[i]! - meanTime) * (values[i]! - meanValue);
  }
  const slope = timesSquared === 0 ? 0 : product / timesSquared;
  const beside = values.map((value, i) => value - meanValue - slope * (times[i]! - meanTime));
  const error = Math.sqrt(
    beside.reduce((sum, rest) => sum + rest * rest, 0) / Math.max(1, n - 2) / timesSquared,
  );
  if (n < 3 || slope === 0 || Math.abs(slope) < trendMin * error) return values;
  const joinsMs = Math.max(times[0]!, Math.min(times[n - 1]!, anchor.atMs));
  const level = meanValue + slope * (joinsMs - meanTime);
  return beside.map((rest) => level + rest);
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
