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
import { absent } from '../../src/telemetry/metrics/series.ts';
import { type SampleBatch, SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { readRecording } from '../../src/telemetry/recording/reader.ts';
import { RecordingWriter } from '../../src/telemetry/recording/writer.ts';
import { type Condition, describeWith } from '../support/requires.ts';
import { valuesOf } from './samples.ts';
import { until } from './servers.ts';

const folder = mkdtempSync(join(tmpdir(), 'firedrill-recording-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let folders = 0;
const freshFolder = () => join(folder, String(++folders));

/** Everything that a store holds, values as bits, and which series share a column. */
function contentOf(store: SeriesStore) {
  const columns: unknown[] = [];
  return store
    .select([], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
    .map(({ labels, column, offset, values, states, first, last }) => {
      if (!columns.includes(column)) columns.push(column);
      const bits = new BigUint64Array(values.buffer, values.byteOffset, values.length);
      const samples: string[] = [];
      for (let i = first; i < last; i++)
        if (states[i - offset] !== absent)
          samples.push(`${column.times[i]} ${states[i - offset]} ${bits[i - offset]!.toString(16)}`);
      return { labels: labels.toString(), column: columns.indexOf(column), samples };
    })
    .sort((a, b) => (a.labels < b.labels ? -1 : 1));
}

async function record(batches: readonly SampleBatch[], options: { segmentBytesMax?: number } = {}) {
  const store = new SeriesStore();
  const target = freshFolder();
  const fail = (error: UserError) => {
    throw error;
  };
  const writer = await RecordingWriter.open({
    folder: target,
    store,
    clock: systemClock,
    onError: fail,
    ...options,
  });
  for (const batch of batches) store.appendBatch(batch);
  await writer.close();
  return { store, folder: target };
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
      })
      .map(({ name, job, value, stale, atMs }) => ({
        labels: Labels.from({ __name__: name, job }),
        value,
        ...(stale ? { stale } : {}),
        ...(atMs === null ? {} : { atMs }),
      })),
    { maxLength: 6 },
  ),
});

describe('a recording', () => {
  it('is read back with every bit, stale markers and shared columns', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyBatch, { maxLength: 20 }),
        fc.constantFrom(undefined, 1, 300),
        async (batches, segmentBytesMax) => {
          const recorded = await record(batches, segmentBytesMax ? { segmentBytesMax } : {});
          const { store, warnings } = await readRecording(recorded.folder);
          expect(warnings).toEqual([]);
          expect(contentOf(store)).toEqual(contentOf(recorded.store));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('that is cut at any byte gives the batches before the cut, with a warning', async () => {
    const batches = fc.sample(anyBatch, { numRuns: 8, seed: 7 });
    const recorded = await record(batches);
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
      const held = valuesOf((await readRecording(target)).store, 'a');
      expect(held).toEqual(held.map((_, value) => value));
      expect(held.length).toBeGreaterThanOrEqual(old);
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
