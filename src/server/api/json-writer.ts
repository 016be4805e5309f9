// JSON text written straight into bytes. An answer has tens of thousands of numbers: as strings they would be made,
// joined, measured and encoded one after the other; most of those that monitoring knows are written without any.

import { valueText } from './value-text.ts';

const capacityMin = 16 * 1024;
/** More than any number has, and than the longest text that is written byte by byte. */
const reserve = 64;
const [zero, minus, point] = [0x30, 0x2d, 0x2e];

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

  /** ASCII of at most `reserve` characters, for which a call into the machine would cost more than a loop. */
  short(text: string): void {
    this.#makeRoom(reserve);
    const buffer = this.#buffer;
    let at = this.#length;
    for (let i = 0; i < text.length; i++) buffer[at++] = text.charCodeAt(i);
    this.#length = at;
  }

  /** A number as `valueText` has it. */
  value(value: number): void {
    const thousandths = Math.round(value * 1000);
    const size = Math.abs(thousandths);
    // A decimal of at most 15 digits that reads back as the number is its shortest; smaller ones than these have an
    // exponent, and zero has a sign.
    if (size > 0 && size < thousandthsMax && thousandths / 1000 === value) this.#decimal(thousandths);
    else this.short(valueText(value));
  }

  #decimal(thousandths: number): void {
    this.#makeRoom(reserve);
    const buffer = this.#buffer;
    let at = this.#length;
    if (thousandths < 0) buffer[at++] = minus;
    const size = Math.abs(thousandths);
    const whole = Math.floor(size / 1000);
    at = writeWhole(buffer, at, whole);
    let fraction = size - whole * 1000;
    if (fraction > 0) {
      buffer[at++] = point;
      // Zeros at the end are not written.
      for (let place = 100; fraction > 0; place /= 10) {
        const digit = Math.floor(fraction / place);
        buffer[at++] = zero + digit;
        fraction -= digit * place;
      }
    }
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

/** Writes the digits of a whole number below 2 ** 53; returns where they end. */
function writeWhole(buffer: Buffer, start: number, whole: number): number {
  let end = start + 1;
  for (let limit = 10; whole >= limit; limit *= 10) end++;
  let rest = whole;
  let at = end;
  // Division of 32-bit integers is several times faster than that of doubles.
  while (rest > 0x7fffffff) {
    const next = Math.floor(rest / 10);
    buffer[--at] = zero + (rest - next * 10);
    rest = next;
  }
  let small = rest | 0;
  while (at > start) {
    const next = (small / 10) | 0;
    buffer[--at] = zero + (small - next * 10);
    small = next;
  }
  return end;
}
