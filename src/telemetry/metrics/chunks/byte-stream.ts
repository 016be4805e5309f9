// Bytes, variable-length integers and single bits, written one after the other and read back in the same order. The
// bytes are ours from end to end, so a reader trusts them.

const initialBytes = 4096;
/** Behind what was written, because bits are read by whole words. */
const paddingBytes = 4;

export class ByteWriter {
  #bytes = new Uint8Array(initialBytes);
  #length = 0;
  /** Bits of the last byte that are not yet in use. */
  #freeBits = 0;

  get length(): number {
    return this.#length;
  }

  /** A copy of what was written, with the padding that a reader wants. */
  take(): Uint8Array {
    const bytes = new Uint8Array(this.#length + paddingBytes);
    bytes.set(this.#bytes.subarray(0, this.#length));
    return bytes;
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(this.#length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#length++] = value;
  }

  /** Seven bits a byte, lowest first; `value` is an integer from 0 to 2^53. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  /** Small for integers near zero, whatever their sign. */
  signed(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** The lowest `count` bits of a 32-bit integer, highest first. */
  bits(value: number, count: number): void {
    let left = count;
    while (left > this.#freeBits) {
      left -= this.#freeBits;
      if (this.#freeBits > 0)
        this.#bytes[this.#length - 1]! |= (value >>> left) & ((1 << this.#freeBits) - 1);
      this.byte(0);
      this.#freeBits = 8;
    }
    this.#freeBits -= left;
    this.#bytes[this.#length - 1]! |= (value & ((1 << left) - 1)) << this.#freeBits;
  }

  /** What follows begins with a new byte. */
  endBits(): void {
    this.#freeBits = 0;
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  #at: number;
  /** Bits of the byte at `#at` that were read. */
  #bit = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  byte(): number {
    return this.#bytes[this.#at++]!;
  }

  varint(): number {
    let byte = this.byte();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let scale = 0x80;
    do {
      byte = this.byte();
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
    } while (byte >= 0x80);
    return value;
  }

  signed(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /**
   * Fills `into` with the running sums of signed integers, each divided by `scale`. Behind `zerosBeforeRun` zeros in a row stands
   * how many more follow. Most of what queries decode is read here, and so in one loop that calls nothing.
   */
  sums(into: Float64Array, scale: number, zerosBeforeRun: number): void {
    const bytes = this.#bytes;
    let at = this.#at;
    let sum = 0;
    let zeros = 0;
    for (let i = 0; i < into.length; ) {
      let value = bytes[at++]!;
      if (value >= 0x80) {
        let byte = bytes[at++]!;
        value = (value & 0x7f) | ((byte & 0x7f) << 7);
        for (let factor = 0x4000; byte >= 0x80; factor *= 0x80) {
          byte = bytes[at++]!;
          value += (byte & 0x7f) * factor;
        }
      }
      if (value !== 0) {
        sum += value % 2 === 0 ? value / 2 : -(value + 1) / 2;
        into[i++] = scale === 1 ? sum : sum / scale;
        zeros = 0;
        continue;
      }
      into[i++] = sum / scale;
      if (++zeros < zerosBeforeRun) continue;
      this.#at = at;
      const run = this.varint();
      at = this.#at;
      into.fill(sum / scale, i, i + run);
      i += run;
      zeros = 0;
    }
    this.#at = at;
  }

  /** An unsigned integer of 1 to 32 bits. */
  bits(count: number): number {
    const bytes = this.#bytes;
    const at = this.#at;
    const bit = this.#bit;
    const word = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    const aligned = (word << bit) | (bytes[at + 4]! >>> (8 - bit));
    this.#at = at + ((bit + count) >>> 3);
    this.#bit = (bit + count) & 7;
    return aligned >>> (32 - count);
  }

  endBits(): void {
    if (this.#bit > 0) this.#at++;
    this.#bit = 0;
  }
}
