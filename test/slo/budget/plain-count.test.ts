// Budgets that the engine reads out of a store, against a plain count of the events that were put into it.
//
// A rate does not see what happened between the last scrape before its range and the first one in it, and extrapolates instead. So that both
// must be equal, nothing happens in the first minute of each slice, which is that of every stretch too.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Budgeting } from '../../../src/slo/objective.ts';
import { budgetOf, hourMs, type Minute, objective, rolling, scrapeMs, shopStore } from './shop.ts';

const slices = 72;
const sliceMinutes = 5;

const minute = fc.record({
  good: fc.nat({ max: 40 }),
  bad: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 8 }) }),
});
const slice = fc.oneof(
  { weight: 5, arbitrary: fc.array(minute, { minLength: sliceMinutes - 1, maxLength: sliceMinutes - 1 }) },
  { weight: 1, arbitrary: fc.constant([] as Minute[]) },
);
const day = fc.array(slice, { minLength: slices, maxLength: slices });

const none: Minute = { good: 0, bad: 0 };

function minutesOf(of: readonly (readonly Minute[])[]): Minute[] {
  return of.flatMap((own) =>
    Array.from({ length: sliceMinutes }, (_, i) => (i === 0 ? none : (own[i - 1] ?? none))),
  );
}

/** A rate takes the minute that it does not see to be as the others of its range are. */
const seenOf = (rangeMinutes: number) => rangeMinutes / (rangeMinutes - 1);

/** Bad events, slices or shares of slices in the last minutes, and all of them. Events are read in hours; what is left over comes first. */
function plainCount(
  minutes: readonly Minute[],
  last: number,
  { method }: Budgeting,
): { bad: number; total: number } {
  const own = minutes.slice(-last);
  const sums = (list: readonly Minute[]) => ({
    bad: list.reduce((sum, one) => sum + one.bad, 0),
    total: list.reduce((sum, one) => sum + one.good + one.bad, 0),
  });
  if (method === 'Occurrences') {
    const [first, others] = [sums(own.slice(0, last % 60)), sums(own.slice(last % 60))];
    const [ofFirst, ofOthers] = [last % 60 === 0 ? 0 : seenOf(last % 60), seenOf(60)];
    return {
      bad: ofFirst * first.bad + ofOthers * others.bad,
      total: ofFirst * first.total + ofOthers * others.total,
    };
  }
  const counted = { bad: 0, total: 0 };
  for (let i = 0; i < own.length; i += sliceMinutes) {
    const { bad, total } = sums(own.slice(i, i + sliceMinutes));
    if (total === 0) continue;
    counted.total++;
    if (method === 'RatioTimeslices') counted.bad += bad / total;
    // Whole numbers: good is nine tenths or more.
    else if (10 * (total - bad) < 9 * total) counted.bad++;
  }
  return counted;
}

const budgetings: readonly Budgeting[] = [
  { method: 'Occurrences' },
  { method: 'Timeslices', sliceMs: sliceMinutes * scrapeMs, sliceTarget: 0.9 },
  { method: 'RatioTimeslices', sliceMs: sliceMinutes * scrapeMs },
];

describe.each(budgetings)('a budget by $method', (budgeting) => {
  it('is that of a plain count, over any window', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(day, fc.constantFrom(360, 330, 90), async (of, windowMinutes) => {
        const minutes = minutesOf(of);
        const window = rolling(windowMinutes * scrapeMs);
        const budget = await budgetOf(shopStore(minutes), objective({ budgeting, window, target: '0.95' }));
        const { bad, total } = plainCount(minutes, windowMinutes, budgeting);
        if (total === 0) {
          expect(budget.status).toBe('no-data');
          return;
        }
        expect(budget.sli).toBeCloseTo(1 - bad / total, 9);
        expect(budget.left).toBeCloseTo(1 - bad / total / 0.05, 7);
        expect(budget.status).toBe(budget.left! > 0 ? 'left' : 'exhausted');
        expect(budget.curve.at(-1)!.left).toBeCloseTo(budget.left!, 9);
        for (const { windowMs, rate } of budget.burnRates) {
          const plain = plainCount(minutes, windowMs / scrapeMs, budgeting);
          if (plain.total === 0) expect(rate).toBeNull();
          else expect(rate).toBeCloseTo(plain.bad / plain.total / 0.05, 7);
        }
        let highest = 1;
        for (const { left } of budget.curve) {
          expect(left).toBeLessThanOrEqual(highest + 1e-12);
          highest = left;
        }
      }),
      { numRuns: 40 },
    );
  });

  it('counts whole events or slices', async () => {
    const minutes = minutesOf(Array.from({ length: slices }, () => [{ good: 19, bad: 1 }]));
    const { counts } = await budgetOf(shopStore(minutes), objective({ budgeting, target: '0.9' }));
    const plain = plainCount(minutes, 360, budgeting);
    expect(counts!.bad).toBeCloseTo(plain.bad, 6);
    expect(counts!.total).toBeCloseTo(plain.total, 6);
    expect(counts!.badLeft).toBe(Math.floor(0.1 * plain.total - plain.bad + 1e-6));
  });
});

it('reads a curve of any step to about the same end', async () => {
  const minutes = minutesOf(
    Array.from({ length: slices }, (_, i) => [{ good: 50, bad: i % 7 === 0 ? 20 : 0 }]),
  );
  const store = shopStore(minutes);
  const lefts = await Promise.all(
    [hourMs, 25 * scrapeMs, 5 * scrapeMs].map(async (curveStepMs) => {
      const { left, curve } = await budgetOf(store, objective(), { curveStepMs });
      expect(curve).toHaveLength(Math.ceil((6 * hourMs) / curveStepMs) + 1);
      return left!;
    }),
  );
  for (const left of lefts) expect(left).toBeCloseTo(lefts[0]!, 2);
});
