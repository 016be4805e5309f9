// Bytes from a socket when they are asked for, and into a socket no faster than it takes them: what is not asked for
// stays in the kernel, so that a slow side slows the other down, as without a proxy.

import { once } from 'node:events';
import type { Duplex } from 'node:stream';

export class ByteSource {
  readonly #chunks: AsyncIterator<Buffer>;
  #buffered: Buffer = Buffer.alloc(0);
  #more: Promise<boolean> | undefined;

  constructor(socket: Duplex) {
    this.#chunks = socket.iterator({ destroyOnReturn: false });
  }

  /** What has come and was not taken yet. */
  get buffered(): Buffer {
    return this.#buffered;
  }

  /** Waits until there is more in `buffered`; false when the other side has ended. May be asked by several at a time. */
  more(): Promise<boolean> {
    if (!this.#more) {
      this.#more = this.#read().finally(() => {
        this.#more = undefined;
      });
      // Whoever asks hears of it; nobody may be asking when the socket breaks.
      this.#more.catch(() => {});
    }
    return this.#more;
  }

  take(bytes: number): Buffer {
    const taken = this.#buffered.subarray(0, bytes);
    this.#buffered = this.#buffered.subarray(bytes);
    return taken;
  }

  async #read(): Promise<boolean> {
    const { value, done } = await this.#chunks.next();
    if (done) return false;
    this.#buffered = this.#buffered.length === 0 ? value : Buffer.concat([this.#buffered, value]);
    return true;
  }
}

/** Resolves when the socket has room for more. Throws when it is gone. */
export async function write(socket: Duplex, bytes: Buffer): Promise<void> {
  if (bytes.length === 0) return;
  if (socket.destroyed || !socket.writable) throw new Error('the connection is closed');
  if (socket.write(bytes)) return;
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    await Promise.race([once(socket, 'drain', { signal }), once(socket, 'close', { signal })]);
  } finally {
    waiting.abort();
  }
  if (socket.destroyed) throw new Error('the connection is closed');
}

/** Passes on everything until the end, and the end. */
export async function pump(source: ByteSource, sink: Duplex): Promise<void> {
  do await write(sink, source.take(source.buffered.length));
  while (await source.more());
  sink.end();
}
