// Limits and targets from what the baseline had, each with its margin and in words that say how it came about.

import { humanDuration } from '../../base/duration.ts';
import type { Measured } from './measure.ts';

/** In per cent, the most ambitious first. */
const targets = ['99.9', '99.5', '99', '95', '90'] as const;

export type TargetText = (typeof targets)[number];

/** What may go wrong is this many times what went wrong in the worst stretch. */
const errorMargin = 2;
const sharesUsed = [0.8, 0.9, 0.95] as const;
/** Of a capacity, between the fullest moment and the limit. */
const useMargin = 0.1;
/** Of a latency or a level, above what the baseline had. */
const latencyMargin = 1.5;
const levelMargin = 2;
const levelMin = 10;

export type Choice<T> =
  | { readonly value: T; readonly why: string }
  | { readonly value?: undefined; readonly why: string };

/**
 * The highest target that the worst stretch keeps twice over, and for which there were events enough: where one bad event
 * more would have broken the target over the baseline, the baseline does not show it.
 */
export function chooseTarget({ events, worst, windowMs }: Measured): Choice<TargetText> {
  const budgetOf = (target: TargetText) => (100 - Number(target)) / 100;
  const kept = targets.filter((target) => worst * errorMargin <= budgetOf(target) + 1e-12);
  const shown = kept.filter((target) => events * budgetOf(target) >= 1 - 1e-9);
  const stretch = `its worst ${humanDuration(windowMs)}`;
  const [value] = shown;
  if (kept.length === 0)
    return { why: `${percent(worst)} bad in ${stretch}: not even ${targets.at(-1)} % leaves room` };
  if (value === undefined) return { why: `only ${count(events)} in the baseline` };
  const worstWords =
    worst === 0 ? 'nothing was bad' : `${percent(worst)} bad in ${stretch}, twice that as margin`;
  const held =
    value === kept[0]
      ? ''
      : `; ${count(events)} show no more: of ${kept[0]} % one more bad one would be too many`;
  return { value, why: `${worstWords}${held}` };
}

/** `bounds` with the cumulative counts of the whole baseline; the limit is a bound, as it is written. */
export function chooseBound(
  bounds: readonly { readonly text: string; readonly count: number }[],
  all: number,
): Choice<string> {
  const percentile = quantileOf(0.99, bounds, all);
  if (percentile === undefined) return { why: 'its 99th percentile is beyond the last bucket' };
  const found = bounds.find(({ text }) => Number(text) >= percentile * latencyMargin);
  const shown = `99th percentile ${number(percentile)}`;
  if (!found) return { why: `${shown}: no bucket lies ${latencyMargin} times above it` };
  return { value: found.text, why: `the first bucket from ${latencyMargin} times the ${shown}` };
}

/** Linear within a bucket, as histogram_quantile has it. */
function quantileOf(
  share: number,
  bounds: readonly { readonly text: string; readonly count: number }[],
  all: number,
): number | undefined {
  const rank = share * all;
  let [below, from] = [0, 0];
  for (const { text, count: upTo } of bounds) {
    const bound = Number(text);
    if (upTo >= rank)
      return upTo === below ? bound : from + ((bound - from) * (rank - below)) / (upTo - below);
    [below, from] = [upTo, bound];
  }
  return undefined;
}

/** Of a native histogram any limit can be asked for: the next round number. */
export function chooseLatency(percentile: number): Choice<number> {
  if (!(percentile > 0) || !Number.isFinite(percentile)) return { why: 'its 99th percentile is not known' };
  return {
    value: roundUp(percentile * latencyMargin),
    why: `${latencyMargin} times the 99th percentile ${number(percentile)}, rounded up`,
  };
}

export function chooseUse(most: number): Choice<number> {
  const value = sharesUsed.find((share) => most <= share - useMargin + 1e-12);
  if (value === undefined) return { why: `${percent(most)} at its fullest: no limit leaves room` };
  return { value, why: `${percent(most)} at its fullest, and ${useMargin * 100} points as margin` };
}

/** `least` keeps a count that was always 0 from becoming a limit of nothing; a duration has none. */
export function chooseLevel(most: number, isCount: boolean): Choice<number> {
  if (!Number.isFinite(most)) return { why: 'its highest value is no number' };
  const value = roundUp(Math.max(most * levelMargin, isCount ? levelMin : Number.MIN_VALUE));
  return { value, why: `${levelMargin} times its highest value ${number(most)}, rounded up` };
}

/** To 1, 2 or 5 times a power of ten. */
function roundUp(value: number): number {
  const power = Math.floor(Math.log10(value));
  const digit = [1, 2, 5, 10].find((each) => each * 10 ** power >= value * (1 - 1e-9))!;
  return Number(`${digit}e${power}`);
}

export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

function number(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function count(events: number): string {
  const whole = Math.round(events);
  return `${whole} ${whole === 1 ? 'event' : 'events'}`;
}
