// What the table and the page say alike of a budget.

import { coarseDuration, humanDuration } from '../../base/duration.ts';
import type { Budget, BurnRate } from '../../slo/budget/budget.ts';
import type { Tone } from '../standing.ts';

/** What is left is little below this share. */
const littleShare = 0.1;

export function toneOf({ status, left }: Budget): Tone {
  if (status === 'no-data') return 'unsure';
  if (status === 'exhausted') return 'bad';
  return left! < littleShare ? 'warn' : 'good';
}

export function statusWords({ status }: Budget): string {
  return status === 'no-data' ? 'no data' : status === 'exhausted' ? 'exhausted' : 'left';
}

/** `web-availability{region="eu"}`. */
export function titleOf({ id, labels }: Budget): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? id : `${id}{${pairs.join(', ')}}`;
}

/** `99.9 % over 30d, by time slices`. */
export function promiseText({ target, window, method }: Budget): string {
  const way = {
    Occurrences: '',
    Timeslices: ', by time slices',
    RatioTimeslices: ', by the mean of time slices',
  };
  return `${target} over ${window.text}${window.type === 'calendar' ? ' of the calendar' : ''}${way[method]}`;
}

/** `52.3 %`; what is more than lost is not told to the digit. */
export function percentText(share: number | null): string {
  if (share === null) return '–';
  if (share === Number.NEGATIVE_INFINITY) return 'none';
  const percent = share * 100;
  return `${Math.abs(percent) >= 1000 ? Math.round(percent) : Number(percent.toFixed(1))} %`;
}

/** As many digits as tell it from 100 %. */
export function sliText(sli: number | null): string {
  if (sli === null) return '–';
  const missing = 1 - sli;
  const digits = missing <= 0 ? 0 : Math.min(6, Math.max(2, 1 - Math.floor(Math.log10(missing * 100))));
  return `${Number((sli * 100).toFixed(digits))} %`;
}

export function rateText({ rate, isPartial }: BurnRate): string {
  if (rate === null) return '–';
  const number = Number.isFinite(rate) ? String(Number(rate.toPrecision(3))) : '∞';
  return isPartial ? `${number}*` : number;
}

/** `5d of 30d`; undefined when the data fill the window. */
export function extentText({ data }: Budget): string | undefined {
  if (!data.isPartial || data.knownMs === 0) return undefined;
  return `${coarseDuration(data.knownMs)} of ${coarseDuration(data.windowMs)}`;
}

export function exhaustionText({ exhaustion, status, window }: Budget): string {
  if (status !== 'left' || !exhaustion) return '–';
  const { inMs, over } = exhaustion;
  if (inMs === null)
    return window.type === 'calendar'
      ? `not in this window at the rate of ${over}`
      : `not at the rate of ${over}`;
  return `in ${inMs >= 172_800_000 ? coarseDuration(inMs) : humanDuration(inMs)} at the rate of ${over}`;
}

export function countsText({ counts }: Budget): string | undefined {
  if (!counts) return undefined;
  const { unit, bad, total, badLeft } = counts;
  return `${countText(bad)} of ${countText(total)} ${unit} bad, ${countText(badLeft)} more may be`;
}

/** Increases are extrapolated to the edges of their windows, and so hardly ever whole numbers. */
function countText(count: number): string {
  return count < 100 && !Number.isInteger(count)
    ? count.toFixed(1)
    : Math.round(count).toLocaleString('en-US');
}
