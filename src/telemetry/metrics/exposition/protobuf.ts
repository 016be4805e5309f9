// The protobuf exposition format: MetricFamily messages, each after its length. The only one that carries native
// histograms. A classic histogram that is native too yields its native form alone, as in Prometheus.
// https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto

import { ProtobufError, ProtobufReader } from '../../protobuf-reader.ts';
import { type IngestOptions, withTypeAndUnit } from '../ingest-options.ts';
import {
  type Exemplar,
  type ExposedSample,
  type Exposition,
  ExpositionError,
  type MetricFamily,
  type MetricType,
  type SeriesTable,
} from './exposition.ts';
import {
  bucketsMax,
  type NativeFields,
  nativeHistogram,
  newNativeFields,
  type SideFields,
} from './native-fields.ts';
import { normalBound } from './number.ts';

const typesByNumber: readonly MetricType[] = [
  'counter',
  'gauge',
  'summary',
  'unknown',
  'histogram',
  'gaugehistogram',
];

/** Throws an ExpositionError, whose line is the number of the family. */
export function parseProtobuf<S>(
  body: Buffer,
  table: SeriesTable<S>,
  ingest: IngestOptions = {},
): Exposition<S> {
  return new ProtobufExposition(body, table, ingest).read();
}

interface Bucket {
  readonly count: number;
  readonly bound: number;
  readonly exemplar: Exemplar | undefined;
}

/** What a Metric message holds, whichever type it turns out to be of. */
interface Metric {
  readonly labels: [string, string][];
  atMs: number | undefined;
  startMs: number | undefined;
  value: number;
  exemplar: Exemplar | undefined;
  count: number;
  sum: number;
  readonly quantiles: { readonly quantile: number; readonly value: number }[];
  readonly buckets: Bucket[];
  readonly nativeExemplars: Exemplar[];
  readonly native: NativeFields;
  isNative: boolean;
}

class ProtobufExposition<S> {
  readonly #reader: ProtobufReader;
  readonly #table: SeriesTable<S>;
  readonly #families: MetricFamily[] = [];
  readonly #samples: ExposedSample<S>[] = [];
  readonly #withTypeAndUnit: boolean;
  #number = 0;

  constructor(body: Buffer, table: SeriesTable<S>, { typeAndUnitLabels = false }: IngestOptions) {
    this.#withTypeAndUnit = typeAndUnitLabels;
    this.#reader = new ProtobufReader(body);
    this.#table = table;
  }

  read(): Exposition<S> {
    try {
      while (!this.#reader.atEnd) {
        this.#number++;
        this.#reader.delimited(() => this.#family());
      }
    } catch (error) {
      if (error instanceof ProtobufError) this.#fail(error.message);
      throw error;
    }
    return { families: this.#families, samples: this.#samples };
  }

  #family(): void {
    const reader = this.#reader;
    let name = '';
    let help = '';
    let unit = '';
    let type: MetricType = 'counter';
    const metrics: Metric[] = [];
    while (reader.next()) {
      if (reader.field === 1) name = reader.string();
      else if (reader.field === 2) help = reader.string();
      else if (reader.field === 3) type = this.#type(reader.unsigned());
      else if (reader.field === 4) metrics.push(reader.message(() => readMetric(reader)));
      else if (reader.field === 5) unit = reader.string();
      else reader.skip();
    }
    if (name === '') this.#fail('a family has no name');
    this.#families.push({ name, type, help, unit });
    for (const metric of metrics) this.#emit(name, type, metric);
  }

