// Looks names up, and says how many look-ups failed: service0.test to service9.test in turn, each from a socket of its
// own, as many as each line of input says; after `fresh`, each from an address and port that no look-up had in a while. Arguments:
// address and port of the name server.

import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';
import { encode } from 'dns-packet';

const [host, port] = [process.argv[2]!, Number(process.argv[3])];
const atATime = 20;
const patienceMs = 2000;

const octet = () => 2 + Math.floor(Math.random() * 250);
const freshAddress = `127.${octet()}.${octet()}.${octet()}`;
/** Below those that the kernel gives by itself. */
let freshPort = 12_000;

/** True when there was an answer without an error. */
function lookUp(name: string, isFresh: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const finish = (found: boolean) => {
      clearTimeout(timer);
      socket.close();
      resolve(found);
    };
    const timer = setTimeout(() => finish(false), patienceMs);
    socket.on('error', () => finish(false));
    // The lowest four bits of the second flags byte are the response code.
    socket.on('message', (bytes) => finish((bytes[3]! & 0xf) === 0));
    if (isFresh) socket.bind(freshPort++, freshAddress);
    socket.connect(port, host, () =>
      socket.send(encode({ type: 'query', id: 7, questions: [{ type: 'A', name }] })),
    );
  });
}

createInterface({ input: process.stdin }).on('line', async (line) => {
  const [count, ports] = line.split(' ');
  let failed = 0;
  for (let first = 0; first < Number(count); first += atATime) {
    const names = Array.from({ length: atATime }, (_, i) => `service${(first + i) % 10}.test`);
    failed += (await Promise.all(names.map((name) => lookUp(name, ports === 'fresh')))).filter(
      (found) => !found,
    ).length;
  }
  console.log(failed);
});
process.stdin.on('end', () => process.exit());
