import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { TcpProxy } from '../../../src/faults/targets/proxy/proxy.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export interface Upstream {
  readonly server: Server;
  readonly port: number;
  readonly sockets: Set<Socket>;
}

/** A server on a loopback port; half-open connections are its own affair. */
export async function startUpstream(onConnection: (socket: Socket) => void): Promise<Upstream> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port, sockets };
}

export async function startProxy(upstreamPort: number, seed = 1): Promise<TcpProxy> {
  const identity = { name: 'line', namespace: 'default', labels: {} };
  const declared = { type: 'proxy', listen: '127.0.0.1:0', upstream: `127.0.0.1:${upstreamPort}` } as const;
  const proxy = new TcpProxy(identity, declared, systemClock, seededRandom(seed));
  await proxy.start();
  cleanups.push(() => proxy.stop());
  return proxy;
}

export async function connectTo({ address }: { address: string }): Promise<Socket> {
  const socket = connect({ port: Number(address.split(':')[1]), host: '127.0.0.1', allowHalfOpen: true });
  socket.setNoDelay(true);
  socket.on('error', () => {});
  cleanups.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Sends a line and waits for one: the round trip in milliseconds. */
export async function roundTrip(socket: Socket): Promise<number> {
  const begin = performance.now();
  socket.write('ping\n');
  await once(socket, 'data');
  return performance.now() - begin;
}

/** Everything until the end; leaves the other way open. */
export async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await once(socket, 'end');
  return Buffer.concat(chunks);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
