// Passes a query on to the name servers that the machine uses, one after the other, and brings back the first answer.

import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { MessageReader, withLength } from './tcp-framing.ts';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export type Transport = 'udp' | 'tcp';

/** One question to one name server; undefined when it fails or takes too long. */
export type AskUpstream = (
  query: Buffer,
  transport: Transport,
  upstream: Endpoint,
  timeoutMs: number,
) => Promise<Buffer | undefined>;

/** From our own network namespace. */
const askFromHere: AskUpstream = (query, transport, upstream, timeoutMs) =>
  (transport === 'udp' ? askUdp : askTcp)(query, upstream, timeoutMs);

/** The answer to a raw query, or undefined when no upstream gave one. Waits `timeoutMs` for each upstream. */
export async function forward(
  query: Buffer,
  transport: Transport,
  upstreams: readonly Endpoint[],
  timeoutMs: number,
  ask = askFromHere,
): Promise<Buffer | undefined> {
  for (const upstream of upstreams) {
    const answer = await ask(query, transport, upstream, timeoutMs);
    if (answer) return answer;
  }
  return undefined;
}

/**
 * One query over UDP; undefined when it fails or takes too long. Each has a socket of its own, which is closed then,
 * and which is connected: the kernel drops answers from anybody else.
 */
export function askUdp(
  query: Buffer,
  server: Endpoint,
  timeoutMs: number,
  socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4'),
): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const finish = (answer: Buffer | undefined) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(undefined), timeoutMs);
    socket.on('error', () => finish(undefined));
    socket.on('message', (answer) => {
      if (belongsTo(answer, query)) finish(answer);
    });
    socket.connect(server.port, server.address, () => socket.send(query));
  });
}

/** One query over TCP; undefined when it fails or takes too long. */
export function askTcp(
  query: Buffer,
  server: Endpoint,
  timeoutMs: number,
  socket = connect({ host: server.address, port: server.port }),
): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const reader = new MessageReader();
    const finish = (answer: Buffer | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(undefined), timeoutMs);
    socket.on('error', () => finish(undefined));
    socket.on('close', () => finish(undefined));
    socket.on('data', (bytes) => {
      const answer = reader.read(bytes).find((message) => belongsTo(message, query));
      if (answer) finish(answer);
    });
    socket.write(withLength(query));
  });
}

/** The same id, and a response. */
function belongsTo(answer: Buffer, query: Buffer): boolean {
  return answer.length >= 12 && answer.readUInt16BE(0) === query.readUInt16BE(0) && (answer[2]! & 0x80) !== 0;
}
