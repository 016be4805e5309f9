import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { UserError } from '../../src/base/diagnostics.ts';
import { Labels } from '../../src/base/labels.ts';
import { createMatcher } from '../../src/base/matcher.ts';
import { type RangeResult, rangeQuery } from '../../src/promql/engine.ts';
import { parseExpr } from '../../src/promql/parser.ts';
import { ExemplarStore } from '../../src/telemetry/metrics/exemplars.ts';
import { type MetricFamily, metricTypes } from '../../src/telemetry/metrics/exposition/exposition.ts';
import { MetadataStore } from '../../src/telemetry/metrics/metadata.ts';
import type { NativeHistogram } from '../../src/telemetry/metrics/native-histogram.ts';
import { absent } from '../../src/telemetry/metrics/series.ts';
import { type SampleBatch, SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { frame, segmentMark } from '../../src/telemetry/recording/frame.ts';
import { type RecordedStores, readRecording } from '../../src/telemetry/recording/reader.ts';
import { RecordingWriter } from '../../src/telemetry/recording/writer.ts';
import { type Condition, describeWith } from '../support/requires.ts';
import { anyHistogram } from './histograms.ts';
import { samplesOf, valuesOf } from './samples.ts';
import { until } from './servers.ts';

const folder = mkdtempSync(join(tmpdir(), 'firedrill-recording-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let folders = 0;
const freshFolder = () => join(folder, String(++folders));

/** Everything that a store holds, values as bits, and which series share a column. A histogram's hint is the store's. */
function contentOf(store: SeriesStore) {
  const columns: unknown[] = [];
  return store
    .select([], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
    .map(({ labels, column, offset, values, states, histograms, starts, first, last }) => {
      if (!columns.includes(column)) columns.push(column);
      const bits = new BigUint64Array(values.buffer, values.byteOffset, values.length);
      const samples: string[] = [];
      for (let i = first; i < last; i++)
        if (states[i - offset] !== absent)
          samples.push(
            `${column.times[i]} ${states[i - offset]} ${bits[i - offset]!.toString(16)} ${starts?.[i - offset] || 0} ${histogramText(histograms?.[i - offset])}`,
          );
      return { labels: labels.toString(), column: columns.indexOf(column), samples };
    })
    .sort((a, b) => (a.labels < b.labels ? -1 : 1));
}

function histogramText(histogram: NativeHistogram | undefined): string {
  if (!histogram) return '';
  const text = (value: unknown): unknown => {
    if (typeof value === 'number') return bitsOf(value);
    if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array, bitsOf);
    return typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, text(inner)]))
      : value;
  };
  return JSON.stringify(text(histogram));
}

function bitsOf(value: number): string {
  return new BigUint64Array(new Float64Array([value]).buffer)[0]!.toString(16);
}

interface Recorded {
  readonly batch: SampleBatch;
  readonly exemplars?: readonly Parameters<ExemplarStore['add']>[];
  readonly metadata?: readonly { replaces: boolean; source: string; families: readonly MetricFamily[] }[];
}

function take({ batch, exemplars = [], metadata = [] }: Recorded, stores: RecordedStores): void {
  stores.store.appendBatch(batch);
  for (const exemplar of exemplars) stores.exemplars.add(...exemplar);
  for (const { replaces, source, families } of metadata)
    if (replaces) stores.metadata.replace(source, families);
    else stores.metadata.add(source, families);
}

function newStores(): RecordedStores {
  return { store: new SeriesStore(), exemplars: new ExemplarStore(), metadata: new MetadataStore() };
}

