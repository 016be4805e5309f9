// How fast samples come in, and what they cost in memory, on data of our own making; beside it the bytes per sample of
// the blocks that promtool (PROMTOOL_BIN, or the one in PATH) makes of the same data. A missed target is named, and
// makes the exit code 1; what is missed is measured again first. Needs node's --expose-gc.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { compress } from 'snappyjs';
import { Labels } from '../src/base/labels.ts';
import { ExemplarStore } from '../src/telemetry/metrics/exemplars.ts';
import { parseExposition } from '../src/telemetry/metrics/exposition/content-type.ts';
import { SeriesTable } from '../src/telemetry/metrics/exposition/exposition.ts';
import { MetadataStore } from '../src/telemetry/metrics/metadata.ts';
import { push } from '../src/telemetry/metrics/push.ts';
import { Version1Reader } from '../src/telemetry/metrics/remote-write/version1.ts';
import { absent } from '../src/telemetry/metrics/series.ts';
import { SeriesStore } from '../src/telemetry/metrics/store.ts';
import { exportOpenMetrics } from '../src/telemetry/recording/openmetrics-export.ts';
import { importOpenMetrics } from '../src/telemetry/recording/openmetrics-import.ts';
import { decodeSnappy } from '../src/telemetry/snappy.ts';
import { writeOpenMetrics } from './bench/data.ts';

const targets = 20;
const runs = 5;
/** Where the median of the first ones misses the aim. */
const runsMax = 20;
const textPerSecondMin = 1_000_000;
const compressedRatioMax = 1.2;
const bodyBytesMax = 64 * 1024 * 1024;
const allTimes = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;

interface Series {
  readonly labels: Labels;
  readonly values: Float64Array;
}

/** Series of one target, and when it was scraped. */
interface Target {
  readonly times: readonly number[];
  readonly series: readonly Series[];
}

function targetsOf(store: SeriesStore): Target[] {
  const byInstance = new Map<string, { times: number[]; series: Series[] }>();
  for (const { labels, column, offset, values, states, first, last } of store.select([], ...allTimes)) {
    if (states.subarray(first - offset, last - offset).includes(absent))
      throw new Error(`${labels} has gaps`);
    const instance = labels.get('instance');
    let target = byInstance.get(instance);
    if (!target) {
      target = { times: [...column.times.subarray(first, last)], series: [] };
      byInstance.set(instance, target);
    }
    target.series.push({ labels, values: values.slice(first - offset, last - offset) });
  }
  return [...byInstance.values()];
}

function sampleCount(data: readonly Target[]): number {
  return data.reduce((sum, { times, series }) => sum + times.length * series.length, 0);
}

/** Scrapes in the order of their time. */
function* scrapes(data: readonly Target[]): Generator<{ number: number; step: number; target: Target }> {
  for (let step = 0; step < data[0]!.times.length; step++)
    for (const [number, target] of data.entries()) yield { number, step, target };
}

function filledStore(data: readonly Target[], store: SeriesStore): SeriesStore {
  for (const { number, step, target } of scrapes(data)) {
    const samples = target.series.map(({ labels, values }) => ({ labels, value: values[step]! }));
    store.appendBatch({ source: `target-${number}`, atMs: target.times[step]!, samples });
  }
  return store;
}

interface Body {
  readonly number: number;
  readonly atMs: number;
  readonly bytes: Buffer;
}

function expositions(data: readonly Target[]): Body[] {
  return Array.from(scrapes(data), ({ number, step, target }) => {
    const lines = target.series.map(({ labels, values }) => `${compactText(labels)} ${values[step]}\n`);
    return { number, atMs: target.times[step]!, bytes: Buffer.from(lines.join('')) };
  });
}

/** As clients write it, without blanks between the labels. */
function compactText(labels: Labels): string {
  return labels.toString().replaceAll('", ', '",');
}

