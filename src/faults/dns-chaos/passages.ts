// TCP connections through the wall of a target's network namespace: inlets lead from a port of the machine to the
// same port inside, outlets from an address inside to the real one.

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { UserError } from '../../base/diagnostics.ts';
import type { Namespace } from '../network-namespace/namespace.ts';
import { resetNow } from '../reset-now.ts';
import { formatHostPort, type HostPort } from '../targets/host-port.ts';

const loopback = '127.0.0.1';

/** Connections through one inlet or outlet at a time; what comes beyond is closed. */
const connectionsMax = 1024;

/** An inlet is open for as long as a program listens inside, so that a client outside is refused when nobody does. */
export class Inlets {
  readonly #ports: readonly number[];
  readonly #connectInside: (port: number) => Promise<Socket>;
  readonly #open = new Map<number, Server>();
  readonly #sockets = new Set<Socket>();
  /** Ports that could not be opened, with the reason. */
  readonly #blocked = new Map<number, string>();

  constructor(ports: readonly number[], connectInside: (port: number) => Promise<Socket>) {
    this.#ports = ports;
    this.#connectInside = connectInside;
  }

  /** Refuses ports that somebody else holds, before the target starts. */
  async check(): Promise<void> {
    for (const port of this.#ports) {
      const server = createServer();
      try {
        await listen(server, port);
      } catch (error) {
        throw UserError.of('FD507', `${loopback}:${port} cannot be opened: ${(error as Error).message}`);
      }
      await new Promise((resolve) => server.close(resolve));
    }
  }

  /** Follows what listens inside. */
  update(listening: readonly number[]): void {
    for (const port of this.#ports) {
      const server = this.#open.get(port);
      if (listening.includes(port) && !server) this.#openInlet(port);
      if (!listening.includes(port) && server) {
        this.#open.delete(port);
        server.close();
      }
    }
  }

  get blocked(): string | undefined {
    return [...this.#blocked.values()][0];
  }

  close(): void {
    for (const server of this.#open.values()) server.close();
    this.#open.clear();
    for (const socket of this.#sockets) socket.destroy();
  }

  #openInlet(port: number): void {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    server.maxConnections = connectionsMax;
    server.on('connection', (outside) => this.#admit(outside, port));
    this.#open.set(port, server);
    this.#blocked.delete(port);
    listen(server, port).catch((error: Error) => {
      this.#open.delete(port);
      this.#blocked.set(port, `${loopback}:${port} cannot be opened: ${error.message}`);
    });
  }

  async #admit(outside: Socket, port: number): Promise<void> {
    this.#sockets.add(outside);
    outside.on('close', () => this.#sockets.delete(outside));
    outside.on('error', () => {});
    try {
      join(outside, await this.#connectInside(port));
    } catch {
      resetNow(outside);
    }
  }
}

export interface Outlet {
  /** Where the target connects to, inside. */
  readonly inside: HostPort;
  /** Where that leads. */
  readonly to: HostPort;
}

/** Opens the outlets; returns what closes them. */
export async function openOutlets(namespace: Namespace, outlets: readonly Outlet[]): Promise<() => void> {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  for (const { inside, to } of outlets) {
    const server = await namespace.listen(inside.host, inside.port).catch((error: Error) => {
      throw UserError.of(
        'FD652',
        `${formatHostPort(inside)} cannot be opened in the namespace: ${error.message}`,
      );
    });
    server.maxConnections = connectionsMax;
    server.on('connection', (fromInside) => {
      fromInside.allowHalfOpen = true;
      sockets.add(fromInside);
      fromInside.on('close', () => sockets.delete(fromInside));
      join(fromInside, connect({ ...to, allowHalfOpen: true }));
    });
    servers.push(server);
  }
  return () => {
    for (const server of servers) server.close();
    for (const socket of sockets) socket.destroy();
  };
}

/** Passes bytes and ends both ways; what breaks one side breaks the other. */
function join(a: Socket, b: Socket): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.setNoDelay(true);
    from.pipe(to);
    from.on('error', () => resetNow(to));
    from.on('close', () => {
      if (!from.readableEnded) to.destroy();
    });
  }
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, loopback);
  await once(server, 'listening');
}
