import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Labels } from '../../src/base/labels.ts';
import { ByteReader, ByteWriter } from '../../src/telemetry/metrics/chunks/byte-stream.ts';
import { decodeNumbers, encodeNumbers, wordsOf } from '../../src/telemetry/metrics/chunks/number-codec.ts';
import { decodeStates, encodeStates } from '../../src/telemetry/metrics/chunks/state-codec.ts';
import { type NativeHistogram, noBuckets } from '../../src/telemetry/metrics/native-histogram.ts';
import { absent, present } from '../../src/telemetry/metrics/series.ts';
import { type BatchSample, type SampleBatch, SeriesStore } from '../../src/telemetry/metrics/store.ts';

/** Any bits at all: NaN payloads, subnormal numbers and -0 are among them. */
const anyBits = fc.tuple(fc.integer(), fc.integer()).map(([low, high]) => {
  const number = new Float64Array(1);
  wordsOf(number).set([low, high]);
  return number;
});
const number = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    5e-324,
    2 ** 53,
    -(2 ** 49),
  ),
  fc.integer({ min: -1000, max: 1000 }),
  fc.maxSafeInteger(),
  fc.integer({ min: -100_000, max: 100_000 }).map((integer) => integer / 1000),
  fc.double(),
);
/** Columns of one kind, because one odd number makes a codec fall back for all. */
const column = fc.oneof(
  fc.array(number).map((numbers) => Float64Array.from(numbers)),
  fc.array(fc.integer({ min: -2, max: 2 })).map((numbers) => Float64Array.from(numbers)),
  fc
    .array(fc.integer({ min: -90_000, max: 90_000 }))
    .map((numbers) => Float64Array.from(numbers, (n) => n / 1000)),
  fc.array(fc.double()).map((numbers) => Float64Array.from(numbers)),
  fc.array(anyBits).map((cells) => {
    const numbers = new Float64Array(cells.length);
    for (const [i, cell] of cells.entries()) wordsOf(numbers).set(wordsOf(cell), 2 * i);
    return numbers;
  }),
);

describe('codecs', () => {
  it('give back every bit of any numbers, and leave off where they ended', () => {
    fc.assert(
      fc.property(column, fc.constantFrom(1 as const, 2 as const), (numbers, order) => {
        const writer = new ByteWriter();
        writer.byte(7);
        encodeNumbers(writer, numbers, order);
        writer.byte(42);
        const reader = new ByteReader(writer.take(), 1);
        const decoded = new Float64Array(numbers.length);
        decodeNumbers(reader, decoded, order);
        expect([...wordsOf(decoded)]).toEqual([...wordsOf(numbers)]);
        expect(reader.byte()).toBe(42);
      }),
      { numRuns: 1500 },
    );
  });

  it('give back states', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 })), (states) => {
        const writer = new ByteWriter();
        encodeStates(writer, Uint8Array.from(states));
        const decoded = new Uint8Array(states.length);
        decodeStates(new ByteReader(writer.take(), 0), decoded);
        expect([...decoded]).toEqual(states);
      }),
    );
  });

  it('need no byte a sample for times in rhythm and for numbers that do not change', () => {
    const bytesOf = (numbers: number[], order: 1 | 2) => {
      const writer = new ByteWriter();
      encodeNumbers(writer, Float64Array.from(numbers), order);
      return writer.length;
    };
    const times = Array.from({ length: 240 }, (_, i) => 1_700_000_000_123 + 15_000 * i);
    expect(bytesOf(times, 2)).toBeLessThan(24);
    expect(bytesOf(new Array<number>(240).fill(0.25), 1)).toBeLessThan(10);
    expect(bytesOf(new Array<number>(240).fill(Math.PI), 1)).toBeLessThan(48);
  });
});

const histogram = (count: number): NativeHistogram => ({
  ...{ schema: 0, count, sum: count, zeroThreshold: 0, zeroCount: count },
  ...{ positive: noBuckets, negative: noBuckets, customBounds: undefined, resetHint: 'unknown' },
});

const written = fc.record({
  name: fc.constantFrom('v', 'w', 'x', 'y', 'z'),
  value: fc.oneof(number, fc.integer({ min: 0, max: 3 })),
  kind: fc.constantFrom('value', 'value', 'value', 'stale', 'histogram', 'start'),
  ownDelayMs: fc.option(fc.integer({ min: -30, max: 5 }), { freq: 8, nil: undefined }),
});

function sampleOf(
  { name, value, kind, ownDelayMs }: typeof written extends fc.Arbitrary<infer T> ? T : never,
  atMs: number,
): BatchSample {
  const labels = Labels.from({ __name__: name });
  return {
    ...{ labels, value },
    ...(ownDelayMs !== undefined && { atMs: atMs + ownDelayMs }),
    ...(kind === 'stale' && { stale: true }),
    ...(kind === 'histogram' && { histogram: histogram(Math.abs(Math.round(value || 0)) % 100) }),
    ...(kind === 'start' && { startMs: atMs - 7 }),
  };
}

