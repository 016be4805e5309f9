import { describe, expect, it } from 'vitest';
import { Labels } from '../../../src/base/labels.ts';
import { storeQuerier } from '../../../src/promql/querier.ts';
import { readBudgets } from '../../../src/slo/budget/read-budget.ts';
import type { Budgeting, Sli } from '../../../src/slo/objective.ts';
import { calendarWindow } from '../../../src/slo/time-window.ts';
import { SeriesStore } from '../../../src/telemetry/metrics/store.ts';
import {
  badOfHits,
  beginMs,
  budgetOf,
  composite,
  hourMs,
  type Minute,
  objective,
  query,
  rolling,
  scrapeMs,
  shopStore,
} from './shop.ts';

const counted = { type: 'ratio', bad: badOfHits.bad!, total: badOfHits.total, grouping: [] } as const;
const slices: Budgeting = { method: 'Timeslices', sliceMs: 5 * scrapeMs, sliceTarget: 0.9 };
const ratioSlices: Budgeting = { method: 'RatioTimeslices', sliceMs: 5 * scrapeMs };

/** Six hours, the same in every minute unless said otherwise. */
function sixHours(of: (minute: number) => Minute): Minute[] {
  return Array.from({ length: 360 }, (_, i) => of(i));
}

const fine = sixHours(() => ({ good: 100, bad: 0 }));
const tenth = sixHours(() => ({ good: 90, bad: 10 }));

describe('targets at the edges', () => {
  it('100 % has a budget that the first error exhausts', async () => {
    const clean = await budgetOf(shopStore(fine), objective({ target: '1' }));
    expect(clean).toMatchObject({ status: 'left', left: 1, exhaustion: { inMs: null } });
    const broken = await budgetOf(shopStore(tenth), objective({ target: '1' }));
    expect(broken).toMatchObject({ status: 'exhausted', left: Number.NEGATIVE_INFINITY });
    expect(broken.counts!.badLeft).toBe(0);
    expect(JSON.parse(JSON.stringify(broken)).left).toBeNull();
  });

  it('0 % has a budget that lasts until everything fails', async () => {
    const { left, burnRates } = await budgetOf(shopStore(tenth), objective({ target: '0' }));
    expect(left).toBeCloseTo(0.9, 9);
    expect(burnRates.at(-1)!.rate).toBeCloseTo(0.1, 9);
  });
});

describe('data that are not there', () => {
  it.each<[string, SeriesStore, Sli, string]>([
    ['no series', new SeriesStore(), badOfHits, 'no series'],
    [
      'several series',
      shopStore(fine),
      { ...counted, total: query('rate(hits_total[{{.window}}])', 'placeholder') },
      '2 series where one is needed',
    ],
    ['no traffic', shopStore(sixHours(() => ({ good: 0, bad: 0 }))), badOfHits, 'no traffic in the window'],
    [
      'only NaN',
      shopStore(fine),
      { ...counted, total: query('sum(rate(hits_total[{{.window}}])) * NaN', 'placeholder') },
      'no data in the window',
    ],
  ])('%s', async (_, store, sli, problem) => {
    for (const budgeting of [{ method: 'Occurrences' } as const, slices, ratioSlices])
      expect(await budgetOf(store, objective({ sli, budgeting }))).toMatchObject({
        status: 'no-data',
        problem,
        left: null,
        sli: null,
        burnRates: [],
      });
  });

  it('a window longer than the data says so, and so do its burn rates', async () => {
    const store = shopStore(tenth);
    for (const budgeting of [{ method: 'Occurrences' } as const, slices]) {
      const budget = await budgetOf(store, objective({ window: rolling(48 * hourMs), budgeting }));
      expect(budget.sli).toBeCloseTo(budgeting.method === 'Occurrences' ? 0.9 : 1, 9);
      expect(budget.data.isPartial).toBe(true);
      expect(budget.data.windowMs).toBe(48 * hourMs);
      expect(Math.abs(budget.data.knownMs - 6 * hourMs)).toBeLessThanOrEqual(5 * scrapeMs);
      expect(budget.burnRates.filter(({ isPartial }) => isPartial).map(({ over }) => over)).toEqual([
        '1d',
        'window',
      ]);
    }
  });

  it('a window before the first of a calendar has none', async () => {
    const window = calendarWindow(
      { count: 1, unit: 'day', durationMs: 24 * hourMs, text: '1d' },
      { startTime: '2030-01-01 00:00:00', timeZone: 'UTC' },
    );
    expect(await budgetOf(shopStore(fine), objective({ window }))).toMatchObject({
      status: 'no-data',
      problem: 'its first window has not begun',
    });
  });

  it('a counter of errors that is born with the first error counted none before it', async () => {
    const store = shopStore(
      sixHours((i) => ({ good: 100, bad: i === 100 || i === 200 ? 50 : 0 })),
      true,
    );
    const { status, sli } = await budgetOf(store, objective({ target: '0.99' }));
    expect(status).toBe('left');
    // What it had when it was born is not an increase, as everywhere in PromQL.
    expect(sli).toBeCloseTo(1 - 50 / 36_050, 4);
  });

  it('no traffic in a slice counts neither as good nor as bad, by all methods', async () => {
    const halfAsleep = sixHours((i) => (i < 180 ? { good: 0, bad: 0 } : { good: 50, bad: 50 }));
    for (const budgeting of [slices, ratioSlices]) {
      const { sli, counts } = await budgetOf(shopStore(halfAsleep), objective({ budgeting }));
      expect(sli).toBeCloseTo(budgeting.method === 'Timeslices' ? 0 : 0.5, 9);
      expect(counts!.total).toBe(36);
    }
  });
});

