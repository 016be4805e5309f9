// A batch as bytes. Strings and label sets are numbered in the order in which a segment first has them, and written
// out once, in the batch that first needs them:
//
//   strings:  count, text…                      those that are new
//   series:   count, (pairs, (name, value)…)…   those that are new, as numbers of strings
//   batch:    source (number of a string), time (f64, ms), count of samples
//   samples:  (distance of the series' number to the one before, zigzag) * 4 + 1 if stale + 2 if it has its own time;
//             its own time (f64), unless it has the batch's; its value (f64), unless it is stale

import { Labels } from '../../base/labels.ts';
import type { BatchSample, SampleBatch } from '../metrics/store.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { batchKind } from './frame.ts';

const staleFlag = 1;
const ownTimeFlag = 2;

export class BatchEncoder {
  readonly #writer = new ByteWriter();
  readonly #strings = new Map<string, number>();
  readonly #series = new Map<string, number>();

  /** Valid until the next call. */
  encode(batch: SampleBatch): Buffer {
    const newStrings: string[] = [];
    const newSeries: Labels[] = [];
    const source = number(this.#strings, batch.source, newStrings);
    for (const { labels } of batch.samples) {
      if (this.#series.has(labels.key)) continue;
      this.#series.set(labels.key, this.#series.size);
      newSeries.push(labels);
      for (const pair of labels.pairs) for (const text of pair) number(this.#strings, text, newStrings);
    }
    const writer = this.#writer;
    writer.reset();
    writer.byte(batchKind);
    writer.unsigned(newStrings.length);
    for (const text of newStrings) writer.text(text);
    writer.unsigned(newSeries.length);
    for (const { pairs } of newSeries) {
      writer.unsigned(pairs.length);
      for (const pair of pairs) for (const text of pair) writer.unsigned(this.#strings.get(text)!);
    }
    writer.unsigned(source);
    writer.double(batch.atMs);
    this.#samples(batch.samples);
    return writer.bytes();
  }

  #samples(samples: readonly BatchSample[]): void {
    const writer = this.#writer;
    writer.unsigned(samples.length);
    let previous = -1;
    for (const { labels, value, stale, atMs } of samples) {
      const series = this.#series.get(labels.key)!;
      const distance = series - previous;
      previous = series;
      const zigzag = distance < 0 ? -2 * distance - 1 : 2 * distance;
      writer.unsigned(zigzag * 4 + (stale ? staleFlag : 0) + (atMs === undefined ? 0 : ownTimeFlag));
      if (atMs !== undefined) writer.double(atMs);
      if (!stale) writer.double(value);
    }
  }
}

function number(numbers: Map<string, number>, text: string, added: string[]): number {
  const known = numbers.get(text);
  if (known !== undefined) return known;
  numbers.set(text, numbers.size);
  added.push(text);
  return numbers.size - 1;
}

export class BatchDecoder {
  readonly #strings: string[] = [];
  readonly #series: Labels[] = [];

  /** Undefined for a kind of payload that this version does not know. */
  decode(payload: Buffer): SampleBatch | undefined {
    const reader = new ByteReader(payload);
    if (reader.byte() !== batchKind) return undefined;
    for (let left = reader.unsigned(); left > 0; left--) this.#strings.push(reader.text());
    for (let left = reader.unsigned(); left > 0; left--) {
      const pairs: [string, string][] = [];
      for (let more = reader.unsigned(); more > 0; more--)
        pairs.push([this.#strings[reader.unsigned()]!, this.#strings[reader.unsigned()]!]);
      this.#series.push(Labels.from(pairs));
    }
    const source = this.#strings[reader.unsigned()]!;
    const atMs = reader.double();
    return { source, atMs, samples: this.#samples(reader) };
  }

  #samples(reader: ByteReader): BatchSample[] {
    const samples: BatchSample[] = [];
    let series = -1;
    for (let left = reader.unsigned(); left > 0; left--) {
      const head = reader.unsigned();
      const zigzag = head >>> 2;
      series += zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
      const own = head & ownTimeFlag ? { atMs: reader.double() } : {};
      const labels = this.#series[series]!;
      if (head & staleFlag) samples.push({ labels, value: Number.NaN, stale: true, ...own });
      else samples.push({ labels, value: reader.double(), ...own });
    }
    return samples;
  }
}