/** Batches of two sources whose time mostly moves on, some of it late. */
function batches(kinds: readonly string[]) {
  const operation = fc.record({
    source: fc.constantFrom('a', 'a', 'a', 'b'),
    stepMs: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 0, max: 4 }) },
      fc.integer({ min: -20, max: 60 }),
    ),
    samples: fc.array(
      written.filter(({ kind }) => kinds.includes(kind)),
      { maxLength: 6 },
    ),
  });
  return fc.array(operation, { minLength: 20, maxLength: 120 }).map((operations) => {
    let atMs = 1000;
    return operations.map(({ source, stepMs, samples }): SampleBatch => {
      atMs += stepMs;
      return { source, atMs, samples: samples.map((sample) => sampleOf(sample, atMs)) };
    });
  });
}

const sealing = fc.record({
  rawMs: fc.constantFrom(0, 5, 40),
  cacheBytesMax: fc.constantFrom(0, 2000, 1_000_000),
  rowsPerBlock: fc.constantFrom(1, 3, 8),
});

/** Every sample of every series that a selection finds, its value in bits. */
function contents(store: SeriesStore, minMs: number, maxMs: number): Record<string, unknown[]> {
  const found: Record<string, unknown[]> = {};
  for (const view of store.select([], minMs, maxMs)) {
    const { column, values, states, histograms, starts, offset } = view;
    const samples: unknown[] = [];
    for (let i = view.first; i < view.last; i++) {
      const state = states[i - offset]!;
      if (state === absent) continue;
      const bits = state === present ? wordsOf(values.subarray(i - offset, i - offset + 1)).join() : '';
      samples.push([column.times[i], state, bits, histograms?.[i - offset], starts?.[i - offset] || 0]);
    }
    if (samples.length > 0) found[view.labels.name] = samples;
  }
  return found;
}

describe('a store that seals', () => {
  it('answers bit by bit as one that does not', () => {
    const all = ['value', 'stale', 'histogram', 'start'];
    fc.assert(
      fc.property(
        batches(all),
        sealing,
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 0, max: 300 }),
        (list, options, a, b) => {
          const plain = new SeriesStore();
          const sealed = new SeriesStore(undefined, options);
          for (const [i, batch] of list.entries()) {
            plain.appendBatch(batch);
            sealed.appendBatch(batch);
            if (i % 16 !== 0) continue;
            sealed.retain({});
            const [minMs, maxMs] = [1000 + Math.min(a, b), 1000 + Math.max(a, b)];
            expect(contents(sealed, minMs, maxMs)).toEqual(contents(plain, minMs, maxMs));
          }
          for (const [minMs, maxMs] of [
            [0, 1e9],
            [1000 + a, 1e9],
            [0, 1000 + b],
          ] as const)
            for (let again = 0; again < 2; again++)
              expect(contents(sealed, minMs, maxMs)).toEqual(contents(plain, minMs, maxMs));
          expect([sealed.sampleCount, sealed.droppedCount]).toEqual([plain.sampleCount, plain.droppedCount]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('keeps exactly what retention keeps', () => {
    const retained = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        batches(['value', 'stale', 'start']),
        fc.option(sealing, { nil: undefined }),
        retained,
        (list, options, floors) => {
          const plain = new SeriesStore();
          const store = new SeriesStore(undefined, options);
          let floorMs = 0;
          const share = Math.ceil(list.length / floors.length);
          for (const [i, batch] of list.entries()) {
            plain.appendBatch(batch);
            store.appendBatch(batch);
            if (i % share !== share - 1) continue;
            floorMs = Math.max(floorMs, 1000 + floors[(i + 1) / share - 1]!);
            store.retain({ keepFromMs: floorMs });
            expect(contents(store, 0, 1e9)).toEqual(contents(plain, floorMs, 1e9));
          }
          expect(contents(store, 0, 1e9)).toEqual(contents(plain, floorMs, 1e9));
          store.retain({ keepFromMs: 1e6 });
          expect([store.seriesCount, store.sampleCount, store.labelNames()]).toEqual([0, 0, []]);
          const { rawBytes, sealedBytes } = store.memory();
          expect([rawBytes, sealedBytes]).toEqual([0, 0]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('stays within a size, and keeps the newest', () => {
    const store = new SeriesStore(undefined, { rawMs: 100, cacheBytesMax: 0, rowsPerBlock: 20 });
    const bytesMax = 40_000;
    for (let i = 0; i < 2000; i++) {
      const samples = Array.from({ length: 20 }, (_, n) => ({
        labels: Labels.from({ __name__: `m${n}` }),
        value: Math.sin(i * n),
      }));
      store.appendBatch({ source: 's', atMs: i, samples });
      if (i % 50 !== 0) continue;
      store.retain({ bytesMax });
      const { rawBytes, sealedBytes } = store.memory();
      expect(rawBytes + sealedBytes).toBeLessThanOrEqual(bytesMax);
    }
    const kept = contents(store, 0, 1e9).m7!.map((sample) => (sample as number[])[0]);
    expect(kept.at(-1)).toBe(1999);
    expect(kept.length).toBeGreaterThan(100);
    expect(kept.length).toBeLessThan(1000);
    // Without gaps: what was dropped is what is oldest.
    expect(kept).toEqual(kept.map((_, i) => 2000 - kept.length + i));
  });
});
