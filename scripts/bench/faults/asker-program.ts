// Asks again and again, about once a millisecond, and remembers when it asked and what came of it. A process of its
// own, so that it is not late when the bench is busy. Arguments: how, the port, and the host unless it is loopback; to each line of input it answers
// with what it remembers, as a line of JSON; `forget` begins anew. An ask of the last moments may still be unanswered.

import { createSocket } from 'node:dgram';
import { Agent, get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { encode } from 'dns-packet';

/** Monotonic milliseconds, the same for all processes of the machine. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

/** `tookMs` is there when it was answered as it should be. */
interface Asked {
  readonly atMs: number;
  tookMs?: number;
}

const host = process.argv[4] ?? '127.0.0.1';
const everyMs = 1;
/** A request that hears nothing for so long is given up, and another one is made. */
const patienceMs = 100;
const ways = { udp, tcp, connections, http: () => http(false), kept: () => http(true), dns };
const [way, port] = [process.argv[2] as keyof typeof ways, Number(process.argv[3])];

let asked: Asked[] = [];

function ask(): Asked {
  const next: Asked = { atMs: now() };
  asked.push(next);
  return next;
}

function answered(question: Asked): void {
  question.tookMs = now() - question.atMs;
}

createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'forget') asked = [];
  console.log(JSON.stringify(asked));
});
process.stdin.on('end', () => process.exit());
ways[way]();

/** One socket; each datagram carries a number, and comes back. */
function udp(): void {
  const socket = createSocket('udp4');
  const waiting = new Map<number, Asked>();
  let number = 0;
  socket.on('error', () => {});
  socket.on('message', (bytes) => {
    const question = waiting.get(bytes.readUInt32BE());
    waiting.delete(bytes.readUInt32BE());
    if (question) answered(question);
  });
  socket.connect(port, host, () =>
    setInterval(() => {
      const bytes = Buffer.alloc(64);
      bytes.writeUInt32BE(number);
      waiting.set(number++, ask());
      socket.send(bytes, () => {});
    }, everyMs),
  );
}

/** One connection, made anew when it breaks; a byte each, which come back in order. */
function tcp(): void {
  let waiting: Asked[] = [];
  let socket: Socket;
  const open = () => {
    waiting = [];
    socket = connect({ port, host, noDelay: true });
    socket.on('data', (bytes) => {
      for (const question of waiting.splice(0, bytes.length)) answered(question);
    });
    socket.on('error', () => {});
    socket.on('close', () => setTimeout(open, everyMs));
  };
  open();
  setInterval(() => {
    const question = ask();
    if (socket.readyState !== 'open') return;
    waiting.push(question);
    socket.write('m');
  }, everyMs);
}

/** A connection each, which is echoed a byte. */
function connections(): void {
  setInterval(() => {
    const question = ask();
    const socket = connect({ port, host, noDelay: true }, () => socket.write('m'));
    socket.on('data', () => {
      answered(question);
      socket.resetAndDestroy();
    });
    socket.on('error', () => {});
    setTimeout(() => socket.destroy(), 1000);
  }, everyMs * 2);
}

/** Requests one after the other, over one connection that is kept or each over its own. */
function http(keepAlive: boolean): void {
  const agent = new Agent({ keepAlive, maxSockets: 1 });
  const next = () => {
    const question = ask();
    const again = () => setTimeout(next, everyMs);
    const request = get({ port, host, agent, timeout: patienceMs }, (response) => {
      if (response.statusCode === 200) answered(question);
      response.resume().on('end', again).on('error', again);
    });
    request.on('error', again).on('timeout', () => request.destroy());
  };
  next();
}

/** Look-ups, each from a socket of its own, of a name server at 127.0.0.77 which answers them all. */
function dns(): void {
  setInterval(() => {
    const socket = createSocket('udp4');
    const question = { type: 'A', name: 'service.test' } as const;
    const query = encode({ type: 'query', id: 7, questions: [question] });
    let look: Asked;
    socket.on('error', () => socket.close());
    socket.on('message', (bytes) => {
      // The lowest four bits of the second flags byte are the response code.
      if ((bytes[3]! & 0xf) === 0) answered(look);
      socket.close();
    });
    socket.connect(port, '127.0.0.77', () => {
      look = ask();
      socket.send(query, () => {});
    });
  }, everyMs * 2);
}
