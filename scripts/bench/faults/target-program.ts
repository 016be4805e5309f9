// What the faults of the benches act on: one process that answers whatever it is asked, by UDP, TCP and HTTP, as soon
// as it is asked. Prints its ports.

import { createSocket } from 'node:dgram';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';

const host = '127.0.0.1';

const udp = createSocket('udp4');
udp.on('message', (bytes, from) => udp.send(bytes, from.port, from.address));
await new Promise<void>((resolve) => udp.bind(0, host, resolve));

const tcp = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {});
  socket.pipe(socket);
});
await new Promise<void>((resolve) => tcp.listen({ port: 0, host, backlog: 2048 }, resolve));

// One sample in the text format, so that it can be scraped too.
const http = createHttpServer((_, response) => {
  response.setHeader('Content-Type', 'text/plain; version=0.0.4');
  response.end('level 1\n');
});
http.keepAliveTimeout = 60_000;
await new Promise<void>((resolve) => http.listen(0, host, resolve));

const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;
console.log(JSON.stringify({ udp: portOf(udp), tcp: portOf(tcp), http: portOf(http) }));
