import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { HostPort } from '../targets/host-port.ts';
import type { ToxicChain } from './chain.ts';
import { Intake } from './intake.ts';
import { Link } from './link.ts';
import type { Listener, ListenerOptions } from './listener.ts';

/** Connections at a time; beyond it new ones are closed. */
const connectionsMax = 10_000;
const backlog = 1024;
/** What waits in a socket before its sender has to. */
const highWaterMark = 64 * 2 ** 10;
/** One connection may read so much at a time; many share what all may. */
const readBytesMax = 2 ** 20;
const readBytesOfAll = 64 * 2 ** 20;

export class TcpListener implements Listener {
  readonly #options: ListenerOptions;
  #server: Server | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  async start(): Promise<HostPort> {
    const { listen } = this.#options;
    const server = createServer({
      allowHalfOpen: true,
      pauseOnConnect: true,
      highWaterMark,
    });
    server.maxConnections = connectionsMax;
    server.on('connection', (client) => this.#admit(client));
    server.listen({ ...listen, backlog });
    await once(server, 'listening');
    this.#server = server;
    const bound = server.address();
    if (!bound || typeof bound === 'string') throw new Error('a TCP server has an address and a port');
    return { host: bound.address, port: bound.port };
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const connection of this.#options.chain.connections) connection.destroy();
    await closed;
  }

  #admit(client: Socket): void {
    // Gone before we came to it.
    if (client.destroyed) return;
    const { upstream, chain, clock, nextNumber, onClosed } = this.#options;
    const intake = new Intake(shareOf(chain));
    const link = new Link({
      number: nextNumber(),
      client,
      upstream: connect({ ...upstream, allowHalfOpen: true, noDelay: true, onread: intake.onread }),
      intake,
      openedAtMs: clock.now(),
      whenClosed() {
        chain.leave(link);
        onClosed(link.traffic);
      },
    });
    chain.join(link);
    link.start();
  }
}

function shareOf(chain: ToxicChain): () => number {
  return () => Math.min(readBytesMax, readBytesOfAll / (chain.connections.length || 1));
}
