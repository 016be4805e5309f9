// A native histogram as bytes:
//
//   flags (1 if its counts are whole numbers, 2 if it has custom bounds, 4 * its reset hint), schema (signed), sum (f64),
//   zero threshold (f64), count, zero count, positive buckets, negative buckets [, count of bounds, bounds (f64)…]
//   buckets: count, (distance of the index to the one before, signed)…, counts…
//
// Counts are variable-length integers where all of them are whole, as those of integer histograms are, else doubles.

import {
  type Buckets,
  customBucketsSchema,
  exponentialSchemaMax,
  exponentialSchemaMin,
  type NativeHistogram,
  noBuckets,
  type ResetHint,
} from '../metrics/native-histogram.ts';
import { type ByteReader, type ByteWriter, MalformedRecord } from './bytes.ts';

const wholeFlag = 1;
const boundsFlag = 2;
const hintFactor = 4;
const hints: readonly ResetHint[] = ['unknown', 'reset', 'notReset', 'gauge'];

export function writeHistogram(writer: ByteWriter, histogram: NativeHistogram): void {
  const { schema, count, sum, zeroThreshold, zeroCount, positive, negative, customBounds } = histogram;
  const isWhole =
    [count, zeroCount].every(fitsWhole) &&
    [positive, negative].every(({ counts }) => counts.every(fitsWhole));
  const putCount = (value: number) => (isWhole ? writer.unsigned(value) : writer.double(value));
  writer.byte(
    (isWhole ? wholeFlag : 0) +
      (customBounds ? boundsFlag : 0) +
      hintFactor * hints.indexOf(histogram.resetHint),
  );
  writer.signed(schema);
  writer.double(sum);
  writer.double(zeroThreshold);
  putCount(count);
  putCount(zeroCount);
  for (const { indexes, counts } of [positive, negative]) {
    writer.unsigned(indexes.length);
    for (let i = 0; i < indexes.length; i++) writer.signed(indexes[i]! - (i === 0 ? 0 : indexes[i - 1]!));
    for (const value of counts) putCount(value);
  }
  if (!customBounds) return;
  writer.unsigned(customBounds.length);
  for (const bound of customBounds) writer.double(bound);
}

export function readHistogram(reader: ByteReader): NativeHistogram {
  const flags = reader.byte();
  const resetHint = hints[Math.floor(flags / hintFactor)];
  const takeCount = () => (flags & wholeFlag ? reader.unsigned() : reader.double());
  const schema = reader.signed();
  const isCustom = schema === customBucketsSchema;
  if (!resetHint || (!isCustom && (schema < exponentialSchemaMin || schema > exponentialSchemaMax)))
    throw new MalformedRecord();
  const [sum, zeroThreshold] = [reader.double(), reader.double()];
  const [count, zeroCount] = [takeCount(), takeCount()];
  const [positive, negative] = [readBuckets(reader, takeCount), readBuckets(reader, takeCount)];
  const customBounds = flags & boundsFlag ? readBounds(reader) : undefined;
  return { schema, count, sum, zeroThreshold, zeroCount, positive, negative, customBounds, resetHint };
}

function readBuckets(reader: ByteReader, takeCount: () => number): Buckets {
  const length = reader.count();
  if (length === 0) return noBuckets;
  const indexes = new Int32Array(length);
  let index = 0;
  for (let i = 0; i < length; i++) {
    const distance = reader.signed();
    index += distance;
    if ((i > 0 && distance <= 0) || index < -(2 ** 31) || index >= 2 ** 31) throw new MalformedRecord();
    indexes[i] = index;
  }
  return { indexes, counts: Float64Array.from({ length }, takeCount) };
}

function readBounds(reader: ByteReader): Float64Array {
  return Float64Array.from({ length: reader.count() }, () => reader.double());
}

function fitsWhole(value: number): boolean {
  return value >= 0 && Number.isSafeInteger(value) && !Object.is(value, -0);
}
