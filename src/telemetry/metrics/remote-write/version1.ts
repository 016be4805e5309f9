// Remote write 1.0: prometheus.WriteRequest.
// https://prometheus.io/docs/specs/prw/remote_write_spec/

import { Labels } from '../../../base/labels.ts';
import { ProtobufReader } from '../../protobuf-reader.ts';
import type { Exemplar, MetricFamily, MetricType } from '../exposition/exposition.ts';
import { readHistogramSample } from './histogram.ts';
import { type KnownLabelSet, KnownLabels } from './known-labels.ts';
import type { WriteRequest, WrittenSample, WrittenSeries } from './request.ts';

const types: readonly MetricType[] = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
];

/** Field 1, length-delimited: a label. */
const labelTag = 0x0a;

export class Version1Reader {
  readonly #known = new KnownLabels();
  /** Requests of a sender have their series in the same order: the first one stands after this one. */
  readonly #beforeFirst: KnownLabelSet = { bytes: Buffer.alloc(0), labels: '', next: undefined };
  #last = this.#beforeFirst;

  /** Throws a ProtobufError. */
  read(body: Buffer): WriteRequest {
    const reader = new ProtobufReader(body);
    const series: WrittenSeries[] = [];
    const families: MetricFamily[] = [];
    const mistakes: string[] = [];
    this.#last = this.#beforeFirst;
    while (reader.next()) {
      if (reader.field === 1) {
        const read = reader.message(() => this.#series(reader, mistakes));
        if (read) series.push(read);
      } else if (reader.field === 3) families.push(reader.message(() => readFamily(reader)));
      else reader.skip();
    }
    return { series, families, mistakes };
  }

  #series(reader: ProtobufReader, mistakes: string[]): WrittenSeries | undefined {
    const samples: WrittenSample[] = [];
    const exemplars: Exemplar[] = [];
    // Senders write the labels first and together, so their bytes name the series.
    const expected = this.#last.next;
    const isExpected = expected !== undefined && reader.passes(expected.bytes, labelTag);
    const start = reader.position;
    let key = '';
    let isTogether = true;
    while (reader.next()) {
      if (reader.field === 1) {
        isTogether &&= samples.length === 0 && exemplars.length === 0 && !isExpected;
        reader.skip();
        if (isTogether) key = reader.textSince(start);
      } else if (reader.field === 2) samples.push(reader.message(() => readSample(reader)));
      else if (reader.field === 3) exemplars.push(reader.message(() => readExemplar(reader)));
      else if (reader.field === 4) {
        const read = reader.message(() => readHistogramSample(reader));
        if (typeof read === 'string') mistakes.push(read);
        else samples.push(read);
      } else reader.skip();
    }
    if (!isTogether) {
      mistakes.push('the labels of a series are not in one place');
      return undefined;
    }
    const known = isExpected ? expected : this.#known.get(key, () => pairsIn(Buffer.from(key, 'latin1')));
    this.#last.next = known;
    this.#last = known;
    const { labels } = known;
    if (labels instanceof Labels) return { labels, samples, exemplars };
    mistakes.push(labels);
    return undefined;
  }
}

function pairsIn(bytes: Buffer): [string, string][] {
  const pairs: [string, string][] = [];
  const reader = new ProtobufReader(bytes);
  while (reader.next()) pairs.push(reader.message(() => readPair(reader)));
  return pairs;
}

function readPair(reader: ProtobufReader): [string, string] {
  let name = '';
  let value = '';
  while (reader.next()) {
    if (reader.field === 1) name = reader.string();
    else if (reader.field === 2) value = reader.string();
    else reader.skip();
  }
  return [name, value];
}

function readSample(reader: ProtobufReader): WrittenSample {
  let value = 0;
  let stale = false;
  let atMs = 0;
  while (reader.next()) {
    if (reader.field === 1) {
      value = reader.double();
      stale = Number.isNaN(value) && reader.wasStaleMarker();
    } else if (reader.field === 2) atMs = reader.signed();
    else reader.skip();
  }
  return { atMs, value, stale, histogram: undefined, startMs: undefined };
}

function readExemplar(reader: ProtobufReader): Exemplar {
  const labels: [string, string][] = [];
  let value = 0;
  let atMs: number | undefined;
  while (reader.next()) {
    if (reader.field === 1) labels.push(reader.message(() => readPair(reader)));
    else if (reader.field === 2) value = reader.double();
    else if (reader.field === 3) atMs = reader.signed();
    else reader.skip();
  }
  return { labels, value, atMs };
}

function readFamily(reader: ProtobufReader): MetricFamily {
  let type: MetricType = 'unknown';
  let name = '';
  let help = '';
  let unit = '';
  while (reader.next()) {
    if (reader.field === 1) type = types[reader.unsigned()] ?? 'unknown';
    else if (reader.field === 2) name = reader.string();
    else if (reader.field === 4) help = reader.string();
    else if (reader.field === 5) unit = reader.string();
    else reader.skip();
  }
  return { name, type, help, unit };
}
