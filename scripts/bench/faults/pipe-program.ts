// The plainest proxy that Node.js can be, to compare with: `socket.pipe` both ways. Takes the upstream's port, prints
// its own.

import { type AddressInfo, connect, createServer } from 'node:net';

const upstream = Number(process.argv[2]);

const server = createServer((client) => {
  const target = connect({ port: upstream, host: '127.0.0.1', noDelay: true });
  client.setNoDelay(true);
  client.pipe(target).pipe(client);
  client.on('error', () => target.destroy());
  target.on('error', () => client.destroy());
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 2048 }, () =>
  console.log((server.address() as AddressInfo).port),
);
