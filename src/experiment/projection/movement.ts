// How one series moved while the effect of a fault stood, and so how it would go on: in the same steps again where it was
// level, along its line where it drifted, or in no way that anybody could know.

import { firstAfter, firstAtOrAfter } from '../../telemetry/metrics/columns.ts';
import { absent, present, type SeriesView } from '../../telemetry/metrics/series.ts';

/** Samples from the begin of the time that is held on to its end; Unix milliseconds. */
export interface HeldSamples {
  readonly times: Float64Array;
  readonly values: Float64Array;
}

export type Movement =
  | { readonly kind: 'counter' | 'level'; readonly samples: HeldSamples; readonly isLevel: boolean }
  /** `perMs` is the slope of its line. */
  | { readonly kind: 'trend'; readonly samples: HeldSamples; readonly perMs: number }
  /** It was gone at the end, and stays away. */
  | { readonly kind: 'gone' }
  /** It swung, or its samples are no numbers. */
  | { readonly kind: 'unclear' };

/** The largest movement, as a share of the largest value, that still counts as level. */
const levelShareMax = 0.1;
/** How much of its ups and downs a line must explain to be one: the square of the correlation. */
const lineShareMin = 0.9;
const trendSamplesMin = 5;

export function movementOf(view: SeriesView, fromMs: number, toMs: number, isCounter: boolean): Movement {
  const samples = samplesIn(view, fromMs, toMs);
  if (samples === 'ended') return { kind: 'gone' };
  if (samples === 'unclear') return { kind: 'unclear' };
  if (isCounter) return { kind: 'counter', samples, isLevel: isEvenCounter(samples) };
  const { values } = samples;
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  if (high - low <= levelShareMax * Math.max(Math.abs(low), Math.abs(high)))
    return { kind: 'level', samples, isLevel: true };
  const perMs = lineThrough(samples);
  if (perMs !== undefined) return { kind: 'trend', samples, perMs };
  // Ups and downs without a direction are repeated, but prove nothing.
  return { kind: 'level', samples, isLevel: false };
}

function samplesIn(view: SeriesView, fromMs: number, toMs: number): HeldSamples | 'ended' | 'unclear' {
  const { column, states, offset } = view;
  const first = Math.max(view.first, firstAtOrAfter(column, fromMs));
  const last = Math.min(view.last, firstAfter(column, toMs));
  const times: number[] = [];
  const values: number[] = [];
  let end: number = absent;
  for (let row = first; row < last; row++) {
    const state = states[row - offset]!;
    if (state !== absent) end = state;
    if (state !== present) continue;
    times.push(column.times[row]!);
    values.push(view.values[row - offset]!);
  }
  if (end !== present) return end === absent || times.length > 0 ? 'ended' : 'unclear';
  return { times: Float64Array.from(times), values: Float64Array.from(values) };
}

/** It counted as much in the first half as in the second, within what counts as level. */
function isEvenCounter({ times, values }: HeldSamples): boolean {
  const n = times.length;
  if (n < 3) return false;
  const middle = Math.floor(n / 2);
  const rate = (from: number, to: number) => (values[to]! - values[from]!) / (times[to]! - times[from]!);
  const [early, late] = [rate(0, middle), rate(middle, n - 1)];
  // What begins anew is not even.
  if (early < 0 || late < 0) return false;
  return Math.abs(early - late) <= levelShareMax * Math.max(early, late);
}

/** The slope of a line that explains the movement; undefined where none does. Least squares. */
function lineThrough({ times, values }: HeldSamples): number | undefined {
  const n = times.length;
  if (n < trendSamplesMin) return undefined;
  const meanTime = times.reduce((sum, time) => sum + time, 0) / n;
  const meanValue = values.reduce((sum, value) => sum + value, 0) / n;
  let square = 0;
  let product = 0;
  let spread = 0;
  for (let i = 0; i < n; i++) {
    const dt = times[i]! - meanTime;
    const dv = values[i]! - meanValue;
    square += dt * dt;
    product += dt * dv;
    spread += dv * dv;
  }
  if (square === 0 || spread === 0 || !Number.isFinite(spread)) return undefined;
  return (product * product) / (square * spread) >= lineShareMin ? product / square : undefined;
}