  #type(number: number): MetricType {
    return typesByNumber[number] ?? this.#fail(`${number} is not a metric type`);
  }

  #emit(name: string, type: MetricType, metric: Metric): void {
    if (type === 'summary') {
      for (const { quantile, value } of metric.quantiles)
        this.#add(name, metric, value, ['quantile', normalBound(String(quantile))]);
      this.#add(`${name}_sum`, metric, metric.sum);
      this.#add(`${name}_count`, metric, metric.count);
    } else if (type === 'histogram' || type === 'gaugehistogram') {
      if (metric.isNative) this.#native(name, type, metric);
      else this.#classic(name, metric);
    } else this.#add(name, metric, metric.value, undefined, metric.exemplar);
  }

  #native(name: string, type: MetricType, metric: Metric): void {
    const { native, count, sum } = metric;
    const resetHint = type === 'gaugehistogram' ? 'gauge' : 'unknown';
    const histogram = nativeHistogram({ ...native, count, sum, resetHint });
    if (typeof histogram === 'string') this.#fail(histogram);
    const exemplar = metric.nativeExemplars[0] ?? metric.buckets.find((bucket) => bucket.exemplar)?.exemplar;
    this.#samples.push({ ...this.#sample(name, metric, 0, undefined, exemplar), histogram });
  }

  #classic(name: string, metric: Metric): void {
    for (const { bound, count, exemplar } of metric.buckets)
      this.#add(`${name}_bucket`, metric, count, ['le', normalBound(String(bound))], exemplar);
    if (metric.buckets.at(-1)?.bound !== Number.POSITIVE_INFINITY)
      this.#add(`${name}_bucket`, metric, metric.count, ['le', '+Inf']);
    this.#add(`${name}_sum`, metric, metric.sum);
    this.#add(`${name}_count`, metric, metric.count);
  }

  #add(name: string, metric: Metric, value: number, more?: [string, string], exemplar?: Exemplar): void {
    this.#samples.push(this.#sample(name, metric, value, more, exemplar));
  }

  #sample(
    name: string,
    { labels, atMs, startMs }: Metric,
    value: number,
    more: [string, string] | undefined,
    exemplar: Exemplar | undefined,
  ): ExposedSample<S> {
    const pairs: [string, string][] = [['__name__', name], ...labels];
    if (more) pairs.push(more);
    const family = this.#withTypeAndUnit ? this.#families.at(-1) : undefined;
    const all = family ? withTypeAndUnit(pairs, family) : pairs;
    const key = all.map(([label, text]) => `${label}\u0000${text}`).join('\u0001');
    const series = this.#table.find(key) ?? this.#table.define(key, all);
    return { series, value, atMs, ...(startMs !== undefined && { startMs }), ...(exemplar && { exemplar }) };
  }

  #fail(message: string): never {
    throw new ExpositionError(this.#number, message);
  }
}

function readMetric(reader: ProtobufReader): Metric {
  const metric: Metric = {
    labels: [],
    atMs: undefined,
    startMs: undefined,
    value: 0,
    exemplar: undefined,
    count: 0,
    sum: 0,
    quantiles: [],
    buckets: [],
    nativeExemplars: [],
    native: newNativeFields(),
    isNative: false,
  };
  while (reader.next()) {
    if (reader.field === 1) metric.labels.push(reader.message(() => readPair(reader)));
    else if (reader.field === 6) metric.atMs = reader.signed();
    else if (reader.field === 2 || reader.field === 5) reader.message(() => readValue(reader, metric));
    else if (reader.field === 3) reader.message(() => readCounter(reader, metric));
    else if (reader.field === 4) reader.message(() => readSummary(reader, metric));
    else if (reader.field === 7) reader.message(() => readHistogram(reader, metric));
    else reader.skip();
  }
  return metric;
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

/** Gauge and Untyped. */
function readValue(reader: ProtobufReader, metric: Metric): void {
  while (reader.next()) {
    if (reader.field === 1) metric.value = reader.double();
    else reader.skip();
  }
}

function readCounter(reader: ProtobufReader, metric: Metric): void {
  while (reader.next()) {
    if (reader.field === 1) metric.value = reader.double();
    else if (reader.field === 2) metric.exemplar = reader.message(() => readExemplar(reader));
    else if (reader.field === 3) metric.startMs = reader.message(() => readTimestamp(reader));
    else reader.skip();
  }
}

function readSummary(reader: ProtobufReader, metric: Metric): void {
  while (reader.next()) {
    if (reader.field === 1) metric.count = reader.unsigned();
    else if (reader.field === 2) metric.sum = reader.double();
    else if (reader.field === 3) metric.quantiles.push(reader.message(() => readQuantile(reader)));
    else if (reader.field === 4) metric.startMs = reader.message(() => readTimestamp(reader));
    else reader.skip();
  }
}

function readQuantile(reader: ProtobufReader): { quantile: number; value: number } {
  let quantile = 0;
  let value = 0;
  while (reader.next()) {
    if (reader.field === 1) quantile = reader.double();
    else if (reader.field === 2) value = reader.double();
    else reader.skip();
  }
  return { quantile, value };
}

function readHistogram(reader: ProtobufReader, metric: Metric): void {
  const { native } = metric;
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        metric.count = reader.unsigned();
        break;
      case 4:
        metric.count = reader.double();
        break;
      case 2:
        metric.sum = reader.double();
        break;
      case 3:
        metric.buckets.push(reader.message(() => readBucket(reader)));
        break;
      case 15:
        metric.startMs = reader.message(() => readTimestamp(reader));
        break;
      case 16:
        metric.nativeExemplars.push(reader.message(() => readExemplar(reader)));
        break;
      default:
        if (reader.field < 5 || reader.field > 14) reader.skip();
        else if (readNativeField(reader, native)) metric.isNative = true;
    }
  }
}

