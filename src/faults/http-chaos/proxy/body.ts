// The body of an HTTP/1 message (RFC 9112, sections 6 and 7): where it ends, and its bytes in pieces as they come, both
// as they stand on the wire and as the content that they carry.

import type { ByteSource } from './bytes.ts';
import { type Field, valuesOf } from './head.ts';

export type Framing =
  | { readonly by: 'none' }
  | { readonly by: 'length'; readonly bytes: number }
  | { readonly by: 'chunks' }
  | { readonly by: 'close' };

/** Undefined when the fields contradict each other: then nobody can know. */
export function requestFraming(fields: readonly Field[]): Framing | undefined {
  const framing = framingOf(fields);
  return framing?.by === 'close' ? undefined : (framing ?? { by: 'none' });
}

/** `method` is that of the request as the server got it. */
export function responseFraming(method: string, code: number, fields: readonly Field[]): Framing {
  if (method === 'HEAD' || !mayHaveBody(code)) return { by: 'none' };
  return framingOf(fields) ?? { by: 'close' };
}

export function mayHaveBody(code: number): boolean {
  return code >= 200 && code !== 204 && code !== 304;
}

function framingOf(fields: readonly Field[]): Framing | undefined {
  const encodings = valuesOf(fields, 'transfer-encoding').join(',').toLowerCase();
  if (encodings !== '') return /(?:^|,)\s*chunked\s*$/.test(encodings) ? { by: 'chunks' } : { by: 'close' };
  const lengths = new Set(valuesOf(fields, 'content-length').flatMap((value) => value.split(/\s*,\s*/)));
  const [length] = lengths;
  if (length === undefined) return undefined;
  const isSound = lengths.size === 1 && /^\d{1,15}$/.test(length);
  return isSound ? { by: 'length', bytes: Number(length) } : { by: 'close' };
}

export class BodyReader {
  readonly #source: ByteSource;
  readonly #framing: Framing;
  readonly #chunks = new ChunkScanner();
  #left: number;
  #done: boolean;

  constructor(source: ByteSource, framing: Framing) {
    this.#source = source;
    this.#framing = framing;
    this.#left = framing.by === 'length' ? framing.bytes : 0;
    this.#done = framing.by === 'none' || (framing.by === 'length' && framing.bytes === 0);
  }

  /** The next piece; undefined after the last. Throws when the other side ends in the middle. */
  async next(): Promise<{ readonly wire: Buffer; readonly content: readonly Buffer[] } | undefined> {
    while (!this.#done) {
      const piece = this.#cut();
      if (piece.wire.length > 0) return piece;
      if (this.#done) break;
      if (await this.#source.more()) continue;
      if (this.#framing.by !== 'close') throw new Error('the message ended in the middle');
      this.#done = true;
    }
    return undefined;
  }

  #cut(): { readonly wire: Buffer; readonly content: readonly Buffer[] } {
    const { buffered } = this.#source;
    switch (this.#framing.by) {
      case 'none':
        return { wire: Buffer.alloc(0), content: [] };
      case 'length': {
        const wire = this.#source.take(Math.min(this.#left, buffered.length));
        this.#left -= wire.length;
        this.#done = this.#left === 0;
        return { wire, content: [wire] };
      }
      case 'chunks': {
        const { used, content } = this.#chunks.scan(buffered);
        this.#done = this.#chunks.done;
        return { wire: this.#source.take(used), content };
      }
      case 'close': {
        const wire = this.#source.take(buffered.length);
        return { wire, content: [wire] };
      }
    }
  }
}

const lineBytesMax = 16 * 1024;

/** Finds the end of a chunked body, and its content on the way. Lines are looked at once they are whole. */
class ChunkScanner {
  done = false;
  #at: 'size' | 'content' | 'separator' | 'trailer' = 'size';
  #left = 0;

  scan(bytes: Buffer): { readonly used: number; readonly content: Buffer[] } {
    const content: Buffer[] = [];
    let used = 0;
    while (!this.done) {
      if (this.#at === 'content') {
        const part = bytes.subarray(used, used + this.#left);
        if (part.length === 0) break;
        content.push(part);
        used += part.length;
        this.#left -= part.length;
        if (this.#left === 0) this.#at = 'separator';
        continue;
      }
      const end = bytes.indexOf('\n', used);
      if (end < 0) {
        if (bytes.length - used > lineBytesMax) throw new Error('a chunk has no end of line');
        break;
      }
      this.#line(bytes.toString('latin1', used, end).trim());
      used = end + 1;
    }
    return { used, content };
  }

  #line(line: string): void {
    if (this.#at === 'separator') {
      this.#at = 'size';
    } else if (this.#at === 'trailer') {
      this.done = line === '';
    } else {
      const size = /^[0-9A-Fa-f]{1,12}(?=\s*(?:;|$))/.exec(line)?.[0];
      if (size === undefined) throw new Error('a chunk has no size');
      this.#left = Number.parseInt(size, 16);
      this.#at = this.#left === 0 ? 'trailer' : 'content';
    }
  }
}
