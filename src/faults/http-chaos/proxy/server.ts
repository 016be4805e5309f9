// The proxy that HTTP faults act in: one connection to the server for each of a client's. Faults come and go while it
// serves; without any, everything goes through as it comes.

import type { Server, Socket } from 'node:net';
import type { Clock } from '../../../base/clock.ts';
import { resetNow } from '../../reset-now.ts';
import type { HttpChaosSpec } from '../spec.ts';
import { Connection } from './connection.ts';
import { HttpRule } from './rules.ts';
import { beginsTls, secure, type TlsSides } from './tls.ts';

/** Connections at a time; beyond it new ones are closed. */
const connectionsMax = 4096;

export interface HttpProxyOptions {
  readonly clock: Clock;
  /** A new connection to the server behind, for one of a client. */
  connect(client: Socket): Promise<Socket>;
  /** Undefined: what is encrypted goes through unread. */
  readonly tls: TlsSides | undefined;
}

export class HttpProxy {
  readonly #options: HttpProxyOptions;
  readonly #sockets = new Set<Socket>();
  readonly #connections = new Set<Connection>();
  #rules: readonly HttpRule[] = [];
  #unread = 0;
  #server: Server | undefined;

  constructor(options: HttpProxyOptions) {
    this.#options = options;
  }

  /** Takes over a listening server, which must accept half-open connections. */
  serve(server: Server): void {
    this.#server = server;
    server.maxConnections = connectionsMax;
    server.on('connection', (client) => void this.#admit(client));
  }

  get isListening(): boolean {
    return this.#server?.listening ?? false;
  }

  /** Connections whose beginning was not HTTP/1, and which passed as they were. */
  get unread(): number {
    return this.#unread;
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  add(spec: HttpChaosSpec): HttpRule {
    const rule = new HttpRule(spec);
    this.#rules = [...this.#rules, rule];
    return rule;
  }

  /** Whatever it holds back goes on at once. */
  remove(rule: HttpRule): void {
    this.#rules = this.#rules.filter((other) => other !== rule);
    rule.end();
  }

  has(rule: HttpRule): boolean {
    return this.#rules.includes(rule);
  }

  /** Ends every connection: quiet ones after a moment, others after their answer, and what then remains, `patienceMs` later. */
  async drain(quietMs: number, patienceMs: number): Promise<number> {
    const { clock } = this.#options;
    for (const connection of this.#connections) connection.finish();
    if (this.#sockets.size > 0) await clock.sleep(quietMs);
    for (const connection of this.#connections) if (connection.isQuiet) connection.end();
    for (let waitedMs = 0; this.#sockets.size > 0 && waitedMs < patienceMs; waitedMs += quietMs) {
      await clock.sleep(quietMs);
    }
    const left = this.#sockets.size;
    for (const socket of this.#sockets) socket.destroy();
    return left;
  }

  /** Idempotent. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  async #admit(client: Socket): Promise<void> {
    client.on('error', () => {});
    client.setNoDelay(true);
    this.#sockets.add(client);
    client.once('close', () => this.#sockets.delete(client));
    let server: Socket | undefined;
    try {
      server = await this.#options.connect(client);
      server.on('error', () => {});
      server.setNoDelay(true);
      const { tls } = this.#options;
      const isTls = tls !== undefined && (await beginsTls(client));
      const sides = isTls ? await secure({ client, server }, tls) : { client, server };
      const connection = new Connection(
        sides,
        () => this.#rules,
        this.#options.clock,
        () => {
          this.#unread++;
        },
      );
      this.#connections.add(connection);
      await connection.run().finally(() => this.#connections.delete(connection));
    } catch {
      // Nobody listens behind, or a handshake failed: as near to a refusal as a connection that stands can come.
      if (!client.destroyed) resetNow(client);
      server?.destroy();
    }
  }
}
