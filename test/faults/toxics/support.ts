import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import { type Clock, systemClock } from '../../../src/base/clock.ts';
import type { ToxicSettings } from '../../../src/faults/toxics/chain.ts';
import { ToxicProxy } from '../../../src/faults/toxics/proxy.ts';
import type { Protocol, Stream } from '../../../src/faults/toxics/toxic.ts';
import { toxicTypeOf } from '../../../src/faults/toxics/types/types.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export function afterTest(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

export interface Upstream {
  readonly port: number;
  readonly server: Server;
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
  server.listen({ port: 0, host: '127.0.0.1', backlog: 2048 });
  await once(server, 'listening');
  afterTest(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port, sockets };
}

export const echo = (socket: Socket) => socket.pipe(socket);

export async function startProxy(
  upstreamPort: number,
  {
    clock = systemClock,
    seed = 1,
    protocol = 'tcp',
  }: { clock?: Clock; seed?: number; protocol?: Protocol } = {},
): Promise<ToxicProxy> {
  const route = {
    protocol,
    listen: { host: '127.0.0.1', port: 0 },
    upstream: { host: '127.0.0.1', port: upstreamPort },
  };
  const budget = { waitingBytes: 0, waitingBytesMax: 256 * 2 ** 20 };
  const proxy = new ToxicProxy('test', route, { clock, seed, budget });
  await proxy.start();
  afterTest(() => proxy.stop());
  return proxy;
}

/** Adds a toxic with the defaults that the API has. */
export function add(
  proxy: ToxicProxy,
  typeName: string,
  given: object = {},
  more: { stream?: Stream; toxicity?: number; name?: string; ttlMs?: number } = {},
): void {
  const type = toxicTypeOf(typeName, proxy.route.protocol)!;
  const settings: ToxicSettings = {
    ...{ name: typeName, stream: 'downstream', toxicity: 1 },
    ...more,
    type,
    attributes: type.schema.parse(given),
  };
  proxy.chain.add(settings);
}

export function change(proxy: ToxicProxy, name: string, given: object): void {
  const { type } = proxy.chain.find(name)!;
  proxy.chain.update(name, { attributes: type.schema.parse(given) });
}

export async function connectTo(proxy: ToxicProxy): Promise<Socket> {
  const socket = connect({ port: proxy.route.listen.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.setNoDelay(true);
  socket.on('error', () => {});
  afterTest(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Everything until the end; leaves the other way open. */
export async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await once(socket, 'end');
  return Buffer.concat(chunks);
}

export async function roundTrip(socket: Socket, text = 'ping\n'): Promise<number> {
  const begin = performance.now();
  const answered = once(socket, 'data');
  socket.write(text);
  await answered;
  return performance.now() - begin;
}

/** How the connection ended: with its end, or the code of an error. */
export function endOf(socket: Socket): Promise<string> {
  socket.resume();
  return new Promise((resolve) => {
    socket.once('end', () => resolve('end'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export async function until(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error('it has not come to that in ten seconds');
    await sleep(5);
  }
}
