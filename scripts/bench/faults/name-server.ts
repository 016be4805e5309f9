import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { decode, encode } from 'dns-packet';

/** Answers every question at 127.0.0.77, port 53; returns what stops it. */
export async function startNameServer(): Promise<() => Promise<void>> {
  const socket = createSocket('udp4');
  socket.on('message', (bytes, from) => {
    const { id, questions } = decode(bytes);
    const answers = [{ type: 'A', name: 'service.test', ttl: 1, data: '192.0.2.7' }] as const;
    socket.send(
      encode({ type: 'response', id: id ?? 0, questions: questions ?? [], answers: [...answers] }),
      from.port,
      from.address,
    );
  });
  socket.bind(53, '127.0.0.77');
  await once(socket, 'listening');
  return () => new Promise((resolve) => socket.close(() => resolve()));
}
