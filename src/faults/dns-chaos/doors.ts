// Where the DNS server can be reached: a UDP and a TCP socket on one address and port.

import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv6, type Server as TcpServer } from 'node:net';
import type { Random } from '../../base/random.ts';
import type { Endpoint } from './forward.ts';

export interface Doors extends Endpoint {
  readonly udp: UdpSocket;
  readonly tcp: TcpServer;
}

const attemptsMax = 20;

/** A free port of 127.0.0.1 and, where there is IPv6, of ::1: where redirected queries arrive. */
export async function openLoopbackPort(): Promise<{
  readonly ipv4: Doors;
  readonly ipv6: Doors | undefined;
}> {
  for (let attempt = 1; ; attempt++) {
    const ipv4 = await openAnyPort();
    try {
      return { ipv4, ipv6: await open({ address: '::1', port: ipv4.port }) };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EADDRINUSE') return { ipv4, ipv6: undefined };
      ipv4.udp.close();
      ipv4.tcp.close();
      if (attempt === attemptsMax) throw error;
    }
  }
}

/** Port 53 of an address of 127.0.0.0/8 that nobody uses there, for resolv.conf, which cannot name a port. */
export async function openStandardPort(random: Random): Promise<Doors> {
  return firstThatOpens(() => {
    const octet = () => 1 + Math.floor(random() * 254);
    return { address: `127.${octet()}.${octet()}.${octet()}`, port: 53 };
  });
}

/** Any port of 127.0.0.1 that is free for both. */
export async function openAnyPort(): Promise<Doors> {
  return firstThatOpens(() => ({ address: '127.0.0.1', port: 0 }));
}

async function firstThatOpens(candidate: () => Endpoint): Promise<Doors> {
  let failure: unknown;
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    try {
      return await open(candidate());
    } catch (error) {
      failure = error;
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
  throw failure;
}

async function open({ address, port }: Endpoint): Promise<Doors> {
  const udp = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  const tcp = createServer();
  try {
    udp.bind(port, address);
    await once(udp, 'listening');
    const bound = udp.address().port;
    tcp.listen(bound, address);
    await once(tcp, 'listening');
    return { address, port: bound, udp, tcp };
  } catch (error) {
    udp.close();
    throw error;
  }
}