function appendExpositions(bodies: readonly Body[], store: SeriesStore): void {
  const tables = new Map<number, SeriesTable<Labels>>();
  for (const { number, atMs, bytes } of bodies) {
    let table = tables.get(number);
    if (!table) {
      table = new SeriesTable((pairs) => Labels.from(pairs));
      tables.set(number, table);
    }
    const { samples } = parseExposition(bytes, 'text', table);
    store.appendBatch({
      source: `target-${number}`,
      atMs,
      samples: samples.map(({ series, value }) => ({ labels: series, value })),
    });
  }
}

/** A request a scrape, as Prometheus's shards send them when they keep up. */
function writeRequests(data: readonly Target[]): Body[] {
  return Array.from(scrapes(data), ({ number, step, target }) => {
    const atMs = target.times[step]!;
    const writer = new BinaryWriter();
    for (const { labels, values } of target.series) {
      writer.tag(1, WireType.LengthDelimited).fork();
      for (const [name, value] of labels.pairs) {
        writer.tag(1, WireType.LengthDelimited).fork();
        writer.tag(1, WireType.LengthDelimited).string(name);
        writer.tag(2, WireType.LengthDelimited).string(value);
        writer.join();
      }
      writer.tag(2, WireType.LengthDelimited).fork();
      writer.tag(1, WireType.Bit64).double(values[step]!);
      writer.tag(2, WireType.Varint).int64(atMs);
      writer.join();
      writer.join();
    }
    return { number, atMs, bytes: Buffer.from(compress(Buffer.from(writer.finish()))) };
  });
}

function appendWriteRequests(bodies: readonly Body[], store: SeriesStore): void {
  const reader = new Version1Reader();
  const sinks = {
    ...{ store, metadata: new MetadataStore(), exemplars: new ExemplarStore() },
    labelLimits: { count: 0, nameBytes: 0, valueBytes: 0 },
    source: 'remote-write',
  };
  for (const { bytes } of bodies) push(reader.read(decodeSnappy(bytes, bodyBytesMax)), sinks);
}

/**
 * Samples per second of one core until the last one can be queried, from the slowest run to the fastest. Seconds are
 * processor time of all threads, the collector's too: what else runs on the machine is not held against us.
 */
interface Rates {
  readonly all: readonly number[];
  readonly median: number;
}

function measureRates(
  bodies: readonly Body[],
  samples: number,
  append: typeof appendExpositions,
  aim: number,
): Rates {
  // For the compiler.
  rateOf(bodies, samples, append);
  const all: number[] = [];
  let median = 0;
  do {
    for (let run = 0; run < runs; run++) all.push(rateOf(bodies, samples, append));
    all.sort((a, b) => a - b);
    median = all[all.length >> 1]!;
  } while (median < aim && all.length < runsMax);
  return { all, median };
}

function rateOf(bodies: readonly Body[], samples: number, append: typeof appendExpositions): number {
  collectGarbage();
  const store = new SeriesStore();
  const before = process.cpuUsage();
  append(bodies, store);
  const found = store.select([], ...allTimes).reduce((sum, { first, last }) => sum + last - first, 0);
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  if (found !== samples) throw new Error(`${found} of ${samples} samples can be queried`);
  return samples / seconds;
}

function ratesText({ all, median }: Rates): string {
  const [slowest, middle, fastest] = [all[0]!, median, all.at(-1)!].map((rate) =>
    Math.round(rate).toLocaleString('en'),
  );
  return `${middle} samples/s (median of ${all.length} runs on one core, ${slowest} to ${fastest})`;
}

/** Of the whole process, with garbage away. */
function memoryBytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function collectGarbage(): void {
  if (!globalThis.gc) throw new Error('bench-ingest needs node --expose-gc');
  globalThis.gc();
  globalThis.gc();
}

interface BytesPerSample {
  /** Of samples and times, as the store counts them. */
  readonly counted: number;
  /** Of the process, label sets and index with them. */
  readonly process: number;
}

