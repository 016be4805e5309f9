// ExportMetricsServiceRequest from protobuf.

import { ProtobufError, ProtobufReader } from '../../protobuf-reader.ts';
import {
  type ExponentialPoint,
  type ExponentialSide,
  type HistogramPoint,
  type NumberPoint,
  type OtlpData,
  type OtlpExemplar,
  type OtlpMetric,
  type OtlpResource,
  otlpBucketsMax,
  type SummaryPoint,
  type Temporality,
  temporalities,
} from './model.ts';

const noValueFlag = 1;
/** An attribute's value may hold lists of lists. */
const valueDepthMax = 16;

/** Throws a ProtobufError. */
export function readOtlpProtobuf(body: Buffer): OtlpResource[] {
  const reader = new ProtobufReader(body);
  const resources: OtlpResource[] = [];
  while (reader.next()) {
    if (reader.field === 1) resources.push(reader.message(() => readResource(reader)));
    else reader.skip();
  }
  return resources;
}

function readResource(reader: ProtobufReader): OtlpResource {
  const attributes: [string, string][] = [];
  const metrics: OtlpMetric[] = [];
  while (reader.next()) {
    if (reader.field === 1) reader.message(() => readAttributes(reader, 1, attributes));
    else if (reader.field === 2) reader.message(() => readScope(reader, metrics));
    else reader.skip();
  }
  return { attributes, metrics };
}

function readScope(reader: ProtobufReader, metrics: OtlpMetric[]): void {
  while (reader.next()) {
    if (reader.field === 2) metrics.push(reader.message(() => readMetric(reader)));
    else reader.skip();
  }
}

function readMetric(reader: ProtobufReader): OtlpMetric {
  let name = '';
  let description = '';
  let unit = '';
  let data: OtlpData | undefined;
  while (reader.next()) {
    if (reader.field === 1) name = reader.string();
    else if (reader.field === 2) description = reader.string();
    else if (reader.field === 3) unit = reader.string();
    else data = readData(reader) ?? data;
  }
  return { name, description, unit, data };
}

function readData(reader: ProtobufReader): OtlpData | undefined {
  switch (reader.field) {
    case 5:
      return { kind: 'gauge', points: readPoints(reader, readNumber).points };
    case 7:
      return { kind: 'sum', ...readPoints(reader, readNumber) };
    case 9:
      return { kind: 'histogram', ...readPoints(reader, readHistogram) };
    case 10:
      return { kind: 'exponential', ...readPoints(reader, readExponential) };
    case 11:
      return { kind: 'summary', points: readPoints(reader, readSummary).points };
    default:
      reader.skip();
      return undefined;
  }
}

interface Points<T> {
  readonly points: T[];
  readonly temporality: Temporality;
  readonly isMonotonic: boolean;
}

/** Every kind of data has its points as field 1, its temporality as 2, and a sum whether it is monotonic as 3. */
function readPoints<T>(reader: ProtobufReader, read: (reader: ProtobufReader) => T): Points<T> {
  return reader.message(() => {
    const points: T[] = [];
    let temporality: Temporality = 'unspecified';
    let isMonotonic = false;
    while (reader.next()) {
      if (reader.field === 1) points.push(reader.message(() => read(reader)));
      else if (reader.field === 2) temporality = temporalities[reader.unsigned()] ?? 'unspecified';
      else if (reader.field === 3) isMonotonic = reader.bool();
      else reader.skip();
    }
    return { points, temporality, isMonotonic };
  });
}

interface CommonFields {
  readonly attributes: [string, string][];
  readonly exemplars: OtlpExemplar[];
  startMs: number;
  atMs: number;
  isGap: boolean;
}

function common(): CommonFields {
  return { attributes: [], exemplars: [], startMs: 0, atMs: 0, isGap: false };
}

/** Fields that all points have, though not under the same numbers. Whether it was one of them. */
function readCommon(
  reader: ProtobufReader,
  point: CommonFields,
  numbers: { readonly attributes: number; readonly exemplars: number; readonly flags: number },
): boolean {
  if (reader.field === numbers.attributes) readAttributeField(reader, point.attributes);
  else if (reader.field === 2) point.startMs = milliseconds(reader.fixed64());
  else if (reader.field === 3) point.atMs = milliseconds(reader.fixed64());
  else if (reader.field === numbers.exemplars)
    point.exemplars.push(reader.message(() => readExemplar(reader)));
  else if (reader.field === numbers.flags) point.isGap = reader.unsigned() % 2 === noValueFlag;
  else return false;
  return true;
}

function readNumber(reader: ProtobufReader): NumberPoint {
  const point = { ...common(), value: 0 };
  while (reader.next()) {
    if (readCommon(reader, point, { attributes: 7, exemplars: 5, flags: 8 })) continue;
    if (reader.field === 4) point.value = reader.double();
    else if (reader.field === 6) point.value = reader.signedFixed64();
    else reader.skip();
  }
  return point;
}

function readHistogram(reader: ProtobufReader): HistogramPoint {
  const bucketCounts: number[] = [];
  const bounds: number[] = [];
  const point = { ...common(), count: 0, sum: undefined as number | undefined, bucketCounts, bounds };
  while (reader.next()) {
    if (readCommon(reader, point, { attributes: 9, exemplars: 8, flags: 10 })) continue;
    if (reader.field === 4) point.count = reader.fixed64();
    else if (reader.field === 5) point.sum = reader.double();
    else if (reader.field === 6) reader.repeated('fixed64', bucketCounts, otlpBucketsMax);
    else if (reader.field === 7) reader.repeated('double', bounds, otlpBucketsMax);
    else reader.skip();
  }
  return point;
}