describe('a window of the calendar', () => {
  const window = calendarWindow(
    { count: 4, unit: 'hour', durationMs: 4 * hourMs, text: '4h' },
    { startTime: '2025-11-20 00:00:00', timeZone: 'UTC' },
  );

  it('begins anew, and reads burn rates from before its begin', async () => {
    const budget = await budgetOf(
      shopStore(sixHours((i) => (i < 240 ? { good: 50, bad: 50 } : { good: 100, bad: 0 }))),
      objective({ window }),
      { atMs: beginMs + 4.5 * hourMs },
    );
    expect(budget.window).toMatchObject({ fromMs: beginMs + 4 * hourMs, toMs: beginMs + 8 * hourMs });
    expect(budget.left).toBeCloseTo(1, 9);
    expect(budget.curve).toHaveLength(2);
    const rates = Object.fromEntries(budget.burnRates.map(({ over, rate }) => [over, rate]));
    expect(rates['30m']).toBeCloseTo(0, 9);
    expect(rates['1h']).toBeCloseTo(10 * (15 / 60), 0);
  });
});

describe('time to exhaustion', () => {
  it('is that at the rate of the last hour', async () => {
    // Nothing for five hours, then half of the budget's share of six hours in one.
    const store = shopStore(sixHours((i) => (i < 300 ? { good: 100, bad: 0 } : { good: 70, bad: 30 })));
    const { left, exhaustion } = await budgetOf(store, objective());
    expect(left).toBeCloseTo(0.5, 2);
    expect(exhaustion!.over).toBe('1h');
    expect(exhaustion!.inMs! / hourMs).toBeCloseTo(1, 1);
  });

  it('is by whole slices where those are longer', async () => {
    const budgeting: Budgeting = { method: 'RatioTimeslices', sliceMs: 2 * hourMs };
    const { exhaustion, burnRates, curve } = await budgetOf(shopStore(tenth), objective({ budgeting }));
    expect(exhaustion!.over).toBe('2h');
    expect(burnRates.map(({ over, rate }) => [over, rate === null])).toEqual([
      ['5m', true],
      ['30m', true],
      ['1h', true],
      ['2h', false],
      ['window', false],
    ]);
    expect(curve).toHaveLength(4);
  });
});

