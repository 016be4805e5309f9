import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/diagnostics.ts';
import { type LabelRecord, Labels } from '../../src/base/labels.ts';
import { createMatcher, type MatchOperator } from '../../src/base/matcher.ts';
import { stale } from '../../src/telemetry/metrics/series.ts';
import { type BatchSample, SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { samplesOf } from './samples.ts';

const sample = (labels: LabelRecord, value: number, more: Partial<BatchSample> = {}): BatchSample => ({
  labels: Labels.from(labels),
  value,
  ...more,
});
const named = (name: string) => [createMatcher('__name__', '=', name)];

describe('appending', () => {
  it('shares one timestamp column among the series of a source', () => {
    const store = new SeriesStore();
    for (let i = 0; i < 40; i++) {
      const samples = [sample({ __name__: 'a' }, i), sample({ __name__: 'b' }, -i)];
      store.appendBatch({ source: 's', atMs: 1000 * i, samples });
    }
    const [a] = store.select(named('a'), 0, 1e9);
    const [b] = store.select(named('b'), 0, 1e9);
    expect(a!.column).toBe(b!.column);
    expect(samplesOf(store, 'b').at(-1)).toEqual([39_000, -39]);
    expect([store.seriesCount, store.sampleCount]).toEqual([2, 80]);
  });

  it('takes a run of one series as it takes its samples one by one', () => {
    const anyRun = fc.record({
      name: fc.constantFrom('a', 'b'),
      samples: fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.double()), {
        minLength: 1,
        maxLength: 12,
      }),
    });
    fc.assert(
      fc.property(fc.array(anyRun, { maxLength: 6 }), (runs) => {
        const [byRun, oneByOne] = [new SeriesStore(), new SeriesStore()];
        const told: unknown[][] = [[], []];
        byRun.subscribe((batch) => told[0]!.push(batch));
        oneByOne.subscribe((batch) => told[1]!.push(batch));
        for (const { name, samples } of runs) {
          const labels = Labels.from({ __name__: name });
          const [times, values] = [0, 1].map((part) => Float64Array.from(samples, (pair) => pair[part]!));
          byRun.appendRun({ source: 's', labels, times: times!, values: values!, length: samples.length });
          for (const [atMs, value] of samples)
            oneByOne.appendBatch({ source: 's', atMs, samples: [{ labels, value }] });
        }
        for (const name of ['a', 'b']) expect(samplesOf(byRun, name)).toEqual(samplesOf(oneByOne, name));
        expect(told[0]).toEqual(told[1]);
        expect(byRun.droppedCount).toBe(oneByOne.droppedCount);
      }),
    );
  });

  it('leaves a hole where a series was not in a scrape, and keeps a later series at its own offset', () => {
    const store = new SeriesStore();
    store.appendBatch({ source: 's', atMs: 1, samples: [sample({ __name__: 'a' }, 1)] });
    store.appendBatch({ source: 's', atMs: 2, samples: [sample({ __name__: 'b' }, 2)] });
    store.appendBatch({ source: 's', atMs: 3, samples: [sample({ __name__: 'a' }, 3)] });
    expect(samplesOf(store, 'a')).toEqual([
      [1, 1],
      [3, 3],
    ]);
    expect(samplesOf(store, 'b')).toEqual([[2, 2]]);
    expect(store.select(named('b'), 0, 9)[0]!.offset).toBe(1);
  });

  it('gives a sample with its own timestamp a column of its own', () => {
    const store = new SeriesStore();
    const samples = [sample({ __name__: 'a' }, 1), sample({ __name__: 'b' }, 2, { atMs: 5 })];
    store.appendBatch({ source: 's', atMs: 10, samples });
    expect(samplesOf(store, 'a')).toEqual([[10, 1]]);
    expect(samplesOf(store, 'b')).toEqual([[5, 2]]);
  });

  it('moves a series that leaves the rhythm of its source to a column of its own, samples and all', () => {
    const store = new SeriesStore();
    store.appendBatch({
      source: 's',
      atMs: 10,
      samples: [sample({ __name__: 'a' }, 1), sample({ __name__: 'b' }, 1)],
    });
    store.appendBatch({ source: 's', atMs: 20, samples: [sample({ __name__: 'a' }, 0, { stale: true })] });
    store.appendBatch({ source: 's', atMs: 30, samples: [sample({ __name__: 'b' }, 1)] });
    store.appendBatch({ source: 's', atMs: 25, samples: [sample({ __name__: 'a' }, 4)] });
    store.appendBatch({ source: 'other', atMs: 40, samples: [sample({ __name__: 'b' }, 2)] });
    expect(samplesOf(store, 'a')).toEqual([
      [10, 1],
      [20, 'stale'],
      [25, 4],
    ]);
    expect(samplesOf(store, 'b')).toEqual([
      [10, 1],
      [30, 1],
      [40, 2],
    ]);
  });

  it('ignores a repeated sample, and drops and counts older and differing ones', () => {
    const store = new SeriesStore();
    const append = (atMs: number, value: number) =>
      store.appendBatch({ source: 's', atMs, samples: [sample({ __name__: 'a' }, value)] });
    append(10, 1);
    append(10, 1);
    expect(store.droppedCount).toBe(0);
    append(10, 2);
    append(5, 1);
    expect(store.droppedCount).toBe(2);
    expect(samplesOf(store, 'a')).toEqual([[10, 1]]);
  });

  it('tells 0 from -0 and takes NaN as equal to itself', () => {
    const store = new SeriesStore();
    const append = (value: number) =>
      store.appendBatch({ source: 's', atMs: 1, samples: [sample({ __name__: 'a' }, value)] });
    append(0);
    append(-0);
    expect(store.droppedCount).toBe(1);
    const other = new SeriesStore();
    for (let i = 0; i < 2; i++)
      other.appendBatch({ source: 's', atMs: 1, samples: [sample({ __name__: 'a' }, Number.NaN)] });
    expect(other.droppedCount).toBe(0);
  });

  it('keeps stale markers apart from NaN', () => {
    const store = new SeriesStore();
    store.appendBatch({ source: 's', atMs: 1, samples: [sample({ __name__: 'a' }, Number.NaN)] });
    store.appendBatch({ source: 's', atMs: 2, samples: [sample({ __name__: 'a' }, 7, { stale: true })] });
    expect(samplesOf(store, 'a')).toEqual([
      [1, Number.NaN],
      [2, 'stale'],
    ]);
    expect(store.select(named('a'), 0, 9)[0]!.states[1]).toBe(stale);
  });

  it('refuses a batch over a limit as a whole, with FD708', () => {
    const store = new SeriesStore({ series: 2, samples: 3 });
    store.appendBatch({ source: 's', atMs: 1, samples: [sample({ __name__: 'a' }, 1)] });
    const code = (samples: BatchSample[]) => {
      try {
        store.appendBatch({ source: 's', atMs: 2, samples });
      } catch (error) {
        return error instanceof UserError ? error.diagnostics[0]!.code : error;
      }
      return 'appended';
    };
    expect(code([sample({ __name__: 'b' }, 1), sample({ __name__: 'c' }, 1)])).toBe('FD708');
    expect(store.seriesCount).toBe(1);
    expect(code(['a', 'a', 'a'].map((name) => sample({ __name__: name }, 1)))).toBe('FD708');
    expect(code([sample({ __name__: 'b' }, 1)])).toBe('appended');
  });

  it('calls subscribers after the append, until they leave', () => {
    const store = new SeriesStore();
    const seen: number[] = [];
    const leave = store.subscribe(() => seen.push(store.sampleCount));
    store.appendBatch({ source: 's', atMs: 1, samples: [sample({ __name__: 'a' }, 1)] });
    leave();
    store.appendBatch({ source: 's', atMs: 2, samples: [sample({ __name__: 'a' }, 1)] });
    expect(seen).toEqual([1]);
  });
});

