import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Labels } from '../../src/base/labels.ts';
import { type RangeSeries, rangeQuery } from '../../src/promql/engine.ts';
import { parseExpr } from '../../src/promql/parser.ts';
import { type BatchSample, SeriesStore } from '../../src/telemetry/metrics/store.ts';

const scrapeMs = 15_000;
const scrapes = 60;

/** Counters of one target: where each begins, how fast it rises, and at which scrape it is reset. */
const counters = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 70 })), {
  minLength: 1,
  maxLength: 7,
});

function storeOf(targets: readonly (readonly (readonly [begin: number, resetAt: number])[])[]): SeriesStore {
  const store = new SeriesStore();
  for (const [target, series] of targets.entries()) {
    for (let k = 0; k < scrapes; k++) {
      const samples = series.map(([begin, resetAt], i): BatchSample => {
        const labels = Labels.from({ __name__: 'c_total', target: `${target}`, i: `${i}`, half: `${i % 2}` });
        return { labels, value: (k < resetAt ? begin * 1000 + k : k - resetAt) * (i + 1.1) };
      });
      store.appendBatch({ source: `${target}`, atMs: k * scrapeMs + target * 1000 + 1, samples });
    }
  }
  return store;
}

function query(store: SeriesStore, text: string, startMs = 0): RangeSeries[] {
  const parsed = parseExpr(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return rangeQuery(store, parsed.expr, startMs, scrapes * scrapeMs, 10_000).series;
}

it('sums of rates are those of the rates one by one', () => {
  fc.assert(
    fc.property(fc.array(counters, { minLength: 1, maxLength: 3 }), (targets) => {
      const store = storeOf(targets);
      const rates = query(store, 'rate(c_total[1m])');
      for (const half of ['0', '1']) {
        const expected = new Map<number, number>();
        for (const { labels, times, values } of rates) {
          if (labels.get('half') !== half) continue;
          for (const [i, at] of times.entries()) expected.set(at, (expected.get(at) ?? 0) + values[i]!);
        }
        const sum = query(store, 'sum by (half) (rate(c_total[1m]))').find(
          ({ labels }) => labels.get('half') === half,
        );
        expect([...(sum?.times ?? [])]).toEqual([...expected.keys()].sort((a, b) => a - b));
        for (const [i, at] of (sum?.times ?? []).entries())
          expect(sum!.values[i]).toBeCloseTo(expected.get(at)!, 9);
      }
    }),
    { numRuns: 60 },
  );
});

it('resets that a query has seen are not mistaken for others when the series leaves the column of its source', () => {
  const valueAt = (k: number) => (k < 25 ? 100 + k : k);
  const appendTo = (store: SeriesStore, from: number, to: number, ownTimes: boolean) => {
    for (let k = from; k < to; k++) {
      const samples = ['a', 'b'].flatMap((i): BatchSample[] => {
        // Slots without a sample go when the series gets a column of its own.
        if (i === 'b' && k === 1) return [];
        const atMs = ownTimes ? { atMs: k * scrapeMs + 1 } : {};
        return [{ labels: Labels.from({ __name__: 'c_total', i }), value: valueAt(k), ...atMs }];
      });
      store.appendBatch({ source: 's', atMs: k * scrapeMs + 1, samples });
    }
  };
  const [asked, fresh] = [new SeriesStore(), new SeriesStore()];
  for (const store of [asked, fresh]) appendTo(store, 0, 20, false);
  // What it looks at has no gap, so it reads the store's own arrays.
  query(asked, 'rate(c_total[2m])', 10 * scrapeMs);
  for (const store of [asked, fresh]) appendTo(store, 20, 30, true);
  const text = 'rate(c_total[2m])';
  expect(query(asked, text)).toEqual(query(fresh, text));
  expect(Math.min(...query(asked, text).flatMap(({ values }) => [...values]))).toBeGreaterThanOrEqual(0);
});
