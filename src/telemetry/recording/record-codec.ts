// What is recorded, as bytes. Strings and label sets are numbered in the order in which a segment first has them, and
// written out once, in the record that first needs them; every record begins with those that are new:
//
//   strings:   count, text…
//   series:    count, (pairs, (name, value)…)…   as numbers of strings
//
//   batch:     source (number of a string), time (f64, ms), count of samples
//   sample:    distance of the series' number to the one before (signed) * 16 + flags; own time (f64), unless it has the
//              batch's; start timestamp (f64), if any; histogram, if it is one; else value (f64), unless it is stale
//   exemplars: count; each: series (number), time (f64), own time (1 byte: 1 if it brought it), value (f64), pairs
//   metadata:  source, 1 if it replaces what the source said before; count; each: name, type, help, unit
//
// Batches of the first version have four in place of sixteen, and neither starts nor histograms.

import { Labels } from '../../base/labels.ts';
import type { StoredExemplar } from '../metrics/exemplars.ts';
import { type MetricFamily, metricTypes } from '../metrics/exposition/exposition.ts';
import type { MetadataChange } from '../metrics/metadata.ts';
import type { BatchSample, SampleBatch } from '../metrics/store.ts';
import { ByteReader, ByteWriter, MalformedRecord } from './bytes.ts';
import { batchKind, exemplarsKind, metadataKind, plainBatchKind } from './frame.ts';
import { readHistogram, writeHistogram } from './histogram-codec.ts';

const staleFlag = 1;
const ownTimeFlag = 2;
const startFlag = 4;
const histogramFlag = 8;
const headFactor = 16;
const plainHeadFactor = 4;

export type RecordedItem =
  | { readonly kind: 'batch'; readonly batch: SampleBatch }
  | { readonly kind: 'exemplars'; readonly exemplars: readonly StoredExemplar[] }
  | { readonly kind: 'metadata'; readonly change: MetadataChange };

/** What it returns is valid until the next call. */
export class RecordEncoder {
  readonly #writer = new ByteWriter();
  readonly #strings = new Map<string, number>();
  readonly #series = new Map<string, number>();
  #newStrings: string[] = [];
  #newSeries: Labels[] = [];

  batch({ source, atMs, samples }: SampleBatch): Buffer {
    for (const { labels } of samples) this.#numberSeries(labels);
    this.#numberString(source);
    this.#begin(batchKind);
    this.#string(source);
    this.#writer.double(atMs);
    this.#samples(samples);
    return this.#writer.bytes();
  }

  exemplars(exemplars: readonly StoredExemplar[]): Buffer {
    for (const { series, exemplar } of exemplars) {
      this.#numberSeries(series);
      for (const pair of exemplar.labels) for (const text of pair) this.#numberString(text);
    }
    this.#begin(exemplarsKind);
    const writer = this.#writer;
    writer.unsigned(exemplars.length);
    for (const { series, exemplar, atMs } of exemplars) {
      writer.unsigned(this.#series.get(series.key)!);
      writer.double(atMs);
      writer.byte(exemplar.atMs === undefined ? 0 : 1);
      writer.double(exemplar.value);
      this.#pairs(exemplar.labels);
    }
    return writer.bytes();
  }

  metadata({ source, families, replaces }: MetadataChange): Buffer {
    this.#numberString(source);
    for (const { name, help, unit } of families)
      for (const text of [name, help, unit]) this.#numberString(text);
    this.#begin(metadataKind);
    const writer = this.#writer;
    this.#string(source);
    writer.byte(replaces ? 1 : 0);
    writer.unsigned(families.length);
    for (const { name, type, help, unit } of families) {
      this.#string(name);
      writer.byte(metricTypes.indexOf(type));
      this.#string(help);
      this.#string(unit);
    }
    return writer.bytes();
  }

  #numberString(text: string): void {
    if (this.#strings.has(text)) return;
    this.#strings.set(text, this.#strings.size);
    this.#newStrings.push(text);
  }

  #numberSeries(labels: Labels): void {
    if (this.#series.has(labels.key)) return;
    this.#series.set(labels.key, this.#series.size);
    this.#newSeries.push(labels);
    for (const pair of labels.pairs) for (const text of pair) this.#numberString(text);
  }

  #begin(kind: number): void {
    const writer = this.#writer;
    writer.reset();
    writer.byte(kind);
    writer.unsigned(this.#newStrings.length);
    for (const text of this.#newStrings) writer.text(text);
    writer.unsigned(this.#newSeries.length);
    for (const { pairs } of this.#newSeries) this.#pairs(pairs);
    this.#newStrings = [];
    this.#newSeries = [];
  }

  #string(text: string): void {
    this.#writer.unsigned(this.#strings.get(text)!);
  }

  #pairs(pairs: Labels['pairs']): void {
    this.#writer.unsigned(pairs.length);
    for (const pair of pairs) for (const text of pair) this.#string(text);
  }

  #samples(samples: readonly BatchSample[]): void {
    const writer = this.#writer;
    writer.unsigned(samples.length);
    let previous = -1;
    for (const { labels, value, stale, atMs, startMs, histogram } of samples) {
      const series = this.#series.get(labels.key)!;
      const distance = series - previous;
      previous = series;
      const zigzag = distance < 0 ? -2 * distance - 1 : 2 * distance;
      const flags =
        (stale ? staleFlag : histogram ? histogramFlag : 0) +
        (atMs === undefined ? 0 : ownTimeFlag) +
        (startMs === undefined ? 0 : startFlag);
      writer.unsigned(zigzag * headFactor + flags);
      if (atMs !== undefined) writer.double(atMs);
      if (startMs !== undefined) writer.double(startMs);
      if (stale) continue;
      if (histogram) writeHistogram(writer, histogram);
      else writer.double(value);
    }
  }
}

export class RecordDecoder {
  readonly #strings: string[] = [];
  readonly #series: Labels[] = [];

