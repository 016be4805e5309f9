// A name server on 127.0.0.9:53, UDP and TCP, which knows every name below .test: with `real` for an address of its own.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { DnsServer } from '../../../src/faults/dns-chaos/server.ts';

const udp = createSocket('udp4');
udp.bind(53, '127.0.0.9');
await once(udp, 'listening');
const tcp = createServer();
tcp.listen(53, '127.0.0.9');
await once(tcp, 'listening');
new DnsServer({
  hosts: { '*.test': '192.0.2.7' },
  upstreams: [],
  upstreamTimeoutMs: 100,
  random: seededRandom(1),
  clock: systemClock,
}).serve(udp, tcp);
process.stdout.write('{"result":true}\n');
process.stdin.resume();
