// The engine over the real series store, where the series of a scrape share their times, against the same samples in a
// source that gives each series a column of its own; and over a store that has sealed the older of them.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Labels } from '../../src/base/labels.ts';
import { rangeQuery } from '../../src/promql/engine.ts';
import { parseExpr } from '../../src/promql/parser.ts';
import type { Queryable } from '../../src/telemetry/metrics/series.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { MemorySource } from './memory-source.ts';

const queries = [
  'm',
  'sum by (i) (rate(m[1m]))',
  'count_over_time(m[45s] offset 20s)',
  'max_over_time(m[2m:15s]) - on (i, s) min_over_time(m[2m])',
  'm{i!="0"} @ 60 or m{i=~"0|2"}',
];

const seriesLabels = [0, 1, 2, 3].map((i) =>
  Labels.from({ __name__: 'm', i: String(i % 3), s: i < 2 ? 'a' : 'b' }),
);

/** What each scrape says of each series: a value, that it is missing, or that it ended. */
const scrapes = fc.array(
  fc.record({
    gapMs: fc.constantFrom(5000, 15_000, 15_000, 60_000),
    source: fc.constantFrom('a', 'b'),
    values: fc.array(
      fc.oneof(fc.integer({ min: 0, max: 99 }), fc.constantFrom(undefined, 'stale' as const)),
      {
        minLength: 4,
        maxLength: 4,
      },
    ),
  }),
  { maxLength: 40 },
);

function resultOf(source: Queryable, text: string): unknown {
  const parsed = parseExpr(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const { series } = rangeQuery(source, parsed.expr, 0, 600_000, 15_000);
  return series.map(({ labels, times, values }) => [`${labels}`, [...times], [...values]]);
}

it('answers as it does over separate columns', () => {
  fc.assert(
    fc.property(scrapes, (drawn) => {
      const store = new SeriesStore();
      const sealed = new SeriesStore(undefined, { rawMs: 60_000, cacheBytesMax: 5000, rowsPerBlock: 4 });
      const memory = new MemorySource();
      let atMs = 0;
      for (const { gapMs, source, values } of drawn) {
        atMs += gapMs;
        const samples = seriesLabels.flatMap((labels, i) => {
          const value = values[i];
          if (labels.get('s') !== source || value === undefined) return [];
          const isStale = value === 'stale';
          memory.append(labels, atMs, isStale ? Number.NaN : value, isStale);
          return [{ labels, value: isStale ? Number.NaN : value, stale: isStale }];
        });
        for (const each of [store, sealed]) each.appendBatch({ source, atMs, samples });
        sealed.retain({});
      }
      for (const text of queries) {
        const expected = resultOf(memory, text);
        expect(resultOf(store, text), text).toEqual(expected);
        expect(resultOf(sealed, text), text).toEqual(expected);
      }
    }),
    { numRuns: 100 },
  );
});
