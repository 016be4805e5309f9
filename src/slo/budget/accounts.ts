// The parts of an objective as accounts of one budget, each with what it counted.
//
// OpenSLO's composites burn when any part burns. With Occurrences each part spends of the budget that its own target leaves. With
// time slices the budget is that of the strictest target: with Timeslices a slice is bad in which any part was bad, and with
// RatioTimeslices what the parts lack adds up. Weights multiply what a part spends; a bad slice is bad at any weight.

import type { Objective, ObjectivePart } from '../objective.ts';
import type { Account } from './maths.ts';
import type { PartTallies } from './source-tallies.ts';
import type { Tallies, Tally } from './tallies.ts';

export interface AccountTallies extends Account {
  readonly tallies: Tallies;
  readonly short: PartTallies['short'];
}

export interface WeightedPart extends ObjectivePart {
  readonly weight: number;
  readonly displayName: string | undefined;
}

export function partsOf(objective: Objective): readonly WeightedPart[] {
  return objective.kind === 'simple' ? [{ ...objective, weight: 1 }] : objective.parts;
}

/** Why the parts cannot share a budget; undefined when they can. */
export function clashOf(parts: readonly WeightedPart[]): string | undefined {
  const lengths = new Set(
    parts.map(({ budgeting }) => (budgeting.method === 'Timeslices' ? budgeting.sliceMs : 0)),
  );
  return lengths.size > 1 ? 'its parts have time slices of different lengths' : undefined;
}

/** One for each part; of a composite with Timeslices, one for all. */
export function accountsOf(
  parts: readonly WeightedPart[],
  counted: readonly PartTallies[],
): AccountTallies[] {
  const strictest = Math.min(...parts.map(({ target }) => target.errorBudget));
  if (parts.length > 1 && parts[0]!.budgeting.method === 'Timeslices')
    return [{ errorBudget: strictest, weight: 1, tallies: anyBad(counted), short: new Map() }];
  return parts.map(({ target, weight, budgeting }, i) => ({
    errorBudget: budgeting.method === 'Occurrences' ? target.errorBudget : strictest,
    weight,
    tallies: counted[i]!.tallies,
    short: counted[i]!.short,
  }));
}

/** Slices in which any part was bad, of those in which any had traffic. */
function anyBad(counted: readonly PartTallies[]): Tallies {
  const slices = new Map<number, Tally>();
  for (const { tallies } of counted)
    for (const [i, end] of tallies.ends.entries()) {
      const before = slices.get(end);
      slices.set(end, {
        bad: Math.max(before?.bad ?? 0, tallies.bad[i]!),
        total: Math.max(before?.total ?? 0, tallies.total[i]!),
      });
    }
  const ends = [...slices.keys()].sort((a, b) => a - b);
  return {
    ends,
    bad: ends.map((end) => slices.get(end)!.bad),
    total: ends.map((end) => slices.get(end)!.total),
  };
}