function readExponential(reader: ProtobufReader): ExponentialPoint {
  const empty: ExponentialSide = { offset: 0, counts: [] };
  const numbers = { scale: 0, zeroCount: 0, zeroThreshold: 0, positive: empty, negative: empty };
  const point = { ...common(), ...numbers, count: 0, sum: undefined as number | undefined };
  while (reader.next()) {
    if (readCommon(reader, point, { attributes: 1, exemplars: 11, flags: 10 })) continue;
    if (reader.field === 4) point.count = reader.fixed64();
    else if (reader.field === 5) point.sum = reader.double();
    else if (reader.field === 6) point.scale = reader.zigzag();
    else if (reader.field === 7) point.zeroCount = reader.fixed64();
    else if (reader.field === 8) point.positive = reader.message(() => readSide(reader));
    else if (reader.field === 9) point.negative = reader.message(() => readSide(reader));
    else if (reader.field === 14) point.zeroThreshold = reader.double();
    else reader.skip();
  }
  return point;
}

function readSide(reader: ProtobufReader): ExponentialSide {
  let offset = 0;
  const counts: number[] = [];
  while (reader.next()) {
    if (reader.field === 1) offset = reader.zigzag();
    else if (reader.field === 2) reader.repeated('unsigned', counts, otlpBucketsMax);
    else reader.skip();
  }
  return { offset, counts };
}

function readSummary(reader: ProtobufReader): SummaryPoint {
  const quantiles: { quantile: number; value: number }[] = [];
  const point = { ...common(), count: 0, sum: 0, quantiles };
  while (reader.next()) {
    if (readCommon(reader, point, { attributes: 7, exemplars: -1, flags: 8 })) continue;
    if (reader.field === 4) point.count = reader.fixed64();
    else if (reader.field === 5) point.sum = reader.double();
    else if (reader.field === 6) quantiles.push(reader.message(() => readQuantile(reader)));
    else reader.skip();
  }
  return point;
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

function readExemplar(reader: ProtobufReader): OtlpExemplar {
  const attributes: [string, string][] = [];
  const exemplar = { atMs: 0, value: 0, attributes, traceId: '', spanId: '' };
  while (reader.next()) {
    if (reader.field === 2) exemplar.atMs = milliseconds(reader.fixed64());
    else if (reader.field === 3) exemplar.value = reader.double();
    else if (reader.field === 4) exemplar.spanId = reader.bytes().toString('hex');
    else if (reader.field === 5) exemplar.traceId = reader.bytes().toString('hex');
    else if (reader.field === 6) exemplar.value = reader.signedFixed64();
    else if (reader.field === 7) readAttributeField(reader, attributes);
    else reader.skip();
  }
  return exemplar;
}

function readAttributes(reader: ProtobufReader, field: number, into: [string, string][]): void {
  while (reader.next()) {
    if (reader.field === field) readAttributeField(reader, into);
    else reader.skip();
  }
}

function readAttributeField(reader: ProtobufReader, into: [string, string][]): void {
  into.push(
    reader.message(() => {
      const [key, value] = readKeyValue(reader, 0);
      return [key, typeof value === 'string' ? value : JSON.stringify(value)];
    }),
  );
}

function readKeyValue(reader: ProtobufReader, depth: number): [string, unknown] {
  let key = '';
  let value: unknown = '';
  while (reader.next()) {
    if (reader.field === 1) key = reader.string();
    else if (reader.field === 2) value = reader.message(() => readValue(reader, depth));
    else reader.skip();
  }
  return [key, value];
}

function readValue(reader: ProtobufReader, depth: number): unknown {
  if (depth > valueDepthMax) throw new ProtobufError('an attribute is nested too deep');
  let value: unknown = '';
  while (reader.next()) {
    if (reader.field === 1) value = reader.string();
    else if (reader.field === 2) value = reader.bool();
    else if (reader.field === 3) value = reader.signed();
    else if (reader.field === 4) value = reader.double();
    else if (reader.field === 5) value = reader.message(() => readList(reader, depth));
    else if (reader.field === 6) value = reader.message(() => readMap(reader, depth));
    else if (reader.field === 7) value = reader.bytes().toString('base64');
    else reader.skip();
  }
  return value;
}

function readList(reader: ProtobufReader, depth: number): unknown[] {
  const list: unknown[] = [];
  while (reader.next()) {
    if (reader.field === 1) list.push(reader.message(() => readValue(reader, depth + 1)));
    else reader.skip();
  }
  return list;
}

function readMap(reader: ProtobufReader, depth: number): Record<string, unknown> {
  const entries: [string, unknown][] = [];
  while (reader.next()) {
    if (reader.field === 1) entries.push(reader.message(() => readKeyValue(reader, depth + 1)));
    else reader.skip();
  }
  return Object.fromEntries(entries);
}

/** From nanoseconds, which a double holds to a few hundred of them. */
function milliseconds(nanos: number): number {
  return Math.trunc(nanos / 1e6);
}
