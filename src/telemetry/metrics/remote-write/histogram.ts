// The Histogram message of remote write, which versions 1.0 and 2.0 share but for where its start stands.
// https://github.com/prometheus/prometheus/blob/main/prompb/types.proto

import { ProtobufError, type ProtobufReader } from '../../protobuf-reader.ts';
import {
  bucketsMax,
  nativeHistogram,
  newNativeFields,
  type SideFields,
} from '../exposition/native-fields.ts';
import { readSpan } from '../exposition/protobuf.ts';
import type { ResetHint } from '../native-histogram.ts';
import type { WrittenSample } from './request.ts';

const hints: readonly ResetHint[] = ['unknown', 'reset', 'notReset', 'gauge'];

/** The sample, or what is wrong with its histogram. */
export function readHistogramSample(reader: ProtobufReader): WrittenSample | string {
  const fields = newNativeFields();
  let atMs = 0;
  let startMs: number | undefined;
  let isStale = false;
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        fields.count = reader.unsigned();
        break;
      case 2:
        fields.count = reader.double();
        break;
      case 3:
        fields.sum = reader.double();
        isStale = reader.wasStaleMarker();
        break;
      case 4:
        fields.schema = reader.zigzag();
        break;
      case 5:
        fields.zeroThreshold = reader.double();
        break;
      case 6:
        fields.zeroCount = reader.unsigned();
        break;
      case 7:
        fields.zeroCount = reader.double();
        break;
      case 14:
        fields.resetHint = hints[reader.unsigned()] ?? 'unknown';
        break;
      case 15:
        atMs = reader.signed();
        break;
      case 16:
        reader.repeated('double', fields.customBounds, bucketsMax);
        break;
      case 17:
        startMs = reader.signed() || undefined;
        break;
      default:
        if (!readSide(reader, fields.negative, 8) && !readSide(reader, fields.positive, 11)) reader.skip();
    }
  }
  if (isStale) return { atMs, value: Number.NaN, stale: true, histogram: undefined, startMs: undefined };
  const histogram = nativeHistogram(fields);
  return typeof histogram === 'string' ? histogram : { atMs, value: 0, stale: false, histogram, startMs };
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