describe('other indicators', () => {
  it('an indicator that is grouped has a budget for each group', async () => {
    const store = new SeriesStore();
    for (let i = 0; i <= 360; i++)
      store.appendBatch({
        source: 'shop',
        atMs: beginMs + i * scrapeMs,
        samples: ['eu', 'us'].flatMap((region) =>
          ['200', '500'].map((code) => ({
            labels: Labels.from({ __name__: 'hits_total', region, code }),
            value: 1e6 + i * (code === '200' ? 95 : region === 'eu' ? 5 : 10),
          })),
        ),
      });
    const sli: Sli = { ...counted, grouping: ['region'] };
    const budgets = await readBudgets(objective({ sli }), storeQuerier(store), {
      atMs: beginMs + 6 * hourMs,
      curveStepMs: hourMs,
    });
    expect(budgets.map(({ labels, sli: measured }) => [labels, Number(measured!.toFixed(6))])).toEqual([
      [{ region: 'eu' }, 0.95],
      [{ region: 'us' }, Number((95 / 105).toFixed(6))],
    ]);
  });

  it.each<[string, Sli, number]>([
    [
      'good of total',
      { type: 'ratio', good: query('hits_total{code="200"}'), total: query('hits_total'), grouping: [] },
      0.9,
    ],
    [
      'a ratio of errors over a placeholder',
      {
        type: 'raw',
        rawType: 'failure',
        query: query(
          'sum(rate(hits_total{code="500"}[{{.window}}])) / sum(rate(hits_total[{{.window}}]))',
          'placeholder',
        ),
      },
      0.9,
    ],
    [
      'a ratio of successes that is sampled',
      { type: 'raw', rawType: 'success', query: query('hits_total * 0 + 0.75', 'value') },
      0.75,
    ],
    [
      'a threshold',
      { type: 'threshold', query: query('hits_total > 0', 'value'), op: 'gt', value: 1_001_800 },
      0.5,
    ],
  ])('%s', async (_, sli, expected) => {
    const budget = await budgetOf(shopStore(tenth), objective({ sli, target: '0.5' }));
    if (sli.type === 'threshold') expect(budget.sli).toBeGreaterThan(0.5);
    else expect(budget.sli).toBeCloseTo(expected, 6);
    expect(budget.problem).toBeNull();
  });

  it('an increase in the place of a rate counts as many events', async () => {
    const total = query('sum(increase(hits_total[{{.window}}]))', 'placeholder');
    const bad = query('sum(increase(hits_total{code="500"}[{{.window}}]))', 'placeholder');
    const { counts } = await budgetOf(
      shopStore(tenth),
      objective({ sli: { type: 'ratio', bad, total, grouping: [] } }),
    );
    expect(counts!.total).toBeCloseTo(36_000, 0);
    expect(counts!.bad).toBeCloseTo(3600, 0);
  });
});

describe('a composite', () => {
  const errors = { target: '0.8' };
  const none: Sli = { ...counted, bad: query('hits_total{code="418"}') };

  it('of events spends what its parts spend, by their weights', async () => {
    const of = composite([errors, { target: '0.6', weight: 2 }, { sli: none }]);
    const { left, sli, parts } = await budgetOf(shopStore(tenth), of);
    // 0.1 / 0.2, twice 0.1 / 0.4, and nothing.
    expect(left).toBeCloseTo(0, 9);
    expect(sli).toBeNull();
    expect(parts.map(({ spent }) => Number(spent!.toFixed(6)))).toEqual([0.5, 0.5, 0]);
  });

  it('of time slices has a bad slice where any part was bad', async () => {
    const minutes = sixHours((i) => ({ good: 60, bad: i < 60 ? 40 : 0 }));
    const lateGood: Sli = {
      type: 'threshold',
      query: query('vector(time())', 'value'),
      op: 'lt',
      value: beginMs / 1000 + 5 * 3600 + 1,
    };
    const of = composite([
      { ...errors, budgeting: slices },
      { target: '0.5', budgeting: slices, sli: lateGood },
    ]);
    const { sli, left, counts } = await budgetOf(shopStore(minutes), of);
    // The first hour by the one, the last by the other; the stricter target has a budget of a fifth.
    expect(counts).toMatchObject({ unit: 'slices', bad: 24, total: 72 });
    expect(sli).toBeCloseTo(48 / 72, 9);
    expect(left).toBeCloseTo(1 - 24 / 72 / 0.2, 9);
  });

  it('of the mean over slices adds up what its parts lack', async () => {
    const part = { target: '0.6', budgeting: ratioSlices };
    const { left } = await budgetOf(shopStore(tenth), composite([part, part]));
    expect(left).toBeCloseTo(1 - 0.2 / 0.4, 9);
  });

  it('says which part has no data, and that slices of two lengths do not fit together', async () => {
    const gone: Sli = { ...counted, total: query('nothing_total') };
    expect(await budgetOf(shopStore(tenth), composite([errors, { sli: gone }]))).toMatchObject({
      status: 'no-data',
      problem: 'part-1: no series',
    });
    const longer: Budgeting = { ...slices, sliceMs: 10 * scrapeMs };
    const clash = composite([{ budgeting: slices }, { budgeting: longer }]);
    expect((await budgetOf(shopStore(tenth), clash)).problem).toContain('different lengths');
  });
});