/** Exemplars by series, and what is known of each metric. */
function besidesOf({ exemplars, metadata }: RecordedStores) {
  const found = exemplars.select([[]], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  return {
    exemplars: found.map((list) =>
      list.map(({ series, atMs, exemplar: { labels, value, atMs: ownMs } }) => [
        ...[series.toString(), atMs, ownMs, bitsOf(value)],
        ...labels.map((pair) => pair.join('=')),
      ]),
    ),
    metadata: ['app', 'remote'].map((source) => [...metadata.ofSource(source)].sort()),
  };
}

async function record(batches: readonly SampleBatch[], options: { segmentBytesMax?: number } = {}) {
  return recordAll(
    batches.map((batch) => ({ batch })),
    options,
  );
}

async function recordAll(items: readonly Recorded[], options: { segmentBytesMax?: number } = {}) {
  const stores = newStores();
  const target = freshFolder();
  const fail = (error: UserError) => {
    throw error;
  };
  const writer = await RecordingWriter.open({
    folder: target,
    ...stores,
    clock: systemClock,
    onError: fail,
    ...options,
  });
  for (const item of items) take(item, stores);
  await writer.close();
  return { ...stores, folder: target };
}

/** Any 64 bits as a double: payloads of NaN, -0, infinities and subnormal numbers among them. */
const anyBits = fc
  .oneof(
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.constantFrom(0x7ff8000000000001n, 0x7ff8000000000002n, 0xfff8dead0000beefn, 1n << 63n, 0x7ffn << 52n),
  )
  .map((bits) => new Float64Array(new BigUint64Array([bits]).buffer)[0]!);

const anyBatch: fc.Arbitrary<SampleBatch> = fc.record({
  source: fc.constantFrom('app/127.0.0.1:80', 'rules', 'remote'),
  atMs: fc.integer({ min: 0, max: 50 }).map((i) => 1_795_140_000_000 + i * 250),
  samples: fc.array(
    fc
      .record({
        name: fc.constantFrom('up', 'a_total', 'é"\\\n', 'x'),
        job: fc.string({ maxLength: 3 }),
        value: anyBits,
        stale: fc.boolean(),
        atMs: fc.option(fc.integer({ min: 0, max: 100 })),
        startMs: fc.option(fc.integer({ min: 1, max: 100 })),
        histogram: fc.option(anyHistogram),
      })
      .map(({ name, job, value, stale, atMs, startMs, histogram }) => ({
        labels: Labels.from({ __name__: name, job }),
        value,
        ...(stale ? { stale } : {}),
        ...(atMs === null ? {} : { atMs }),
        ...(startMs === null ? {} : { startMs }),
        ...(histogram === null || stale ? {} : { histogram }),
      })),
    { maxLength: 6 },
  ),
});

const anyExemplar = fc
  .record({
    name: fc.constantFrom('up', 'a_total'),
    labels: fc.dictionary(fc.constantFrom('trace_id', 'span_id', 'é'), fc.string({ maxLength: 4 })),
    value: anyBits,
    atMs: fc.integer({ min: 0, max: 100 }),
    isOwnTime: fc.boolean(),
  })
  .map(
    ({ name, labels, value, atMs, isOwnTime }): Parameters<ExemplarStore['add']> => [
      Labels.from({ __name__: name }),
      { labels: Object.entries(labels), value, atMs: isOwnTime ? atMs : undefined },
      atMs,
    ],
  );

const anyMetadata = fc.record({
  replaces: fc.boolean(),
  source: fc.constantFrom('app', 'remote'),
  families: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('up', 'a', 'my.metric'),
      type: fc.constantFrom(...metricTypes),
      help: fc.constantFrom('', 'what it is', 'é\n'),
      unit: fc.constantFrom('', 'seconds'),
    }),
    { selector: ({ name }) => name, maxLength: 3 },
  ),
});

const anyRecorded: fc.Arbitrary<Recorded> = fc.record({
  batch: anyBatch,
  exemplars: fc.array(anyExemplar, { maxLength: 3 }),
  metadata: fc.array(anyMetadata, { maxLength: 2 }),
});

/** What a scrape of two targets brings: counters, gauges and histograms of one layout a series, with gaps. */
const anyRow: fc.Arbitrary<SampleBatch['samples']> = fc.array(
  fc
    .record({
      name: fc.constantFrom('a', 'b'),
      job: fc.constantFrom('x', 'y'),
      value: fc.oneof(fc.integer({ min: 0, max: 50 }), anyBits),
      stale: fc.integer({ min: 0, max: 9 }),
      histogram: anyHistogram,
      startMs: fc.option(fc.integer({ min: 1, max: 100_000 })),
    })
    .map(({ name, job, value, stale, histogram, startMs }) => ({
      labels: Labels.from({ __name__: name, job }),
      value,
      ...(stale === 0 ? { stale: true } : name === 'a' && { histogram }),
      ...(startMs !== null && { startMs }),
    })),
  { maxLength: 4 },
);

