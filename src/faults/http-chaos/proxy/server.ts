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
  /** Of clients; the connection is there once the server behind is reached. */
  readonly #clients = new Map<Socket, Connection | undefined>();
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
    return this.#clients.size;
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

  /**
   * Ends every connection: quiet ones after a moment, others after their answer, and what then remains, `patienceMs`
   * later. Returns how many those were. Upgraded ones are not waited for; they end at once, or are left alone.
   */
  async drain(quietMs: number, patienceMs: number, upgraded: 'end' | 'keep' = 'end'): Promise<number> {
    const { clock } = this.#options;
    for (const connection of this.#clients.values()) connection?.finish();
    if (this.#clients.size > 0) await clock.sleep(quietMs);
    for (const connection of this.#clients.values()) if (connection?.isQuiet) connection.end();
    const owed = () => [...this.#clients].filter(([, connection]) => !connection?.isUpgraded);
    for (let waitedMs = 0; owed().length > 0 && waitedMs < patienceMs; waitedMs += quietMs) {
      await clock.sleep(quietMs);
    }
    const left = upgraded === 'end' ? [...this.#clients] : owed();
    for (const [client] of left) client.destroy();
    return left.length;
  }

  /** Accepts nobody any more; who is there may stay. Idempotent. */
  stop(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  /** Idempotent. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const client of this.#clients.keys()) client.destroy();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  async #admit(client: Socket): Promise<void> {
    client.on('error', () => {});
    client.setNoDelay(true);
    this.#clients.set(client, undefined);
    client.once('close', () => this.#clients.delete(client));
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
      if (this.#clients.has(client)) this.#clients.set(client, connection);
      await connection.run();
    } catch {
      // Nobody listens behind, or a handshake failed: as near to a refusal as a connection that stands can come.
      if (!client.destroyed) resetNow(client);
      server?.destroy();
    }
  }
}
