// Functions over ranges, written to be right at a glance: each takes the samples of one window as a list.

export interface SlowSample {
  readonly atMs: number;
  readonly value: number;
}

export interface SlowWindow {
  /** In order of time, without stale markers; all in (endMs - rangeMs, endMs]. */
  readonly samples: readonly SlowSample[];
  readonly endMs: number;
  readonly rangeMs: number;
}

/** The result of a function for one window, or undefined when it yields nothing. */
export type SlowFunction = (window: SlowWindow) => number | undefined;

/** The window that ends at `endMs`. */
export function windowOf(
  samples: readonly (SlowSample & { readonly stale: boolean })[],
  endMs: number,
  rangeMs: number,
): SlowWindow {
  const inside = samples.filter(({ atMs, stale }) => !stale && atMs > endMs - rangeMs && atMs <= endMs);
  return { samples: inside, endMs, rangeMs };
}

const values = ({ samples }: SlowWindow) => samples.map(({ value }) => value);

function fromTwo(compute: (window: SlowWindow) => number): SlowFunction {
  return (window) => (window.samples.length < 2 ? undefined : compute(window));
}

function fromOne(compute: (window: SlowWindow) => number): SlowFunction {
  return (window) => (window.samples.length < 1 ? undefined : compute(window));
}

/** The increase over the window, extrapolated as Prometheus's documentation describes it. */
function extrapolatedIncrease(window: SlowWindow, isCounter: boolean): number {
  const { samples, endMs, rangeMs } = window;
  const first = samples[0]!;
  const last = samples.at(-1)!;
  let increase = last.value - first.value;
  if (isCounter) {
    samples.forEach((sample, i) => {
      if (i > 0 && sample.value < samples[i - 1]!.value) increase += samples[i - 1]!.value;
    });
  }
  const covered = last.atMs - first.atMs;
  const interval = covered / (samples.length - 1);
  const toStart = first.atMs - (endMs - rangeMs);
  const toEnd = endMs - last.atMs;
  let before = toStart < interval * 1.1 ? toStart : interval / 2;
  const after = toEnd < interval * 1.1 ? toEnd : interval / 2;
  if (isCounter && increase > 0 && first.value >= 0) {
    const toZero = covered * (first.value / increase);
    if (toZero < before) before = toZero;
  }
  return increase * ((covered + before + after) / covered);
}

/** The exact sum, rounded once: partial sums that do not overlap (Shewchuk 1997). */
function exactSum(numbers: readonly number[]): number {
  if (numbers.some((one) => !Number.isFinite(one))) return numbers.reduce((a, b) => a + b, 0);
  let partials: number[] = [];
  for (let x of numbers) {
    const next: number[] = [];
    for (let y of partials) {
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const high = x + y;
      const low = y - (high - x);
      if (low !== 0) next.push(low);
      x = high;
    }
    partials = [...next, x];
  }
  return partials.reduceRight((a, b) => a + b, 0);
}

function withoutNaN(numbers: readonly number[]): number[] {
  return numbers.filter((one) => !Number.isNaN(one));
}

function quantileOf(q: number, numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => {
    if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1;
    if (Number.isNaN(b)) return 1;
    return a - b || 0;
  });
  const rank = q * (sorted.length - 1);
  const lower = Math.floor(rank);
  const upper = Math.min(lower + 1, sorted.length - 1);
  return sorted[lower]! * (1 - (rank - lower)) + sorted[upper]! * (rank - lower);
}

export const slowFunctions: Readonly<Record<string, SlowFunction>> = {
  rate: fromTwo((window) => extrapolatedIncrease(window, true) / (window.rangeMs / 1000)),
  increase: fromTwo((window) => extrapolatedIncrease(window, true)),
  delta: fromTwo((window) => extrapolatedIncrease(window, false)),
  idelta: fromTwo(({ samples }) => samples.at(-1)!.value - samples.at(-2)!.value),
  irate: fromTwo(({ samples }) => {
    const [previous, last] = [samples.at(-2)!, samples.at(-1)!];
    const difference = last.value < previous.value ? last.value : last.value - previous.value;
    return difference / ((last.atMs - previous.atMs) / 1000);
  }),
  resets: fromOne((window) => values(window).filter((value, i, all) => i > 0 && value < all[i - 1]!).length),
  changes: fromOne(
    (window) =>
      values(window).filter((value, i, all) => i > 0 && !Object.is(value + 0, all[i - 1]! + 0)).length,
  ),
  sum_over_time: fromOne((window) => exactSum(values(window))),
  avg_over_time: fromOne((window) => exactSum(values(window)) / window.samples.length),
  count_over_time: fromOne(({ samples }) => samples.length),
  present_over_time: fromOne(() => 1),
  last_over_time: fromOne(({ samples }) => samples.at(-1)!.value),
  first_over_time: fromOne(({ samples }) => samples[0]!.value),
  ts_of_last_over_time: fromOne(({ samples }) => samples.at(-1)!.atMs / 1000),
  ts_of_first_over_time: fromOne(({ samples }) => samples[0]!.atMs / 1000),
  max_over_time: fromOne((window) => {
    const numbers = withoutNaN(values(window));
    return numbers.length === 0 ? Number.NaN : Math.max(...numbers);
  }),
  min_over_time: fromOne((window) => {
    const numbers = withoutNaN(values(window));
    return numbers.length === 0 ? Number.NaN : Math.min(...numbers);
  }),
  quantile_over_time: fromOne((window) => quantileOf(0.7, values(window))),
  mad_over_time: fromOne((window) => {
    const all = values(window);
    if (all.some(Number.isNaN)) return Number.NaN;
    const median = quantileOf(0.5, all);
    return quantileOf(
      0.5,
      all.map((value) => Math.abs(value - median)),
    );
  }),
  stdvar_over_time: fromOne((window) => {
    const all = values(window);
    if (all.some((value) => !Number.isFinite(value))) return Number.NaN;
    const mean = exactSum(all) / all.length;
    return exactSum(all.map((value) => (value - mean) ** 2)) / all.length;
  }),
};
