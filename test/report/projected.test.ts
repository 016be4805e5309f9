// What every report says of what nobody saw, and of what the drill cost.

import { expect, test } from 'vitest';
import type { AlertVerdict, ObjectiveCost } from '../../src/experiment/verdict.ts';
import { costLine } from '../../src/report/cost-words.ts';
import { assumptionWords, projectionLine } from '../../src/report/projection-words.ts';

const zero = Date.UTC(2026, 0, 5);
const minute = 60_000;
const projection = {
  assumption: 'the effect stays where it was over the last 15s of the fault',
  heldFrom: zero + 30_000,
  lookedUntil: zero + 72 * 60 * minute,
  firesAt: zero + 9 * minute,
  notifiesAt: zero + 10 * minute,
  budgets: [{ objective: 'requests', window: '30d', spent: 0.0231, exhaustedAt: zero + 432 * minute }],
  limits: [],
};
const alert = { predicted: { firingMs: 0, notifiedMs: 0, projection } } as unknown as AlertVerdict;

test('a projection has its times from the injection, and the budget', () => {
  expect(projectionLine(alert, zero)).toBe(
    'it would fire at T+9m00s, would notify at T+10m00s; requests: 2.31 % of the budget of 30d spent by then, all of it at T+7h12m',
  );
  const silent = { ...projection, firesAt: null, notifiesAt: null, budgets: [] };
  const quiet = { predicted: { firingMs: 0, notifiedMs: 0, projection: silent } } as unknown as AlertVerdict;
  expect(projectionLine(quiet, zero)).toBe('it would not fire within 72h00m of the injection');
  expect(projectionLine({ ...alert, predicted: null }, zero)).toBeUndefined();
});

test('where a trend stops is told with what is assumed', () => {
  expect(assumptionWords({ ...projection, limits: ['process_open_fds at process_max_fds (1024)'] })).toBe(
    'the effect stays where it was over the last 15s of the fault, trends up to their limits: process_open_fds at process_max_fds (1024)',
  );
});

test('the cost is of 30 days, beside the outages that page', () => {
  const cost: ObjectiveCost = {
    ...{ objective: 'requests', errorBudget: 0.001, lengthMs: 35_000, badMs: 30_000 },
    ...{ badEvents: 1264, events: 1493, budgetShare: 0.0122, wholeOutageMs: 2_592_000 },
    ...{ pagesAfter: { alert: 'ShopErrors', ms: 51_840 }, unpagedMs: 62_840 },
  };
  expect(costLine(cost)).toBe(
    'At its traffic the drill cost 1.22 % of a 30-day budget (1264 of 1493 events were bad; 43m12s of total outage spend it all). A total outage pages after 52s at the earliest (ShopErrors); one of up to 1m03s may page nobody, and costs 2.42 %.',
  );
  expect(costLine({ ...cost, badEvents: null, pagesAfter: null, unpagedMs: null })).toBe(
    'At its traffic the drill cost 1.22 % of a 30-day budget (30s of bad time; 43m12s of total outage spend it all). No alert pages for an outage of any length.',
  );
});
