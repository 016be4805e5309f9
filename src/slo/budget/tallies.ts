// What a budget is counted from: how much was bad and how much there was in all, in stretches of time one after the other.

/** Rising in `ends`; a stretch without data is left out, one without traffic has a total of 0. */
export interface Tallies {
  /** Unix milliseconds at which each stretch ends. */
  readonly ends: readonly number[];
  /** Events, slices or shares of slices. */
  readonly bad: readonly number[];
  readonly total: readonly number[];
}

export interface Tally {
  readonly bad: number;
  readonly total: number;
}

/** Over the stretches that end in (fromMs, toMs]. */
export function tallyIn({ ends, bad, total }: Tallies, fromMs: number, toMs: number): Tally {
  const sum = { bad: 0, total: 0 };
  for (let i = 0; i < ends.length; i++) {
    if (ends[i]! <= fromMs || ends[i]! > toMs) continue;
    sum.bad += bad[i]!;
    sum.total += total[i]!;
  }
  return sum;
}

/** Those that end after `fromMs`. */
export function talliesAfter({ ends, bad, total }: Tallies, fromMs: number): Tallies {
  const found = ends.findIndex((end) => end > fromMs);
  const first = found < 0 ? ends.length : found;
  return { ends: ends.slice(first), bad: bad.slice(first), total: total.slice(first) };
}

/** The same in wider stretches, of which the last ends at `toMs`; those without data stay left out. */
export function widened(tallies: Tallies, stepMs: number, toMs: number): Tallies {
  const wide: { ends: number[]; bad: number[]; total: number[] } = { ends: [], bad: [], total: [] };
  for (let i = 0; i < tallies.ends.length; i++) {
    const end = toMs - Math.floor((toMs - tallies.ends[i]!) / stepMs) * stepMs;
    if (wide.ends.at(-1) !== end) {
      wide.ends.push(end);
      wide.bad.push(0);
      wide.total.push(0);
    }
    wide.bad[wide.bad.length - 1]! += tallies.bad[i]!;
    wide.total[wide.total.length - 1]! += tallies.total[i]!;
  }
  return wide;
}
