// A small web service with a page that takes 20 ms of a processor to make. It makes the page anew for everybody, one after the
// other; started with --cached it makes one a second, and everybody gets the last one.
//
//   node app.js [--cached]      PORT: where it listens on 127.0.0.1, 8082 if not given

import { once } from 'node:events';
import { createServer } from 'node:http';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { collectDefaultMetrics, Histogram, register } from 'prom-client';

const port = Number(process.env.PORT ?? 8082);
const isCached = process.argv.includes('--cached');
const pageMicros = 20_000;
const everyMs = 1000;

/** The same work on each machine: counted is the time that a processor was at it, and not the time that went by. */
function makePage() {
  const before = process.cpuUsage();
  for (;;) {
    const { user, system } = process.cpuUsage(before);
    if (user + system >= pageMicros) return `a page of ${new Date().toISOString()}\n`;
  }
}

/** Pages are made in a thread of their own, so that requests for metrics need not wait for them. */
function newPages() {
  const maker = new Worker(new URL(import.meta.url));
  const asking = [];
  maker.on('message', (page) => asking.shift()(page));
  return () =>
    new Promise((resolve) => {
      asking.push(resolve);
      maker.postMessage('next');
    });
}

/** The last page, made anew every second whether or not anybody asks for it. */
function lastPage(newPage) {
  let last = newPage();
  setInterval(async () => {
    const next = await newPage();
    last = next;
  }, everyMs);
  return () => last;
}

async function serve() {
  const newPage = newPages();
  const page = isCached ? lastPage(newPage) : newPage;
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'How long a page took, from the request on.',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  });
  collectDefaultMetrics();
  // The first page takes longest, because its thread has to start.
  await page();
  const server = createServer(async (request, response) => {
    if (request.url === '/healthz') {
      response.end('ok\n');
    } else if (request.url === '/metrics') {
      response.setHeader('content-type', register.contentType);
      response.end(await register.metrics());
    } else {
      const answered = durations.startTimer();
      response.end(await page());
      answered();
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  console.log(`listening on 127.0.0.1:${port}`);
}

if (isMainThread) await serve();
else parentPort.on('message', () => parentPort.postMessage(makePage()));