/** Whether the field is one of a native histogram; a threshold alone makes one, as an empty span does. */
function readNativeField(reader: ProtobufReader, native: NativeFields): boolean {
  switch (reader.field) {
    case 5:
      native.schema = reader.zigzag();
      return false;
    case 6:
      native.zeroThreshold = reader.double();
      return native.zeroThreshold > 0;
    case 7:
      native.zeroCount = reader.unsigned();
      return native.zeroCount > 0;
    case 8:
      native.zeroCount = reader.double();
      return native.zeroCount > 0;
    default:
      return readSide(reader, native.negative, 9) || readSide(reader, native.positive, 12);
  }
}

function readSide(reader: ProtobufReader, side: SideFields, firstField: number): boolean {
  if (reader.field === firstField) {
    if (side.spans.length >= bucketsMax)
      throw new ProtobufError(`a histogram has more than ${bucketsMax} spans`);
    side.spans.push(reader.message(() => readSpan(reader)));
  } else if (reader.field === firstField + 1) reader.repeated('zigzag', side.deltas, bucketsMax);
  else if (reader.field === firstField + 2) reader.repeated('double', side.counts, bucketsMax);
  else return false;
  return true;
}

/** BucketSpan is the same message in every protocol of Prometheus. */
export function readSpan(reader: ProtobufReader): { offset: number; length: number } {
  let offset = 0;
  let length = 0;
  while (reader.next()) {
    if (reader.field === 1) offset = reader.zigzag();
    else if (reader.field === 2) length = reader.unsigned();
    else reader.skip();
  }
  return { offset, length };
}

function readBucket(reader: ProtobufReader): Bucket {
  let count = 0;
  let bound = 0;
  let exemplar: Exemplar | undefined;
  while (reader.next()) {
    if (reader.field === 1) count = reader.unsigned();
    else if (reader.field === 4) count = reader.double();
    else if (reader.field === 2) bound = reader.double();
    else if (reader.field === 3) exemplar = reader.message(() => readExemplar(reader));
    else reader.skip();
  }
  return { count, bound, exemplar };
}

function readExemplar(reader: ProtobufReader): Exemplar {
  const labels: [string, string][] = [];
  let value = 0;
  let atMs: number | undefined;
  while (reader.next()) {
    if (reader.field === 1) labels.push(reader.message(() => readPair(reader)));
    else if (reader.field === 2) value = reader.double();
    else if (reader.field === 3) atMs = reader.message(() => readTimestamp(reader));
    else reader.skip();
  }
  return { labels, value, atMs };
}

/** google.protobuf.Timestamp, as Unix milliseconds. */
function readTimestamp(reader: ProtobufReader): number {
  let seconds = 0;
  let nanos = 0;
  while (reader.next()) {
    if (reader.field === 1) seconds = reader.signed();
    else if (reader.field === 2) nanos = reader.signed();
    else reader.skip();
  }
  return seconds * 1000 + Math.trunc(nanos / 1e6);
}