function measureMemory(data: readonly Target[], seal: boolean): BytesPerSample {
  const samples = sampleCount(data);
  const before = memoryBytes();
  const store = filledStore(
    data,
    new SeriesStore(undefined, seal ? { rawMs: 0, cacheBytesMax: 0 } : undefined),
  );
  if (seal) {
    // When others go on, what these left behind is sealed too.
    const atMs = Math.max(...data.map(({ times }) => times.at(-1)!)) + 1;
    store.appendBatch({
      source: 'later',
      atMs,
      samples: [{ labels: Labels.from({ __name__: 'later' }), value: 1 }],
    });
    store.retain({});
  }
  const after = memoryBytes();
  const { rawBytes, sealedBytes } = store.memory();
  return { counted: (rawBytes + sealedBytes) / samples, process: (after - before) / samples };
}

/** Bytes per sample of the blocks that promtool makes, index and all. */
function blockBytes(openMetrics: string, folder: string, samples: number): number {
  const promtool = process.env.PROMTOOL_BIN ?? 'promtool';
  execFileSync(promtool, ['tsdb', 'create-blocks-from', 'openmetrics', openMetrics, folder], {
    stdio: 'ignore',
  });
  return folderBytes(folder) / samples;
}

function folderBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

const misses: string[] = [];

function measureSpeed(data: readonly Target[]): void {
  const samples = sampleCount(data);
  const text = measureRates(expositions(data), samples, appendExpositions, textPerSecondMin);
  console.log(`exposition text    ${ratesText(text)}, aim ${textPerSecondMin.toLocaleString('en')}`);
  console.log('                   parsed, appended and queryable');
  if (text.median < textPerSecondMin)
    misses.push(`exposition text: ${Math.round(text.median)} samples/s < ${textPerSecondMin}`);
  const written = measureRates(writeRequests(data), samples, appendWriteRequests, 0);
  console.log(`remote write 1.0   ${ratesText(written)}`);
  console.log('                   decompressed, read, appended and queryable');
}

function measureSizes(name: string, data: readonly Target[], openMetrics: string, folder: string): void {
  const blocks = blockBytes(openMetrics, folder, sampleCount(data));
  const raw = measureMemory(data, false);
  const sealed = measureMemory(data, true);
  const shown = ({ counted, process }: BytesPerSample) =>
    `${counted.toFixed(2)} (with labels and index ${process.toFixed(2)})`;
  const ratio = sealed.counted / blocks;
  console.log(`${name}: bytes per sample`);
  console.log(`  raw              ${shown(raw)}`);
  console.log(`  compressed       ${shown(sealed)}`);
  console.log(
    `  promtool blocks  ${blocks.toFixed(2)}, ratio ${ratio.toFixed(2)}, aim at most ${compressedRatioMax}`,
  );
  if (ratio > compressedRatioMax)
    misses.push(`${name}: compressed ${ratio.toFixed(2)} > ${compressedRatioMax}`);
}

/** The same data in numbers that have no short decimal form. */
function inThirds(data: readonly Target[]): Target[] {
  return data.map(({ times, series }) => ({
    times,
    series: series.map(({ labels, values }) => ({ labels, values: values.map((value) => value / 3) })),
  }));
}

const folder = mkdtempSync(join(tmpdir(), 'firedrill-bench-'));
try {
  const path = join(folder, 'decimals.om');
  await writeOpenMetrics(path, targets);
  const decimals = targetsOf(await importOpenMetrics(path));
  const series = decimals.reduce((sum, target) => sum + target.series.length, 0);
  console.log(
    `${series} series of ${targets} targets, ${sampleCount(decimals)} samples, node ${process.version}`,
  );
  measureSpeed(decimals);
  measureSizes('three decimal places', decimals, path, join(folder, 'decimals'));
  const thirds = inThirds(decimals);
  const thirdsPath = join(folder, 'thirds.om');
  await exportOpenMetrics(filledStore(thirds, new SeriesStore()), thirdsPath);
  measureSizes('full mantissa', thirds, thirdsPath, join(folder, 'thirds'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const miss of misses) console.error(`missed: ${miss}`);
process.exitCode = misses.length > 0 ? 1 : 0;
