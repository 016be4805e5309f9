import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { afterEach } from 'vitest';

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

/** A server that echoes; its port. */
export async function startEcho(): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    cleanups.push(() => socket.destroy());
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** As `startEcho`, of datagrams. */
export async function startUdpEcho(): Promise<number> {
  const socket = createSocket('udp4', (datagram, from) => socket.send(datagram, from.port, from.address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  cleanups.push(() => socket.close());
  return socket.address().port;
}

export interface EchoClient {
  roundTripMs(): Promise<number>;
}

export async function connectTo(address: string): Promise<EchoClient> {
  const socket = connect({ port: Number(address.split(':').at(-1)), host: '127.0.0.1' });
  socket.on('error', () => {});
  cleanups.push(() => socket.destroy());
  await once(socket, 'connect');
  return {
    async roundTripMs() {
      const beginMs = performance.now();
      const answered = once(socket, 'data');
      socket.write('ping');
      await answered;
      return performance.now() - beginMs;
    },
  };
}

/** Whether somebody listens there. */
export async function accepts(address: string): Promise<boolean> {
  const socket = connect({ port: Number(address.split(':').at(-1)), host: '127.0.0.1' });
  const open = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  });
  socket.destroy();
  return open;
}
