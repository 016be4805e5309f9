// Four burn-rate alerts on a total outage of a service with a target of 99 %: with three days behind them they fire after
// 9, 22, 44 and 44 minutes, and in a system that is five minutes old all at once.

import { describe, expect, test } from 'vitest';
import { burnRateRules, day, minute, play } from './outage.ts';

const old = { Page14: 9, Page6: 22, Ticket3: 44, Ticket1: 44 };
const young = { Page14: 1, Page6: 1, Ticket3: 1, Ticket1: 1 };

describe.each(['raw', 'recorded'] as const)('burn-rate alerts on %s ratios', (by) => {
  const story = { groups: burnRateRules(0.99, by), baselineMs: 5 * minute, outageMs: 60 * minute };

  test('five minutes of life and no history: all fire within one evaluation of +1m', async () => {
    const { minutes } = await play({ ...story, warmed: false });
    expectWithinOne(minutes, young);
  });

  test('the same with warm windows: each fires when it would with three days behind it', async () => {
    const { minutes, activeBefore, warmed } = await play({ ...story, warmed: true });
    expect(activeBefore).toEqual([]);
    expectWithinOne(minutes, old);
    expect(warmed!.cold).toEqual([]);
    expect(warmed!.reachMs).toBeGreaterThanOrEqual(3 * day - minute);
  });
});

test('a target of 99.9 % and an outage of ten minutes, with warm windows: 1, 3, 5 and 5 minutes', async () => {
  const story = { groups: burnRateRules(0.999, 'raw'), baselineMs: 5 * minute, outageMs: 10 * minute };
  const { minutes } = await play({ ...story, warmed: true });
  expectWithinOne(minutes, { Page14: 1, Page6: 3, Ticket3: 5, Ticket1: 5 });
});

test('a target of 90 %: the page can never fire, and no history makes it', async () => {
  const story = { groups: burnRateRules(0.9, 'raw'), baselineMs: 5 * minute, outageMs: 60 * minute };
  const { minutes } = await play({ ...story, warmed: true });
  expect(minutes.Page14).toBeUndefined();
});

function expectWithinOne(minutes: Readonly<Record<string, number | undefined>>, expected: object): void {
  for (const [alert, wanted] of Object.entries(expected)) {
    expect(minutes[alert], alert).toBeGreaterThanOrEqual(wanted - 1);
    expect(minutes[alert], alert).toBeLessThanOrEqual(wanted + 1);
  }
}
