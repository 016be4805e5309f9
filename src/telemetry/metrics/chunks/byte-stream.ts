// Bytes, variable-length integers and single bits, written one after the other and read back in the same order. The
// bytes are ours from end to end, so a reader trusts them.

const initialBytes = 4096;

export class ByteWriter {
  #bytes = new Uint8Array(initialBytes);
  #length = 0;
  /** Bits of the last byte that are not yet in use. */
  #freeBits = 0;

  get length(): number {
    return this.#length;
  }

  /** A copy of what was written. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
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
    while (left > 0) {
      if (this.#freeBits === 0) {
        this.byte(0);
        this.#freeBits = 8;
      }
      const taken = Math.min(left, this.#freeBits);
      const part = (value >>> (left - taken)) & ((1 << taken) - 1);
      this.#freeBits -= taken;
      this.#bytes[this.#length - 1]! |= part << this.#freeBits;
      left -= taken;
    }
  }

  /** What follows begins with a new byte. */
  endBits(): void {
    this.#freeBits = 0;
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  #at: number;
  /** Bits of the byte before `#at` that are not yet read. */
  #bitsLeft = 0;

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

  /** An unsigned integer of up to 32 bits. */
  bits(count: number): number {
    let value = 0;
    let left = count;
    while (left > 0) {
      if (this.#bitsLeft === 0) {
        this.#at++;
        this.#bitsLeft = 8;
      }
      const taken = Math.min(left, this.#bitsLeft);
      this.#bitsLeft -= taken;
      const part = (this.#bytes[this.#at - 1]! >>> this.#bitsLeft) & ((1 << taken) - 1);
      value = (value << taken) | part;
      left -= taken;
    }
    return value >>> 0;
  }

  endBits(): void {
    this.#bitsLeft = 0;
  }
}