function parsed(text: string) {
  const result = parseExpr(text);
  if (!result.ok) throw new Error(result.error.message);
  return result.expr;
}

function answerOf(source: SeriesStore, expression: ReturnType<typeof parsed>, endMs: number): unknown {
  let result: RangeResult;
  try {
    result = rangeQuery(source, expression, 0, endMs, 7000);
  } catch (error) {
    return (error as Error).message;
  }
  const { series, warnings, infos } = result;
  return JSON.parse(
    JSON.stringify({ series, warnings, infos }, (_, value) => {
      if (typeof value === 'number') return bitsOf(value);
      if (value instanceof Labels) return value.toString();
      return ArrayBuffer.isView(value) ? Array.from(value as Float64Array, bitsOf) : value;
    }),
  );
}

describe('a recording', () => {
  it('is read back with every bit of samples, histograms, starts, exemplars and metadata', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyRecorded, { maxLength: 20 }),
        fc.constantFrom(undefined, 1, 300),
        async (items, segmentBytesMax) => {
          const recorded = await recordAll(items, segmentBytesMax ? { segmentBytesMax } : {});
          const read = await readRecording(recorded.folder);
          expect(read.warnings).toEqual([]);
          expect(contentOf(read.store)).toEqual(contentOf(recorded.store));
          expect(besidesOf(read)).toEqual(besidesOf(recorded));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('answers queries to the bit as the store that was recorded', async () => {
    const expressions = [
      'rate(a[1m])',
      'histogram_quantile(0.9, sum by (job) (rate(a[45s])))',
      'histogram_avg(a) or a',
      'increase({__name__=~"a|b"}[30s] offset 10s)',
      'count_over_time(b[1m]) + on (job) group_right () b',
      'histogram_fraction(0, 2, sum_over_time(a[30s]))',
    ].map(parsed);
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow, { minLength: 5, maxLength: 25 }), async (rows) => {
        const recorded = await record(rows.map((samples, i) => ({ source: 's', atMs: i * 5000, samples })));
        const { store } = await readRecording(recorded.folder);
        for (const expression of expressions) {
          const answer = (source: SeriesStore) => answerOf(source, expression, rows.length * 5000);
          expect(answer(store)).toEqual(answer(recorded.store));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('of the first version, which knew numbers alone, is still read', async () => {
    const double = (value: number) => {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(value);
      return bytes;
    };
    const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
    const payload = Buffer.concat([
      // Kind 1; three strings; one series of one pair; source; time; two samples, the second stale at its own time.
      Buffer.from([1, 3]),
      ...['s', '__name__', 'a'].map(text),
      Buffer.from([1, 1, 1, 2, 0]),
      double(1000),
      Buffer.from([2, 2 * 4]),
      double(1.5),
      Buffer.from([0 * 4 + 3]),
      double(2000),
    ]);
    const old = freshFolder();
    mkdirSync(old);
    writeFileSync(join(old, '000001.segment'), Buffer.concat([segmentMark, frame(payload)]));
    const { store, warnings } = await readRecording(old);
    expect(warnings).toEqual([]);
    expect(samplesOf(store, 'a')).toEqual([
      [1000, 1.5],
      [2000, 'stale'],
    ]);
  });

  it('with a record that makes no sense loses only what follows in that segment', async () => {
    const recorded = await record([
      { source: 's', atMs: 1, samples: [{ labels: Labels.from({ __name__: 'a' }), value: 1 }] },
    ]);
    const path = join(recorded.folder, readdirSync(recorded.folder)[0]!);
    const whole = readFileSync(path);
    const senseless = [
      [],
      [2],
      [2, 200],
      [2, 0, 0, 9],
      [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f, 0],
      [3, 0, 0, 1, 7],
      [4, 0, 0, 0, 0, 1, 0, 99],
    ];
    for (const bytes of senseless) {
      writeFileSync(path, Buffer.concat([whole, frame(Buffer.from(bytes))]));
      const { store, warnings } = await readRecording(recorded.folder);
      expect(warnings).toEqual([expect.stringContaining(`is damaged at byte ${whole.length}: its last`)]);
      expect(valuesOf(store, 'a')).toEqual([1]);
    }
  });

  it('with a record of a kind that is not known is read but for that, with a warning', async () => {
    const recorded = await record([
      { source: 's', atMs: 1, samples: [{ labels: Labels.from({ __name__: 'a' }), value: 1 }] },
    ]);
    const path = join(recorded.folder, readdirSync(recorded.folder)[0]!);
    writeFileSync(path, Buffer.concat([readFileSync(path), frame(Buffer.from([200, 1, 2, 3]))]));
    const { store, warnings } = await readRecording(recorded.folder);
    expect(warnings).toEqual([expect.stringContaining('has 1 records of a later version')]);
    expect(valuesOf(store, 'a')).toEqual([1]);
  });

  it('that is cut at any byte gives the batches before the cut, with a warning', async () => {
    const items = fc.sample(anyRecorded, { numRuns: 8, seed: 7 });
    const batches = items.map(({ batch }) => batch);
    const recorded = await recordAll(items);
    const [name] = readdirSync(recorded.folder);
    const whole = readFileSync(join(recorded.folder, name!));
    const prefixes = batches.map((_, count) => {
      const store = new SeriesStore();
      for (const batch of batches.slice(0, count + 1)) store.appendBatch(batch);
      return JSON.stringify(contentOf(store));
    });
    const possible = ['[]', ...prefixes];
    let furthest = 0;
    const cut = freshFolder();
    mkdirSync(cut);
    for (let bytes = 0; bytes <= whole.length; bytes++) {
      writeFileSync(join(cut, name!), whole.subarray(0, bytes));
      const { store, warnings } = await readRecording(cut);
      const found = possible.indexOf(JSON.stringify(contentOf(store)), furthest);
      expect(found, `cut at byte ${bytes}`).toBeGreaterThanOrEqual(furthest);
      furthest = found;
      for (const warning of warnings)
        expect(warning).toMatch(/ends inside a record: its last \d+ bytes were cut/);
    }
    expect(possible[furthest]).toBe(prefixes.at(-1));
  });

  it('with a damaged byte loses only what follows in that segment', async () => {
    const batch = (atMs: number): SampleBatch => ({
      source: 's',
      atMs,
      samples: [{ labels: Labels.from({ __name__: 'a' }), value: atMs }],
    });
    const recorded = await record([1, 2, 3, 4, 5, 6].map(batch), { segmentBytesMax: 80 });
    const names = readdirSync(recorded.folder).sort();
    expect(names.length).toBeGreaterThanOrEqual(3);
    const first = join(recorded.folder, names[0]!);
    const bytes = readFileSync(first);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(first, bytes);
    const { store, warnings } = await readRecording(recorded.folder);
    expect(warnings).toEqual([expect.stringMatching(/^.*000001\.segment is damaged at byte \d+: /)]);
    expect(valuesOf(store, 'a')).toEqual([1, 3, 4, 5, 6]);
  });

  it('holds what was appended a second ago, without being closed', async () => {
    const store = new SeriesStore();
    const target = freshFolder();
    const onError = () => {};
    const writer = await RecordingWriter.open({ folder: target, store, clock: systemClock, onError });
    store.appendBatch({
      source: 's',
      atMs: 5,
      samples: [{ labels: Labels.from({ __name__: 'a' }), value: 1 }],
    });
    await sleep(1000);
    expect(valuesOf((await readRecording(target)).store, 'a')).toEqual([1]);
    await writer.close();
  });

  it('holds all but the last second when its writer is killed at any time', async () => {
    const script = fileURLToPath(new URL('fixtures/record-forever.ts', import.meta.url));
    const lives = [300, 800, 1300].map(async (lifeMs) => {
      const target = freshFolder();
      const child = spawn(process.execPath, ['--import', 'tsx', script, target]);
      let log = '';
      child.stdout.on('data', (chunk) => {
        log += chunk;
      });
      try {
        await until('the first value', () => log !== '');
        await sleep(lifeMs);
      } finally {
        child.kill('SIGKILL');
      }
      const killedMs = Date.now();
      await once(child, 'exit');
      const old = log.split('\n').filter((line) => Number(line.split(' ')[1]) < killedMs - 1000).length;
      const read = await readRecording(target);
      const held = valuesOf(read.store, 'a');
      const expected = Array.from(held, (_, value) => value);
      expect(held).toEqual(expected);
      expect(held.length).toBeGreaterThanOrEqual(old);
      const [histograms] = read.store.select(
        [createMatcher('__name__', '=', 'h')],
        0,
        Number.POSITIVE_INFINITY,
      );
      expect(histograms!.histograms!.slice(0, held.length).map((each) => each!.count)).toEqual(
        expected.map((value) => value + 1),
      );
      expect(Array.from(histograms!.starts!.subarray(0, held.length))).toEqual(expected.map(() => 5));
      const [exemplars = []] = read.exemplars.select([[]], 0, Number.POSITIVE_INFINITY);
      expect(exemplars.map(({ exemplar }) => exemplar.value)).toEqual(exemplars.map((_, value) => value));
      expect(exemplars.length).toBeGreaterThanOrEqual(old);
      expect(read.metadata.all().get('a')).toEqual([{ type: 'counter', help: 'what is counted', unit: '' }]);
      return old;
    });
    expect(Math.max(...(await Promise.all(lives)))).toBeGreaterThan(0);
  });

  it('is continued in a new segment by a second writer', async () => {
    const target = freshFolder();
    for (const value of [1, 2]) {
      const store = new SeriesStore();
      const writer = await RecordingWriter.open({
        folder: target,
        store,
        clock: systemClock,
        onError: () => {},
      });
      store.appendBatch({
        source: 's',
        atMs: value,
        samples: [{ labels: Labels.from({ __name__: 'a' }), value }],
      });
      await writer.close();
    }
    expect(valuesOf((await readRecording(target)).store, 'a')).toEqual([1, 2]);
  });

  it('that is none is refused with FD710', async () => {
    const empty = freshFolder();
    mkdirSync(empty);
    for (const target of [empty, freshFolder()]) {
      const refusal = await readRecording(target).catch((error: UserError) => error.diagnostics[0]!.code);
      expect(refusal).toBe('FD710');
    }
  });

  it('that cannot be begun is refused with FD709', async () => {
    const blocked = freshFolder();
    writeFileSync(blocked, 'a file');
    const options = { folder: blocked, store: new SeriesStore(), clock: systemClock, onError: () => {} };
    const refusal = await RecordingWriter.open(options).catch(
      (error: UserError) => error.diagnostics[0]!.code,
    );
    expect(refusal).toBe('FD709');
  });
});

/** A file system of 64 KiB. */
const smallDisk = join(folder, 'disk');
const canMount: Condition = {
  name: 'the right to mount',
  met: () => {
    mkdirSync(smallDisk, { recursive: true });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', smallDisk], { stdio: 'ignore' });
      execFileSync('umount', [smallDisk]);
      return true;
    } catch {
      return false;
    }
  },
};

describeWith([canMount], 'a full disk', () => {
  it('is told once, never to who appends, and what was written before can be read', async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', smallDisk]);
    try {
      const store = new SeriesStore();
      const errors: string[] = [];
      const writer = await RecordingWriter.open({
        folder: smallDisk,
        store,
        clock: systemClock,
        onError: (error) => errors.push(error.message),
        segmentBytesMax: 20_000,
      });
      const labels = Array.from({ length: 100 }, (_, i) => Labels.from({ __name__: 'a', i: String(i) }));
      for (let atMs = 0; atMs < 200; atMs++) {
        store.appendBatch({
          source: 's',
          atMs,
          samples: labels.map((l, i) => ({ labels: l, value: i / 3 })),
        });
        if (atMs % 10 === 0) await writer.flush();
      }
      await until('the error', () => errors.length > 0);
      await writer.close();
      expect(errors).toEqual([`the recording ${smallDisk} cannot be written: no space left on the device`]);
      expect(store.sampleCount).toBe(20_000);
      const { store: read, warnings } = await readRecording(smallDisk);
      expect(read.sampleCount).toBeGreaterThan(4000);
      expect(read.sampleCount % 100).toBe(0);
      expect(warnings).toEqual([expect.stringContaining('ends inside a record')]);
    } finally {
      execFileSync('umount', [smallDisk]);
    }
  });
});
