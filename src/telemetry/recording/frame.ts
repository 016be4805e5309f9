// A segment of a recording: an 8-byte mark, then frames.
//
//   frame:   length of the payload (u32 LE) | CRC-32 of the payload (u32 LE) | payload
//   payload: kind (u8) | what record-codec.ts writes for it
//
// Segments stand alone: each has its own dictionary, so that a damaged one costs only itself. A kind is never given
// another layout: what changes gets a new number, and old recordings stay readable.

import { crc32 } from 'node:zlib';

/** The last byte is the version of the format. */
export const segmentMark = Buffer.from('FDREC\u0000\u0000\u0001', 'latin1');

/** Batches as they were before native histograms and start timestamps were recorded. */
export const plainBatchKind = 1;
export const batchKind = 2;
export const exemplarsKind = 3;
export const metadataKind = 4;

const headBytes = 8;
const payloadBytesMax = 1024 * 1024 * 1024;

export function frame(payload: Uint8Array): Buffer {
  const whole = Buffer.allocUnsafe(headBytes + payload.length);
  whole.writeUInt32LE(payload.length, 0);
  whole.writeUInt32LE(crc32(payload), 4);
  whole.set(payload, headBytes);
  return whole;
}

/** What ended the reading of a segment before its end. */
export interface Damage {
  readonly atByte: number;
  /** `torn`: the segment ends inside a frame, as after a kill; `corrupt`: a frame was changed, or makes no sense. */
  readonly kind: 'torn' | 'corrupt';
}

/** Calls `take` with the payload of each whole frame, and where that begins; stops at the first that is not whole. */
export function readFrames(
  segment: Buffer,
  take: (payload: Buffer, atByte: number) => void,
): Damage | undefined {
  if (segment.length === 0) return undefined;
  const mark = segment.subarray(0, segmentMark.length);
  if (!mark.equals(segmentMark.subarray(0, mark.length))) return { atByte: 0, kind: 'corrupt' };
  if (mark.length < segmentMark.length) return { atByte: 0, kind: 'torn' };
  let at = segmentMark.length;
  while (at < segment.length) {
    if (at + headBytes > segment.length) return { atByte: at, kind: 'torn' };
    const length = segment.readUInt32LE(at);
    if (length > payloadBytesMax) return { atByte: at, kind: 'corrupt' };
    const end = at + headBytes + length;
    if (end > segment.length) return { atByte: at, kind: 'torn' };
    const payload = segment.subarray(at + headBytes, end);
    if (crc32(payload) !== segment.readUInt32LE(at + 4)) return { atByte: at, kind: 'corrupt' };
    take(payload, at);
    at = end;
  }
  return undefined;
}
