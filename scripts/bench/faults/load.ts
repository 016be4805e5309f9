// The clients of the benches.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export async function connectTo(port: number, first: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  socket.write(first);
  return socket;
}

/** Bytes a second that come from a port whose other end sends as fast as it can. */
export async function throughput(port: number, warmUpMs: number, measuredMs: number): Promise<number> {
  let bytes = 0;
  const buffer = Buffer.allocUnsafe(512 * 2 ** 10);
  const socket = connect({
    ...{ port, host: '127.0.0.1' },
    onread: {
      buffer,
      callback: (length) => {
        bytes += length;
        return true;
      },
    },
  });
  await once(socket, 'connect');
  socket.write('b');
  await sleep(warmUpMs);
  const [fromMs, fromBytes] = [performance.now(), bytes];
  await sleep(measuredMs);
  const rate = ((bytes - fromBytes) / (performance.now() - fromMs)) * 1000;
  socket.destroy();
  return rate;
}

/**
 * Milliseconds of echoes of 64 bytes over so many connections, each in its turn and `perSecond` in all: a steady rate,
 * since clients that ask as fast as they can measure the queue that they make themselves.
 */
export async function roundTrips(
  port: number,
  connections: number,
  perSecond: number,
  count: number,
): Promise<number[]> {
  const sockets: Socket[] = [];
  for (let i = 0; i < connections; i++) sockets.push(await connectTo(port, 'e'));
  const message = Buffer.alloc(64, 'm');
  const times: number[] = [];
  const pending: Promise<unknown>[] = [];
  const beginMs = performance.now();
  // The first of each connection is not counted: it waits for the other side's connection.
  for (let i = 0; i < count + connections; i++) {
    const dueMs = beginMs + (i * 1000) / perSecond;
    if (dueMs > performance.now()) await sleep(dueMs - performance.now());
    const sentMs = performance.now();
    const socket = sockets[i % connections]!;
    const answered = once(socket, 'data').then(() => {
      if (i >= connections) times.push(performance.now() - sentMs);
    });
    socket.write(message);
    if (connections === 1) await answered;
    else pending.push(answered);
  }
  await Promise.all(pending);
  for (const socket of sockets) socket.destroy();
  return times;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
