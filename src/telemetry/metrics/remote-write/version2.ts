// Remote write 2.0: io.prometheus.write.v2.Request, whose strings stand once in a table of symbols.
// https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/

import { Labels, metricName } from '../../../base/labels.ts';
import { ProtobufError, ProtobufReader } from '../../protobuf-reader.ts';
import type { Exemplar, MetricFamily, MetricType } from '../exposition/exposition.ts';
import { type IngestOptions, withTypeAndUnit } from '../ingest-options.ts';
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
  readonly #withTypeAndUnit: boolean;

  constructor({ typeAndUnitLabels = false }: IngestOptions = {}) {
    this.#withTypeAndUnit = typeAndUnitLabels;
  }

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
      const read = reader.message(() => readSeries(reader, symbols, mistakes));
      const { references, family } = read;
      const labels = this.#labelsOf(references, symbols, family);
      if (!(labels instanceof Labels)) {
        mistakes.push(labels);
        continue;
      }
      series.push({ ...read, labels });
      if (family) families.push({ name: labels.get(metricName), ...family });
    }
    return { series, families, mistakes, tellsLateExemplars: true };
  }

  /** The label set, or what is wrong with it. */
  #labelsOf(
    references: readonly number[],
    symbols: readonly string[],
    family: FamilyMetadata | undefined,
  ): Labels | string {
    const pairs = pairsOf(references, symbols);
    if (typeof pairs === 'string') return pairs;
    const all = this.#withTypeAndUnit && family ? withTypeAndUnit(pairs, family) : pairs;
    let key = '';
    for (const [name, value] of all) key += `${name}\u0000${value}\u0000`;
    return this.#known.get(key, () => all).labels;
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

type FamilyMetadata = Omit<MetricFamily, 'name'>;

/** A series whose labels still are references to symbols. */
interface ReferringSeries extends Omit<WrittenSeries, 'labels'> {
  readonly references: readonly number[];
  readonly family: FamilyMetadata | undefined;
}

function readSeries(reader: ProtobufReader, symbols: readonly string[], mistakes: string[]): ReferringSeries {
  const references: number[] = [];
  const samples: WrittenSample[] = [];
  const exemplars: Exemplar[] = [];
  let family: FamilyMetadata | undefined;
  let createdMs: number | undefined;
  while (reader.next()) {
    if (reader.field === 1) reader.repeated('unsigned', references, referencesMax);
    else if (reader.field === 2) samples.push(reader.message(() => readSample(reader)));
    else if (reader.field === 3) {
      const read = reader.message(() => readHistogramSample(reader));
      if (typeof read === 'string') mistakes.push(read);
      else samples.push(read);
    } else if (reader.field === 4) {
      const read = reader.message(() => readExemplar(reader, symbols));
      if (typeof read === 'string') mistakes.push(`an exemplar: ${read}`);
      else exemplars.push(read);
    } else if (reader.field === 5) family = reader.message(() => readMetadata(reader, symbols));
    else if (reader.field === 6) createdMs = reader.signed() || undefined;
    else reader.skip();
  }
  const started = createdMs === undefined ? samples : samples.map((sample) => withStart(sample, createdMs));
  const isDescribed = family && (family.type !== 'unknown' || family.unit !== '');
  return { references, samples: started, exemplars, family: isDescribed ? family : undefined };
}

/** Senders before 2.0-rc.4 write the start once for the series. */
function withStart(sample: WrittenSample, createdMs: number): WrittenSample {
  return { ...sample, startMs: sample.startMs ?? createdMs };
}

/** What is wrong with the references is a mistake of their series alone: the others can be taken. */
function pairsOf(references: readonly number[], symbols: readonly string[]): [string, string][] | string {
  if (references.length % 2 !== 0) return 'a label reference has no value';
  const pairs: [string, string][] = [];
  for (let i = 0; i < references.length; i += 2) {
    const [name, value] = [symbols[references[i]!], symbols[references[i + 1]!]];
    if (name === undefined || value === undefined)
      return `symbols ${references[i]} and ${references[i + 1]} are referred to, there are ${symbols.length}`;
    pairs.push([name, value]);
  }
  return pairs;
}

/** Metadata is no reason to refuse a sample. */
function symbol(symbols: readonly string[], reference: number): string {
  return symbols[reference] ?? '';
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

function readExemplar(reader: ProtobufReader, symbols: readonly string[]): Exemplar | string {
  const references: number[] = [];
  let value = 0;
  let atMs: number | undefined;
  while (reader.next()) {
    if (reader.field === 1) reader.repeated('unsigned', references, referencesMax);
    else if (reader.field === 2) value = reader.double();
    else if (reader.field === 3) atMs = reader.signed();
    else reader.skip();
  }
  const labels = pairsOf(references, symbols);
  return typeof labels === 'string' ? labels : { labels, value, atMs };
}

function readMetadata(reader: ProtobufReader, symbols: readonly string[]): FamilyMetadata {
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
