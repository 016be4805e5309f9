// Reads from a socket into memory that is filled again and again. Most bytes of a connection without a toxic go on to
// the system before the next are read, so that they need neither memory of their own nor a copy.

import type { OnReadOpts } from 'node:net';

/** Who takes what was read. */
export interface IntakeTaker {
  take(bytes: Buffer): void;
  /** Nobody keeps bytes that were taken: they go to the system at once, and what went before has gone there too. */
  readonly keepsNone: boolean;
  /** When false, no more is read until the socket is resumed. */
  readonly wantsMore: boolean;
}

/** One read takes this much, and as much as may be once there was more. */
const readBytesMin = 16 * 2 ** 10;
/** Reads in a row that would have fitted into the least, after which it is enough again. */
const shortReadsMax = 256;

export class Intake {
  /** What `connect` of a socket has to be told. */
  readonly onread: OnReadOpts;
  readonly #bytesMax: () => number;
  #taker: IntakeTaker | undefined;
  #size = readBytesMin;
  #shortReads = 0;
  #current: Buffer | undefined;
  /** Its bytes were with the system when it was put aside, perhaps not all of them taken. */
  #aside: Buffer | undefined;

  /** `bytesMax` says how many bytes one read may take. */
  constructor(bytesMax: () => number) {
    this.#bytesMax = bytesMax;
    this.onread = {
      buffer: () => this.#buffer(),
      callback: (length, buffer) => this.#received(buffer as Buffer, length),
    };
  }

  /** Before the socket reads. */
  set taker(taker: IntakeTaker) {
    this.#taker = taker;
  }

  #buffer(): Buffer {
    if (this.#current?.length !== this.#size) this.#current = Buffer.allocUnsafeSlow(this.#size);
    return this.#current;
  }

  #received(buffer: Buffer, length: number): boolean {
    const taker = this.#taker!;
    const bytes = buffer.subarray(0, length);
    const lent = taker.keepsNone;
    taker.take(lent ? bytes : Buffer.from(bytes));
    // The system could not take all of it: until it has, these bytes stay as they are. Before the next are lent it will
    // have, so that two buffers are enough.
    if (lent && !taker.keepsNone) [this.#current, this.#aside] = [this.#aside, this.#current];
    this.#resize(length);
    return taker.wantsMore;
  }

  #resize(length: number): void {
    this.#shortReads = length < readBytesMin ? this.#shortReads + 1 : 0;
    let size = this.#size;
    if (length === size) size = Math.max(readBytesMin, Math.floor(this.#bytesMax()));
    else if (this.#shortReads > shortReadsMax) size = readBytesMin;
    if (size === this.#size) return;
    this.#size = size;
    // The next is made in the size that is wanted; the system keeps hold of what it has.
    this.#aside = undefined;
  }
}
