import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  exhaustedIn,
  failuresToExhaust,
  type Outlook,
  steadyExhaustionMs,
} from '../../../src/slo/budget/exhaustion.ts';
import type { Tallies } from '../../../src/slo/budget/tallies.ts';
import type { Budgeting } from '../../../src/slo/objective.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

describe("OpenSLO's worked example: two weeks, 24,000 requests a day, usually 99 % good, target 95 %, 1 % good under attack", () => {
  const windowMs = 14 * dayMs;
  const example = { errorBudget: 0.05, windowMs, usualRatio: 0.01, errorRatio: 0.99 };
  const lastsFor = (budgeting: Budgeting) => steadyExhaustionMs({ ...example, budgeting });

  it('exhausts the budget of time slices after 16 hours and 48 minutes', () => {
    expect(lastsFor({ method: 'Timeslices', sliceMs: minuteMs, sliceTarget: 0.95 })).toBeCloseTo(
      (16 * 60 + 48) * minuteMs,
      3,
    );
  });

  it('exhausts the budget of the mean over time slices after about 13 hours and 45 minutes', () => {
    const minutes = lastsFor({ method: 'RatioTimeslices', sliceMs: minuteMs })! / minuteMs;
    expect(Math.abs(minutes - (13 * 60 + 45))).toBeLessThan(3);
  });

  it('exhausts the budget of events after 16,632 failed requests', () => {
    expect(failuresToExhaust(14 * 24_000, 0.01, 0.05)).toBeCloseTo(16_632, 6);
  });
});

describe('errors of a stated ratio', () => {
  const slices: Budgeting = { method: 'Timeslices', sliceMs: minuteMs, sliceTarget: 0.9 };
  const events: Budgeting = { method: 'Occurrences' };

  it.each<[string, Parameters<typeof steadyExhaustionMs>[0], number | undefined]>([
    [
      'fewer than the budget',
      { budgeting: events, errorBudget: 0.05, windowMs: dayMs, usualRatio: 0.01, errorRatio: 0.04 },
      undefined,
    ],
    [
      'as many as the budget',
      { budgeting: events, errorBudget: 0.05, windowMs: dayMs, usualRatio: 0.01, errorRatio: 0.05 },
      dayMs,
    ],
    [
      'in ordinary times more than the budget',
      { budgeting: events, errorBudget: 0.05, windowMs: dayMs, usualRatio: 0.06, errorRatio: 0.5 },
      0,
    ],
    [
      'that no slice notices',
      { budgeting: slices, errorBudget: 0.05, windowMs: dayMs, usualRatio: 0, errorRatio: 0.09 },
      undefined,
    ],
    [
      'with no budget',
      { budgeting: events, errorBudget: 0, windowMs: dayMs, usualRatio: 0, errorRatio: 0.1 },
      0,
    ],
    [
      'with a target of 0',
      { budgeting: events, errorBudget: 1, windowMs: dayMs, usualRatio: 0, errorRatio: 1 },
      dayMs,
    ],
  ])('%s', (_, given, expected) => {
    expect(steadyExhaustionMs(given)).toBe(expected);
  });
});

/** `steps` stretches of one hour up to `atMs`, each with 1,000 events and this share of errors. */
function evenly(steps: number, share: (step: number) => number, atMs: number): Tallies {
  const indexes = Array.from({ length: steps }, (_, i) => i);
  return {
    ends: indexes.map((i) => atMs - (steps - 1 - i) * hourMs),
    bad: indexes.map((i) => 1000 * share(i)),
    total: indexes.map(() => 1000),
  };
}

function outlook(
  tallies: Tallies,
  share: number,
  errorBudget: number,
  over: Partial<Outlook['window']> = {},
): Outlook {
  const atMs = 1000 * dayMs;
  return {
    accounts: [{ errorBudget, weight: 1 }],
    tallies: [tallies],
    perStep: [{ bad: 1000 * share, total: 1000 }],
    stepMs: hourMs,
    atMs,
    window: { fromMs: atMs - 10 * dayMs, toMs: atMs, isRolling: true, ...over },
  };
}

describe('when a rate exhausts a budget', () => {
  const atMs = 1000 * dayMs;

  it('is what the closed form says when the window was full of the usual', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 0.2, noNaN: true }),
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        fc.double({ min: 1.01, max: 5, noNaN: true }),
        (errorBudget, usualShare, faster) => {
          const usualRatio = usualShare * errorBudget;
          const errorRatio = Math.min(1, faster * errorBudget);
          const given = {
            budgeting: { method: 'Occurrences' } as const,
            errorBudget,
            usualRatio,
            errorRatio,
          };
          const closed = steadyExhaustionMs({ ...given, windowMs: 10 * dayMs })!;
          const walked = exhaustedIn(
            outlook(
              evenly(240, () => usualRatio, atMs),
              errorRatio,
              errorBudget,
            ),
          )!;
          expect(Math.abs(walked - closed)).toBeLessThan(2);
        },
      ),
    );
  });

  it('comes never when errors leave the window as fast as they come', () => {
    expect(
      exhaustedIn(
        outlook(
          evenly(240, () => 0.009, atMs),
          0.009,
          0.01,
        ),
      ),
    ).toBeUndefined();
  });

  it('comes before the errors of an outage are forgotten', () => {
    // The whole budget but a tenth was spent an hour ago; at half the rate that lasts it takes a fifth of the window.
    const spent = evenly(240, (step) => (step === 238 ? 0.9 * 240 * 0.001 : 0), atMs);
    expect(exhaustedIn(outlook(spent, 0.0005, 0.001))).toBeCloseTo(2 * dayMs, 0);
  });

  it('is now when nothing is left', () => {
    expect(
      exhaustedIn(
        outlook(
          evenly(240, () => 0.02, atMs),
          0,
          0.01,
        ),
      ),
    ).toBe(0);
  });

  it('is not told when it comes after the end of a window of the calendar', () => {
    const full = evenly(24, () => 0.009, atMs);
    const month = { fromMs: atMs - dayMs, isRolling: false };
    expect(exhaustedIn(outlook(full, 0.011, 0.01, { ...month, toMs: atMs + 2 * dayMs }))).toBeCloseTo(
      dayMs,
      0,
    );
    expect(exhaustedIn(outlook(full, 0.011, 0.01, { ...month, toMs: atMs + dayMs / 2 }))).toBeUndefined();
  });

  it('is at once with the first error when there is no budget', () => {
    expect(
      exhaustedIn(
        outlook(
          evenly(240, () => 0, atMs),
          0.01,
          0,
        ),
      ),
    ).toBe(0);
  });
});
