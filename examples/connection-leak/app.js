// A small web service with room for fifty connections, as a server has that gives each of them a thread or a process of its
// own. Whoever comes when all are taken waits in line. Started with --idle 1000 it ends a connection on which nothing was
// asked for a second, and the next in line has its place.
//
//   node app.js [--idle MILLISECONDS]      PORT: where it listens on 127.0.0.1, 8081 if not given
//                                          METRICS_PORT: where its metrics are, 9120 if not given

import { createServer } from 'node:http';
import { createServer as createListener } from 'node:net';
import { parseArgs } from 'node:util';
import { Gauge, register } from 'prom-client';

const port = Number(process.env.PORT ?? 8081);
const metricsPort = Number(process.env.METRICS_PORT ?? 9120);
const places = 50;
const { values } = parseArgs({ options: { idle: { type: 'string' } } });
const idleMs = values.idle === undefined ? undefined : Number(values.idle);

const served = new Set();
/** Connections that are open and that nobody reads from, the first to come first. */
const waiting = new Set();

const service = createServer((_request, response) => response.end('hello\n'));
// It is this story's question who ends a connection that nobody uses: not Node.js by itself.
service.keepAliveTimeout = 0;

function serve(connection) {
  served.add(connection);
  if (idleMs !== undefined) connection.setTimeout(idleMs, () => connection.destroy());
  service.emit('connection', connection);
}

function leave(connection) {
  waiting.delete(connection);
  if (!served.delete(connection)) return;
  const [next] = waiting;
  if (next === undefined) return;
  waiting.delete(next);
  serve(next);
}

createListener((connection) => {
  connection.on('close', () => leave(connection));
  connection.on('error', () => connection.destroy());
  if (served.size < places) serve(connection);
  else waiting.add(connection);
}).listen(port, '127.0.0.1', () => console.log(`listening on 127.0.0.1:${port}`));

new Gauge({
  name: 'http_connections',
  help: 'Open connections, by whether they have a place.',
  labelNames: ['state'],
  collect() {
    this.set({ state: 'served' }, served.size);
    this.set({ state: 'waiting' }, waiting.size);
  },
});
new Gauge({ name: 'http_connections_max', help: 'Connections that have room.' }).set(places);

// Metrics have a port of their own: those of a service that nobody reaches are the ones that are needed most.
createServer(async (_request, response) => {
  response.setHeader('content-type', register.contentType);
  response.end(await register.metrics());
}).listen(metricsPort, '127.0.0.1');
