// A process of its own for network faults: echoes what it gets over TCP and UDP, and makes requests as it is told, one
// a line: `trips HOST PORT N`, `echo HOST PORT BYTES`, `connect HOST PORT`, `keep HOST PORT`, `datagrams HOST PORT N`,
// `listen HOST -`, `unlisten HOST PORT`.

import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';

const host = process.argv[2] ?? '127.0.0.1';
const timeoutMs = 3000;
const kept = new Map();
const listening = new Map();

const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.setNoDelay(true);
  socket.pipe(socket);
});
server.listen(Number(process.argv[3] ?? 0), host, () => {
  const { port } = server.address();
  const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  udp.on('message', (bytes, from) => udp.send(bytes, from.port, from.address, () => {}));
  udp.bind(port, host, () => console.log(`port ${port}`));
});

createInterface({ input: process.stdin }).on('line', async (line) => {
  const [number, what, to, port, count] = line.split(' ');
  const answer = await asks[what](to, Number(port), Number(count)).catch(
    (error) => error.code ?? error.message,
  );
  console.log(`answer ${number} ${JSON.stringify(answer)}`);
});

const asks = {
  /** Milliseconds of each of some round trips on one connection. */
  async trips(to, port, count) {
    const socket = kept.get(`${to}:${port}`) ?? (await open(to, port));
    const times = [];
    for (let trip = 0; trip < count; trip++) times.push(await echo(socket, 1));
    if (!kept.has(`${to}:${port}`)) socket.destroy();
    return times;
  },
  /** Milliseconds until that many bytes are back. */
  async echo(to, port, bytes) {
    const socket = await open(to, port);
    const time = await echo(socket, bytes, 60_000);
    socket.destroy();
    return time;
  },
  /** How a connection attempt ends. */
  async connect(to, port) {
    (await open(to, port, 700)).destroy();
    return 'connected';
  },
  /** Opens a connection that later round trips use. */
  async keep(to, port) {
    kept.set(`${to}:${port}`, await open(to, port));
    return 'kept';
  },
  /** Listens on one more port, which it tells. */
  listen(to) {
    return new Promise((resolve) => {
      const another = createServer((socket) => socket.destroy());
      another.listen(0, to, () => {
        const { port } = another.address();
        listening.set(port, another);
        resolve(port);
      });
    });
  },
  unlisten(_to, port) {
    return new Promise((resolve) => listening.get(port).close(() => resolve('closed')));
  },
  /** How many of some datagrams were answered, and how many answers came. */
  async datagrams(to, port, count) {
    const udp = createSocket(to.includes(':') ? 'udp6' : 'udp4');
    const answered = new Set();
    let answers = 0;
    udp.on('message', (bytes) => {
      answers++;
      answered.add(bytes.toString());
    });
    for (let each = 0; each < count; each++) {
      udp.send(String(each), port, to, () => {});
      if (each % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    udp.close();
    return { answered: answered.size, answers };
  },
};

function open(to, port, withinMs = timeoutMs) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: to, port, timeout: withinMs, noDelay: true });
    socket.on('error', reject);
    socket.once('timeout', () => {
      socket.destroy();
      reject(new Error('timeout'));
    });
    socket.once('connect', () => {
      socket.setTimeout(0);
      resolve(socket);
    });
  });
}

function echo(socket, bytes, withinMs = timeoutMs) {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve('closed');
    const since = performance.now();
    let missing = bytes;
    const finish = (value) => {
      clearTimeout(timer);
      socket.off('data', onData);
      socket.off('close', onClose);
      resolve(value);
    };
    const onData = (data) => {
      missing -= data.length;
      if (missing <= 0) finish(performance.now() - since);
    };
    const onClose = () => finish('closed');
    const timer = setTimeout(() => finish('timeout'), withinMs);
    socket.on('data', onData);
    socket.once('close', onClose);
    socket.write(Buffer.alloc(bytes));
  });
}
