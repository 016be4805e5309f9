// Remote write 2.0: io.prometheus.write.v2.Request, whose strings stand once in a table of symbols.
// https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/

import { Labels, metricName } from '../../../base/labels.ts';
import { ProtobufError, ProtobufReader } from '../../protobuf-reader.ts';
import type { Exemplar, MetricFamily, MetricType } from '../exposition/exposition.ts';
import { readHistogramSample } from './histogram.ts';
import { KnownLabels } from './known-labels.ts';
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

/** References of one label set: twice its labels. */
const referencesMax = 4096;
const symbolsMax = 1_000_000;

export class Version2Reader {
  readonly #known = new KnownLabels();

  /** Throws a ProtobufError. */
  read(body: Buffer): WriteRequest {
    const symbols = readSymbols(body);
    const reader = new ProtobufReader(body);
    const series: WrittenSeries[] = [];
    const families: MetricFamily[] = [];
    const mistakes: string[] = [];
    while (reader.next()) {
      if (reader.field !== 5) {
        reader.skip();
        continue;
      }
      const read = reader.message(() => readSeries(reader, symbols, this.#known, mistakes));
      if (!read) continue;
      series.push(read);
      if (read.family) families.push(read.family);
    }
    return { series, families, mistakes };
  }
}

/** They may stand behind the series that refer to them. */
function readSymbols(body: Buffer): string[] {
  const reader = new ProtobufReader(body);
  const symbols: string[] = [];
  while (reader.next()) {
    if (reader.field !== 4) {
      reader.skip();
      continue;
    }
    if (symbols.length >= symbolsMax) throw new ProtobufError(`there are more than ${symbolsMax} symbols`);
    symbols.push(reader.string());
  }
  if (symbols.length > 0 && symbols[0] !== '') throw new ProtobufError('the first symbol is not empty');
  return symbols;
}

function readSeries(
  reader: ProtobufReader,
  symbols: readonly string[],
  known: KnownLabels,
  mistakes: string[],
): (WrittenSeries & { readonly family: MetricFamily | undefined }) | undefined {
  const references: number[] = [];
  const samples: WrittenSample[] = [];
  const exemplars: Exemplar[] = [];
  let family: Omit<MetricFamily, 'name'> | undefined;
  let createdMs: number | undefined;
  while (reader.next()) {
    if (reader.field === 1) reader.repeated('unsigned', references, referencesMax);
    else if (reader.field === 2) samples.push(reader.message(() => readSample(reader)));
    else if (reader.field === 3) {
      const read = reader.message(() => readHistogramSample(reader));
      if (typeof read === 'string') mistakes.push(read);
      else samples.push(read);
    } else if (reader.field === 4) exemplars.push(reader.message(() => readExemplar(reader, symbols)));
    else if (reader.field === 5) family = reader.message(() => readMetadata(reader, symbols));
    else if (reader.field === 6) createdMs = reader.signed() || undefined;
    else reader.skip();
  }
  const labels = labelsOf(references, symbols, known);
  if (!(labels instanceof Labels)) {
    mistakes.push(labels);
    return undefined;
  }
  const started = createdMs === undefined ? samples : samples.map((sample) => withStart(sample, createdMs));
  const described =
    family && family.type !== 'unknown' ? { name: labels.get(metricName), ...family } : undefined;
  return { labels, samples: started, exemplars, family: described };
}

/** Senders before 2.0-rc.4 write the start once for the series. */
function withStart(sample: WrittenSample, createdMs: number): WrittenSample {
  return { ...sample, startMs: sample.startMs ?? createdMs };
}

/** The label set, or what is wrong with it. */
function labelsOf(
  references: readonly number[],
  symbols: readonly string[],
  known: KnownLabels,
): Labels | string {
  let key = '';
  for (const reference of references) key += `${symbol(symbols, reference)}\u0000`;
  return known.get(key, () => pairsOf(references, symbols)).labels;
}

function pairsOf(references: readonly number[], symbols: readonly string[]): [string, string][] {
  if (references.length % 2 !== 0) throw new ProtobufError('a label reference has no value');
  const pairs: [string, string][] = [];
  for (let i = 0; i < references.length; i += 2)
    pairs.push([symbol(symbols, references[i]!), symbol(symbols, references[i + 1]!)]);
  return pairs;
}

function symbol(symbols: readonly string[], reference: number): string {
  return symbols[reference] ?? missing(reference, symbols.length);
}

function missing(reference: number, count: number): never {
  throw new ProtobufError(`symbol ${reference} is referred to, there are ${count}`);
}

function readSample(reader: ProtobufReader): WrittenSample {
  let value = 0;
  let stale = false;
  let atMs = 0;
  let startMs: number | undefined;
  while (reader.next()) {
    if (reader.field === 1) {
      value = reader.double();
      stale = reader.wasStaleMarker();
    } else if (reader.field === 2) atMs = reader.signed();
    else if (reader.field === 3) startMs = reader.signed() || undefined;
    else reader.skip();
  }
  return { atMs, value, stale, histogram: undefined, startMs };
}

function readExemplar(reader: ProtobufReader, symbols: readonly string[]): Exemplar {
  const references: number[] = [];
  let value = 0;
  let atMs: number | undefined;
  while (reader.next()) {
    if (reader.field === 1) reader.repeated('unsigned', references, referencesMax);
    else if (reader.field === 2) value = reader.double();
    else if (reader.field === 3) atMs = reader.signed();
    else reader.skip();
  }
  return { labels: pairsOf(references, symbols), value, atMs };
}

function readMetadata(reader: ProtobufReader, symbols: readonly string[]): Omit<MetricFamily, 'name'> {
  let type: MetricType = 'unknown';
  let help = '';
  let unit = '';
  while (reader.next()) {
    if (reader.field === 1) type = types[reader.unsigned()] ?? 'unknown';
    else if (reader.field === 3) help = symbol(symbols, reader.unsigned());
    else if (reader.field === 4) unit = symbol(symbols, reader.unsigned());
    else reader.skip();
  }
  return { type, help, unit };
}
