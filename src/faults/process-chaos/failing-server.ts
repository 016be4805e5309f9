// A server in the place of a dependency: it fails in the way that was asked for, and passes on what was meant for others.

import type { Server, Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { DependencySpec } from './spec.ts';

export interface FailingServerOptions {
  readonly spec: DependencySpec;
  readonly clock: Clock;
  readonly random: Random;
  /** The connection that this one was for, when it is not meant; undefined when it is. */
  passOn(client: Socket): Promise<Socket | undefined>;
}

const garbageBytes = 64;
const trickleEveryMs = 1000;

export class FailingServer {
  readonly #options: FailingServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #closing = new AbortController();
  #hits = 0;

  constructor(server: Server, options: FailingServerOptions) {
    this.#options = options;
    this.#server = server;
    server.on('connection', (client) => {
      this.#keep(client);
      void this.#serve(client).catch(() => client.destroy());
    });
  }

  /** Connections that were failed. */
  get hits(): number {
    return this.#hits;
  }

  get isListening(): boolean {
    return this.#server.listening;
  }

  /** Breaks what is open, so that its clients come back to whom they meant. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    const closed = this.#server.listening
      ? new Promise((resolve) => this.#server.close(resolve))
      : Promise.resolve();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }

  async #serve(client: Socket): Promise<void> {
    const upstream = await this.#options.passOn(client);
    if (!upstream) return await this.#fail(client);
    this.#keep(upstream);
    client.pipe(upstream).pipe(client);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  }

  async #fail(client: Socket): Promise<void> {
    const { spec, random } = this.#options;
    this.#hits++;
    if (spec.answer === 'reset') return void client.resetAndDestroy();
    if (spec.answer === 'empty') return void client.end();
    if (spec.answer === 'garbage')
      return void client.end(
        Buffer.from(Array.from({ length: garbageBytes }, () => Math.floor(random() * 256))),
      );
    // What the client says is read and thrown away, so that its end is noticed.
    client.on('end', () => client.end());
    if (spec.answer === 'hang') return void client.resume();
    await new Promise((resolve) => client.once('data', resolve));
    if (spec.answer === 'error') {
      const head = [
        `HTTP/1.1 ${spec.status} Replaced`,
        ...(spec.status === 429 || spec.status === 503 ? ['Retry-After: 1'] : []),
        'Content-Length: 0',
        'Connection: close',
      ];
      return void client.end(`${head.join('\r\n')}\r\n\r\n`);
    }
    await this.#trickle(client);
  }

  /** An answer that is on its way for as long as the fault lasts. */
  async #trickle(client: Socket): Promise<void> {
    client.write('HTTP/1.1 200 OK\r\nX-Slow: ');
    const { signal } = this.#closing;
    while (!signal.aborted && !client.destroyed) {
      await this.#options.clock.sleep(trickleEveryMs, signal);
      if (client.writable) client.write('.');
    }
  }
}
