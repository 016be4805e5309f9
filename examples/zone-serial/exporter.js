// What the name server says of its zone, as a metric. At each scrape it asks for the SOA record, as a secondary server or a
// resolver would: what counts is what the world is told, not what lies in a file.
//
//   node exporter.js      SERVER_PORT: the name server on 127.0.0.1, 5300 if not given
//                         PORT: where the metrics are on 127.0.0.1, 9119 if not given

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { decode, encode } from 'dns-packet';
import { Gauge, register } from 'prom-client';
import { zone } from './zone.js';

const serverPort = Number(process.env.SERVER_PORT ?? 5300);
const port = Number(process.env.PORT ?? 9119);
const answerMsMax = 500;

async function askSerial() {
  const socket = createSocket('udp4');
  try {
    const question = encode({ type: 'query', id: 1, questions: [{ type: 'SOA', name: zone }] });
    socket.connect(serverPort, '127.0.0.1');
    await once(socket, 'connect');
    socket.send(question);
    const [message] = await once(socket, 'message', { signal: AbortSignal.timeout(answerMsMax) });
    const { rcode, answers } = decode(message);
    if (answers.length === 0) throw new Error(rcode);
    return answers[0].data.serial;
  } finally {
    socket.close();
  }
}

new Gauge({
  name: 'dns_zone_serial',
  help: 'Serial of the zone, which is the Unix time of its last publication.',
  labelNames: ['zone'],
  async collect() {
    this.set({ zone }, await askSerial());
  },
});

createServer(async (_request, response) => {
  try {
    const text = await register.metrics();
    response.writeHead(200, { 'content-type': register.contentType }).end(text);
  } catch (error) {
    // Without an answer the scrape fails, and `up` is 0: the last serial would look like one that is stuck.
    response.writeHead(503).end(`the name server gives no serial: ${error.message}\n`);
  }
}).listen(port, '127.0.0.1', () => console.log(`metrics on 127.0.0.1:${port}`));
