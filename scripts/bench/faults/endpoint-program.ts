// What stands behind the proxies of the benches, as a process of its own. The first byte of a connection says what it
// does: `b` sends as fast as it can, `e` echoes, `d` takes and says nothing. Prints its port.

import { type AddressInfo, createServer, type Socket } from 'node:net';

const blast = Buffer.alloc(256 * 2 ** 10, 'x');

const server = createServer({ highWaterMark: 2 ** 20 }, (socket) => {
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.once('data', (first) => {
    if (first[0] === 0x62) send(socket);
    else if (first[0] === 0x65) echo(socket, first);
    else socket.resume();
  });
});
server.maxConnections = 10_000;
server.listen({ port: 0, host: '127.0.0.1', backlog: 2048 }, () =>
  console.log((server.address() as AddressInfo).port),
);

function send(socket: Socket): void {
  const more = () => {
    while (!socket.destroyed && socket.write(blast));
  };
  socket.on('drain', more);
  more();
}

function echo(socket: Socket, first: Buffer): void {
  if (first.length > 1) socket.write(first.subarray(1));
  socket.on('data', (bytes) => socket.write(bytes));
}
