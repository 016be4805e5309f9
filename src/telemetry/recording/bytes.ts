/** Beyond it, numbers are taken apart by division: shifts know 32 bits. */
const shiftedMax = 2 ** 31 - 1;

/** Bytes that grow by doubling: variable-length integers (LEB128), doubles with their exact bits, strings. */
export class ByteWriter {
  #buffer = Buffer.alloc(4096);
  #length = 0;

  reset(): void {
    this.#length = 0;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  /** A whole number from 0 to 2^53 - 1. */
  unsigned(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest > shiftedMax) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.#length++] = rest;
  }

  /** A whole number from -2^52 to 2^52 - 1: zigzag. */
  signed(value: number): void {
    this.unsigned(value < 0 ? -2 * value - 1 : 2 * value);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  text(value: string): void {
    const bytes = Buffer.byteLength(value);
    this.unsigned(bytes);
    this.#reserve(bytes);
    this.#length += this.#buffer.write(value, this.#length);
  }

  /** What was written since the last reset; valid until the next write. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#buffer.length) return;
    const grown = Buffer.alloc(Math.max(this.#buffer.length * 2, this.#length + more));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

/** A record whose checksum is right and whose content makes no sense. */
export class MalformedRecord extends Error {
  constructor() {
    super('a record is malformed');
    this.name = 'MalformedRecord';
  }
}

/** Reads what a ByteWriter wrote. Throws a MalformedRecord rather than read beyond the end. */
export class ByteReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  byte(): number {
    return this.#buffer[this.#take(1)]!;
  }

  unsigned(): number {
    let value = 0;
    let place = 1;
    for (let bytes = 0; bytes < 8; bytes++) {
      const byte = this.byte();
      value += (byte & 0x7f) * place;
      place *= 0x80;
      if (byte >= 0x80) continue;
      if (value > Number.MAX_SAFE_INTEGER) break;
      return value;
    }
    throw new MalformedRecord();
  }

  signed(): number {
    const zigzag = this.unsigned();
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  }

  /** How many entries follow, none of which is shorter than a byte. */
  count(): number {
    const count = this.unsigned();
    if (count > this.#buffer.length - this.#at) throw new MalformedRecord();
    return count;
  }

  double(): number {
    return this.#buffer.readDoubleLE(this.#take(8));
  }

  text(): string {
    const bytes = this.unsigned();
    const start = this.#take(bytes);
    return this.#buffer.toString('utf8', start, start + bytes);
  }

  /** Where the next `bytes` begin, which are passed. */
  #take(bytes: number): number {
    const start = this.#at;
    if (bytes > this.#buffer.length - start) throw new MalformedRecord();
    this.#at = start + bytes;
    return start;
  }
}
