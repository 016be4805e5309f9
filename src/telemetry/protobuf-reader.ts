// Protocol Buffers, read field by field from the wire without a schema. Nested messages are read in place; nothing is
// copied but the strings that are asked for. Every length is checked before it is followed.
// https://protobuf.dev/programming-guides/encoding/

/** The bytes are no valid message. */
export class ProtobufError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ProtobufError';
  }
}

const varint = 0;
const fixed64 = 1;
const delimited = 2;
const fixed32 = 5;

const twoTo32 = 2 ** 32;

export class ProtobufReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at = 0;
  #end: number;
  #wire = 0;
  /** Number of the field that `next` has found. */
  field = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.length;
  }

  /** Moves to the next field of the message; false at its end. What `next` finds is read or skipped. */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    const first = this.#bytes[this.#at]!;
    if (first >= 8 && first < 0x80) {
      this.#at++;
      this.field = first >>> 3;
      this.#wire = first & 7;
      return true;
    }
    const tag = this.#varint();
    this.field = Math.floor(tag / 8);
    this.#wire = tag % 8;
    if (this.field === 0) throw new ProtobufError('a field has the number 0');
    return true;
  }

  skip(): void {
    if (this.#wire === varint) this.#varint();
    else if (this.#wire === fixed64) this.#take(8);
    else if (this.#wire === fixed32) this.#take(4);
    else if (this.#wire === delimited) this.#take(this.#varint());
    else throw new ProtobufError(`field ${this.field} has the wire type ${this.#wire}`);
  }

  /** Reads the nested message of this field: `read` runs once, and what it leaves is passed over. */
  message<T>(read: () => T): T {
    const start = this.#lengthDelimited();
    const after = this.#at;
    const end = this.#end;
    this.#at = start;
    this.#end = after;
    const result = read();
    this.#at = after;
    this.#end = end;
    return result;
  }

  get atEnd(): boolean {
    return this.#at >= this.#end;
  }

  /** As `message`, for one that stands in no field but after its length alone. */
  delimited<T>(read: () => T): T {
    this.#wire = delimited;
    return this.message(read);
  }

  /** Where the next byte is that will be read. */
  get position(): number {
    return this.#at;
  }

  /** The bytes from `start` on that were read, one character each: a key by which the same bytes are known again. */
  textSince(start: number): string {
    return this.#bytes.toString('latin1', start, this.#at);
  }

  /** Passes these bytes if the message goes on with them, and not with another field of the tag `tagAfter` behind them. */
  passes(expected: Uint8Array, tagAfter: number): boolean {
    const start = this.#at;
    const end = start + expected.length;
    if (end > this.#end || (end < this.#end && this.#bytes[end] === tagAfter)) return false;
    for (let i = 0; i < expected.length; i++) if (this.#bytes[start + i] !== expected[i]) return false;
    this.#at = end;
    return true;
  }

  string(): string {
    const start = this.#lengthDelimited();
    return this.#bytes.toString('utf8', start, this.#at);
  }

  /** Shared with the message. */
  bytes(): Buffer {
    const start = this.#lengthDelimited();
    return this.#bytes.subarray(start, this.#at);
  }

  double(): number {
    this.#expect(fixed64);
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** Whether the eight bytes of the double that was just read are Prometheus's stale marker. */
  wasStaleMarker(): boolean {
    const start = this.#at - 8;
    return this.#view.getUint32(start, true) === 2 && this.#view.getUint32(start + 4, true) === 0x7ff00000;
  }

  /** uint64 and uint32; beyond 2^53 as near as a double comes. */
  unsigned(): number {
    this.#expect(varint);
    return this.#varint();
  }

  bool(): boolean {
    return this.unsigned() !== 0;
  }

  /** int64 and int32 in two's complement. */
  signed(): number {
    this.#expect(varint);
    return this.#signedVarint();
  }

  /** sint64 and sint32: zigzag. */
  zigzag(): number {
    this.#expect(varint);
    return this.#zigzag();
  }

  fixed64(): number {
    this.#expect(fixed64);
    const start = this.#take(8);
    return this.#view.getUint32(start, true) + this.#view.getUint32(start + 4, true) * twoTo32;
  }

  /** sfixed64 */
  signedFixed64(): number {
    this.#expect(fixed64);
    const start = this.#take(8);
    return this.#view.getUint32(start, true) + this.#view.getInt32(start + 4, true) * twoTo32;
  }

  /** A repeated field, packed or not: appended to `list`, which may hold no more than `countMax`. */
  repeated(kind: 'double' | 'unsigned' | 'zigzag' | 'fixed64', list: number[], countMax: number): void {
    const one = () => {
      if (list.length >= countMax)
        throw new ProtobufError(`field ${this.field} has more than ${countMax} values`);
      list.push(this.#number(kind));
    };
    const single = kind === 'double' || kind === 'fixed64' ? fixed64 : varint;
    if (this.#wire === single) one();
    else
      this.message(() => {
        while (this.#at < this.#end) one();
      });
  }

  #number(kind: 'double' | 'unsigned' | 'zigzag' | 'fixed64'): number {
    if (kind === 'unsigned') return this.#varint();
    if (kind === 'zigzag') return this.#zigzag();
    const start = this.#take(8);
    if (kind === 'double') return this.#view.getFloat64(start, true);
    return this.#view.getUint32(start, true) + this.#view.getUint32(start + 4, true) * twoTo32;
  }

  #expect(wire: number): void {
    if (this.#wire !== wire)
      throw new ProtobufError(`field ${this.field} has the wire type ${this.#wire}, not ${wire}`);
  }

  #lengthDelimited(): number {
    this.#expect(delimited);
    return this.#take(this.#varint());
  }

  /** Where the next `length` bytes begin, which are passed. */
  #take(length: number): number {
    const start = this.#at;
    if (length > this.#end - start) throw new ProtobufError('the message ends in the middle of a field');
    this.#at = start + length;
    return start;
  }

  #low = 0;
  #high = 0;

  #varint(): number {
    // Most are short.
    const first = this.#bytes[this.#at]!;
    if (first < 0x80 && this.#at < this.#end) {
      this.#at++;
      return first;
    }
    this.#words();
    return this.#high * twoTo32 + this.#low;
  }

  #signedVarint(): number {
    this.#words();
    return (this.#high | 0) * twoTo32 + this.#low;
  }

  #zigzag(): number {
    this.#words();
    const negative = this.#low & 1;
    const half = (this.#high >>> 1) * twoTo32 + (((this.#low >>> 1) | ((this.#high & 1) << 31)) >>> 0);
    return negative ? -half - 1 : half;
  }

  /** A varint as two unsigned halves. */
  #words(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= this.#end) throw new ProtobufError('the message ends in the middle of a number');
      const byte = this.#bytes[this.#at++]!;
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift === 28) high |= bits >>> 4;
      else if (shift > 28) high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        return;
      }
    }
    throw new ProtobufError('a number has more than ten bytes');
  }
}
