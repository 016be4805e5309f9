// What is left of an error budget, and how fast it burns. The budget of a target is the share that may be bad, 1 - target:
//
//     share of errors   bad / total               of events, of time slices, or the mean over time slices
//     burn rate         share / (1 - target)      at 1 the budget lasts exactly as long as the window
//     budget left       1 - share / (1 - target)  below 0 when more was spent than there was
//
// A composite has several accounts: it has spent what its parts have spent, each multiplied by its weight.

import type { Tallies, Tally } from './tallies.ts';

/** One part that draws on a budget; an objective of one indicator has one, with weight 1. */
export interface Account {
  /** 1 - target. */
  readonly errorBudget: number;
  readonly weight: number;
}

/** In [0, 1]; undefined where there was no traffic. */
export function errorShare({ bad, total }: Tally): number | undefined {
  return total > 0 ? bad / total : undefined;
}

/** A target of 100 % has no budget: without errors nothing burns, and with any it burns infinitely fast. */
export function burnRate({ errorBudget, weight }: Account, share: number): number {
  if (share <= 0) return 0;
  return errorBudget > 0 ? (weight * share) / errorBudget : Number.POSITIVE_INFINITY;
}

/** Of accounts and what each of them counted; undefined when one of them had no traffic. */
export function burnRateOf(accounts: readonly Account[], tallies: readonly Tally[]): number | undefined {
  let rate = 0;
  for (const [i, account] of accounts.entries()) {
    const share = errorShare(tallies[i]!);
    if (share === undefined) return undefined;
    rate += burnRate(account, share);
  }
  return rate;
}

export interface CurvePoint {
  /** Unix milliseconds. */
  readonly atMs: number;
  /** Of the whole window's budget, 1 at its begin. */
  readonly left: number;
}

/**
 * How the budget was spent: what was bad up to each time, over the budget of all that there was in the window. The last point is
 * the budget that is left. `tallies` are those of the window, one for each account.
 */
export function budgetCurve(
  accounts: readonly Account[],
  tallies: readonly Tallies[],
  times: readonly number[],
): CurvePoint[] {
  const left = new Float64Array(times.length).fill(1);
  for (const [i, account] of accounts.entries()) {
    const { ends, bad, total } = tallies[i]!;
    const all = total.reduce((sum, one) => sum + one, 0);
    let spent = 0;
    let next = 0;
    for (const [k, atMs] of times.entries()) {
      while (next < ends.length && ends[next]! <= atMs) spent += bad[next++]!;
      if (all > 0) left[k]! -= burnRate(account, spent / all);
    }
  }
  return times.map((atMs, k) => ({ atMs, left: left[k]! }));
}

/** How many more events or slices may be bad before nothing is left; 0 when nothing is. */
export function badLeft({ errorBudget }: Account, { bad, total }: Tally): number {
  // A billionth of an event is the rounding of a sum.
  return Math.max(0, Math.floor(errorBudget * total - bad + 1e-9 * Math.max(1, total)));
}
