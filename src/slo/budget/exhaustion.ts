// When a budget will be exhausted.

import type { Budgeting } from '../objective.ts';
import { type Account, burnRateOf } from './maths.ts';
import type { Tallies, Tally } from './tallies.ts';

export interface Outlook {
  readonly accounts: readonly Account[];
  /** In the window so far, one for each account, in stretches of `stepMs` that end at multiples of it before `atMs`. */
  readonly tallies: readonly Tallies[];
  /** What each account is taken to count in every `stepMs` from now on. */
  readonly perStep: readonly Tally[];
  readonly stepMs: number;
  readonly atMs: number;
  readonly window: { readonly fromMs: number; readonly toMs: number; readonly isRolling: boolean };
}

/**
 * Milliseconds until nothing is left; undefined when that does not come, and with a calendar's window when it comes after its end. A rolling
 * window moves on: what was bad at its begin is forgotten on the way.
 */
export function exhaustedIn({
  accounts,
  tallies,
  perStep,
  stepMs,
  atMs,
  window,
}: Outlook): number | undefined {
  const sums = tallies.map(({ bad, total }) => ({ bad: added(bad), total: added(total) }));
  const forgotten = tallies.map(() => 0);
  const steps = Math.ceil((window.isRolling ? window.toMs - window.fromMs : window.toMs - atMs) / stepMs);
  let before = burnRateOf(accounts, sums) ?? 0;
  if (before >= 1) return 0;
  for (let step = 1; step <= steps; step++) {
    for (const [i, sum] of sums.entries()) {
      sum.bad += perStep[i]!.bad;
      sum.total += perStep[i]!.total;
      if (!window.isRolling) continue;
      const { ends, bad, total } = tallies[i]!;
      while (forgotten[i]! < ends.length && ends[forgotten[i]!]! <= window.fromMs + step * stepMs) {
        sum.bad -= bad[forgotten[i]!]!;
        sum.total -= total[forgotten[i]!]!;
        forgotten[i]!++;
      }
    }
    const spent = burnRateOf(accounts, sums) ?? 0;
    if (spent >= 1) {
      // Inside the step it is taken to rise in a straight line.
      const share = Number.isFinite(spent) ? (1 - before) / (spent - before) : 0;
      const inMs = (step - 1 + share) * stepMs;
      return window.isRolling || atMs + inMs <= window.toMs ? inMs : undefined;
    }
    before = spent;
  }
  return undefined;
}

function added(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}

export interface SteadyErrors {
  readonly budgeting: Budgeting;
  /** 1 - target. */
  readonly errorBudget: number;
  readonly windowMs: number;
  /** Share of events that fail in ordinary times, with which the window is full. */
  readonly usualRatio: number;
  /** Share of events that fail from now on. */
  readonly errorRatio: number;
}

/**
 * Closed form of how long errors of a stated ratio take to exhaust what ordinary times leave of a budget, at even traffic:
 *
 *     windowMs * (budget - usual) / (errors - usual)
 *
 * `usual` and `errors` are ratios with Occurrences and RatioTimeslices; with Timeslices they are 1 where a slice of such errors is
 * bad, and 0 where it is good. Undefined when the budget lasts; 0 when ordinary times exhaust it already.
 */
export function steadyExhaustionMs({
  budgeting,
  errorBudget,
  windowMs,
  usualRatio,
  errorRatio,
}: SteadyErrors): number | undefined {
  const shareOf = (ratio: number) =>
    budgeting.method === 'Timeslices' ? Number(1 - ratio < budgeting.sliceTarget) : ratio;
  const [usual, errors] = [shareOf(usualRatio), shareOf(errorRatio)];
  if (usual > 0 && usual >= errorBudget) return 0;
  if (errors <= usual || errors < errorBudget) return undefined;
  return (windowMs * (errorBudget - usual)) / (errors - usual);
}

/**
 * Failed events that exhaust the budget of Occurrences when ordinary failures are not held against it: the share `errorBudget` of those that
 * would have been good. OpenSLO's example of budgeting methods counts so: 5 % of 99 % of 336,000 are 16,632.
 */
export function failuresToExhaust(events: number, usualRatio: number, errorBudget: number): number {
  return errorBudget * (1 - usualRatio) * events;
}