describe('selecting', () => {
  const store = new SeriesStore();
  const sets: LabelRecord[] = [
    { __name__: 'up', job: 'app', instance: '1' },
    { __name__: 'up', job: 'app', instance: '2' },
    { __name__: 'up', job: 'db', instance: '1' },
    { __name__: 'down', instance: '1' },
  ];
  sets.forEach((labels, i) => {
    store.appendBatch({ source: `s${i}`, atMs: 100 * i, samples: [sample(labels, i)] });
  });
  const found = (...matchers: [string, MatchOperator, string][]) =>
    store
      .select(
        matchers.map(([name, operator, value]) => createMatcher(name, operator, value)),
        0,
        1e6,
      )
      .map((view) => view.values[view.first - view.offset])
      .sort();

  it('obeys all matchers, and takes a missing label as empty', () => {
    expect(found(['__name__', '=', 'up'], ['job', '=', 'app'])).toEqual([0, 1]);
    expect(found(['__name__', '=~', 'u.*'], ['instance', '!=', '2'])).toEqual([0, 2]);
    expect(found(['job', '=', ''])).toEqual([3]);
    expect(found(['job', '!~', 'a.*|'])).toEqual([2]);
    expect(found(['job', '=~', 'app|db'], ['instance', '!~', '2'])).toEqual([0, 2]);
    expect(found(['__name__', '=', 'up'], ['job', '=', 'nobody'])).toEqual([]);
    expect(found()).toEqual([0, 1, 2, 3]);
  });

  it('is inclusive at both ends of the time range', () => {
    const at = (minMs: number, maxMs: number) => store.select([], minMs, maxMs).length;
    expect([at(100, 200), at(101, 199), at(300, 1000), at(301, 1000)]).toEqual([2, 0, 1, 0]);
  });

  it('lists names and values in order', () => {
    expect(store.labelNames()).toEqual(['__name__', 'instance', 'job']);
    expect(store.labelValues('job')).toEqual(['app', 'db']);
    expect(store.labelValues('nothing')).toEqual([]);
  });
});

describe('against a slow store that is obviously right', () => {
  const operation = fc.record({
    source: fc.constantFrom('a', 'b'),
    atMs: fc.integer({ min: 0, max: 30 }),
    samples: fc.array(
      fc.record({
        name: fc.constantFrom('x', 'y', 'z'),
        value: fc.constantFrom(0, -0, 1, Number.NaN),
        stale: fc.boolean(),
        atMs: fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined }),
      }),
      { maxLength: 4 },
    ),
  });

  it('keeps exactly the samples that are later than their series', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
        const store = new SeriesStore();
        const expected: Record<string, [number, number | 'stale'][]> = { x: [], y: [], z: [] };
        for (const { source, atMs, samples } of operations) {
          const batch = samples.map((s) =>
            sample({ __name__: s.name }, s.value, {
              ...(s.stale ? { stale: true } : {}),
              ...(s.atMs === undefined ? {} : { atMs: s.atMs }),
            }),
          );
          store.appendBatch({ source, atMs, samples: batch });
          for (const s of samples) {
            const at = s.atMs ?? atMs;
            const list = expected[s.name]!;
            if (list.length === 0 || at > list.at(-1)![0]) list.push([at, s.stale ? 'stale' : s.value]);
          }
        }
        for (const name of ['x', 'y', 'z']) expect(samplesOf(store, name)).toEqual(expected[name]);
      }),
      { numRuns: 500 },
    );
  });
});
