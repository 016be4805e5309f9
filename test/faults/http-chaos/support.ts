// Servers, clients and proxies for the tests of HTTPChaos.

import { once } from 'node:events';
import http from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import type { z } from 'zod';
import { systemClock } from '../../../src/base/clock.ts';
import { HttpProxy } from '../../../src/faults/http-chaos/proxy/server.ts';
import type { TlsSides } from '../../../src/faults/http-chaos/proxy/tls.ts';
import { type HttpChaosSpec, httpChaosSchema } from '../../../src/faults/http-chaos/spec.ts';

const cleanups: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export function onCleanup(cleanup: () => Promise<unknown> | unknown): void {
  cleanups.push(cleanup);
}

/** A spec as a file would give it. */
export function spec(fields: Partial<z.input<typeof httpChaosSchema>>): HttpChaosSpec {
  return httpChaosSchema.parse({ target: 'Response', port: 1, ...fields });
}

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onCleanup(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as { port: number }).port;
}

/** A TCP server on a free port. */
export function startServer(onConnection: (socket: Socket) => void): Promise<number> {
  return listening(createServer({ allowHalfOpen: true }, onConnection));
}

/** Answers with what it got, as JSON. */
export function startEcho(): Promise<number> {
  const server = http.createServer((request, response) => {
    const body: Buffer[] = [];
    request.on('data', (bytes) => body.push(bytes));
    request.on('end', () => {
      response.setHeader('X-Kind', 'echo');
      response.setHeader('Content-Type', 'application/json');
      response.end(
        JSON.stringify({
          method: request.method,
          url: request.url,
          headers: request.rawHeaders,
          body: Buffer.concat(body).toString(),
        }),
      );
    });
  });
  return listening(server);
}

/** A proxy in front of a port, and the port on which it listens. */
export async function startProxy(
  to: number,
  tls?: TlsSides,
): Promise<{ readonly proxy: HttpProxy; readonly port: number }> {
  const dial = async () => {
    const socket = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    return socket;
  };
  const proxy = new HttpProxy({ clock: systemClock, connect: dial, tls });
  const server = createServer({ allowHalfOpen: true });
  const port = await listening(server);
  proxy.serve(server);
  onCleanup(() => proxy.close());
  return { proxy, port };
}

export interface Answer {
  readonly code: number | undefined;
  readonly reason: string | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** One request on a connection of its own, or on the agent's. Rejects as Node.js does. */
export function ask(
  port: number,
  path: string,
  more: http.RequestOptions & { readonly body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { body, ...options } = more;
    const request = http.request({ host: '127.0.0.1', port, path, agent: false, ...options }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (bytes) => pieces.push(bytes));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          code: response.statusCode,
          reason: response.statusMessage,
          headers: response.headers,
          body: Buffer.concat(pieces).toString('latin1'),
        }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Everything that a socket says until it ends. */
export async function everything(socket: Socket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  socket.on('data', (bytes) => pieces.push(bytes));
  await once(socket, 'end');
  return Buffer.concat(pieces);
}
