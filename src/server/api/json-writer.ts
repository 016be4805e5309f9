// JSON text written straight into bytes. An answer has tens of thousands of numbers: as strings they would be made,
// joined, measured and encoded one after the other; nearly all of them are written without any.

import { writeDigits, writeWhole, zero } from './decimal-bytes.ts';
import { writeShortest } from './shortest-decimal.ts';
import { valueText } from './value-text.ts';

const capacityMin = 16 * 1024;
/** More than a number or a point has. */
const reserve = 64;
const [minus, point, comma, quote, open, close] = [0x2d, 0x2e, 0x2c, 0x22, 0x5b, 0x5d];

/** Of a number whose digits behind the point are written from a whole number of thousandths. */
const thousandthsMax = 1e15;

export class JsonWriter {
  #buffer = Buffer.allocUnsafe(capacityMin);
  #length = 0;

  /** The bytes that were written; the writer must not be used any more. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  text(text: string): void {
    // At most three bytes a UTF-16 unit.
    this.#makeRoom(3 * text.length);
    this.#length += this.#buffer.write(text, this.#length);
  }

  /** A number as `valueText` has it. */
  value(value: number): void {
    this.#makeRoom(reserve);
    this.#length = writeValue(this.#buffer, this.#length, value);
  }

  /** `[[SECONDS,"VALUE"],...]` of Unix milliseconds and numbers; without the points that `leaveOut` has. */
  points(times: Float64Array, values: Float64Array, leaveOut?: readonly unknown[]): void {
    this.#makeRoom(reserve * (values.length + 1));
    const buffer = this.#buffer;
    const start = this.#length + 1;
    let at = start;
    buffer[at - 1] = open;
    for (let i = 0; i < values.length; i++) {
      if (leaveOut?.[i]) continue;
      if (at > start) buffer[at++] = comma;
      buffer[at++] = open;
      at = writeSeconds(buffer, at, times[i]!);
      buffer[at++] = comma;
      buffer[at++] = quote;
      at = writeValue(buffer, at, values[i]!);
      buffer[at++] = quote;
      buffer[at++] = close;
    }
    buffer[at++] = close;
    this.#length = at;
  }

  #makeRoom(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

/** Three decimals, or none on a whole second. */
function writeSeconds(buffer: Buffer, start: number, ms: number): number {
  let at = start;
  if (ms < 0) buffer[at++] = minus;
  const size = Math.abs(ms);
  const seconds = Math.floor(size / 1000);
  at = writeWhole(buffer, at, seconds);
  const fraction = size - seconds * 1000;
  if (fraction === 0) return at;
  buffer[at++] = point;
  return writeDigits(buffer, at, fraction, 3);
}

function writeValue(buffer: Buffer, start: number, value: number): number {
  const thousandths = Math.round(value * 1000);
  const size = Math.abs(thousandths);
  // A decimal of at most 15 digits that reads back as the number is its shortest; smaller ones than these have an
  // exponent, and zero has a sign.
  if (size > 0 && size < thousandthsMax && thousandths / 1000 === value)
    return writeThousandths(buffer, start, thousandths);
  const begin = value < 0 ? start + 1 : start;
  const end = writeShortest(buffer, begin, Math.abs(value));
  if (end === begin) return start + buffer.write(valueText(value), start, 'latin1');
  if (value < 0) buffer[start] = minus;
  return end;
}

function writeThousandths(buffer: Buffer, start: number, thousandths: number): number {
  let at = start;
  if (thousandths < 0) buffer[at++] = minus;
  const size = Math.abs(thousandths);
  const whole = Math.floor(size / 1000);
  at = writeWhole(buffer, at, whole);
  const fraction = size - whole * 1000;
  if (fraction === 0) return at;
  buffer[at++] = point;
  at = writeDigits(buffer, at, fraction, 3);
  // Zeros at the end are not written.
  while (buffer[at - 1] === zero) at--;
  return at;
}