  /** Undefined for a kind of record that this version does not know. Throws a MalformedRecord. */
  decode(payload: Buffer): RecordedItem | undefined {
    const reader = new ByteReader(payload);
    const kind = reader.byte();
    if (kind < plainBatchKind || kind > metadataKind) return undefined;
    for (let left = reader.count(); left > 0; left--) this.#strings.push(reader.text());
    for (let left = reader.count(); left > 0; left--) this.#series.push(Labels.from(this.#pairs(reader)));
    if (kind === exemplarsKind) return { kind: 'exemplars', exemplars: this.#exemplars(reader) };
    if (kind === metadataKind) return { kind: 'metadata', change: this.#metadata(reader) };
    const source = this.#string(reader);
    const atMs = time(reader);
    const samples = this.#samples(reader, kind === batchKind ? headFactor : plainHeadFactor);
    return { kind: 'batch', batch: { source, atMs, samples } };
  }

  #samples(reader: ByteReader, factor: number): BatchSample[] {
    const samples: BatchSample[] = [];
    let series = -1;
    for (let left = reader.count(); left > 0; left--) {
      const head = reader.unsigned();
      const flags = head % factor;
      const zigzag = (head - flags) / factor;
      series += zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
      const labels = this.#series[series] ?? malformed();
      const more = {
        ...(flags & ownTimeFlag && { atMs: time(reader) }),
        ...(flags & startFlag && { startMs: time(reader) }),
      };
      if (flags & staleFlag) samples.push({ labels, value: Number.NaN, stale: true, ...more });
      else if (flags & histogramFlag)
        samples.push({ labels, value: 0, histogram: readHistogram(reader), ...more });
      else samples.push({ labels, value: reader.double(), ...more });
    }
    return samples;
  }

  #exemplars(reader: ByteReader): StoredExemplar[] {
    return Array.from({ length: reader.count() }, () => {
      const series = this.#series[reader.unsigned()] ?? malformed();
      const atMs = time(reader);
      const isOwnTime = reader.byte() === 1;
      const value = reader.double();
      const labels = this.#pairs(reader);
      return { series, atMs, exemplar: { labels, value, atMs: isOwnTime ? atMs : undefined } };
    });
  }

  #metadata(reader: ByteReader): MetadataChange {
    const source = this.#string(reader);
    const replaces = reader.byte() === 1;
    const families = Array.from({ length: reader.count() }, (): MetricFamily => {
      const name = this.#string(reader);
      const type = metricTypes[reader.byte()] ?? malformed();
      return { name, type, help: this.#string(reader), unit: this.#string(reader) };
    });
    return { source, families, replaces };
  }

  #string(reader: ByteReader): string {
    return this.#strings[reader.unsigned()] ?? malformed();
  }

  #pairs(reader: ByteReader): [string, string][] {
    return Array.from({ length: reader.count() }, () => [this.#string(reader), this.#string(reader)]);
  }
}

/** Times order the store's columns, where NaN would have no place. */
function time(reader: ByteReader): number {
  const atMs = reader.double();
  return Number.isFinite(atMs) ? atMs : malformed();
}

function malformed(): never {
  throw new MalformedRecord();
}
