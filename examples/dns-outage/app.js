// A small service that sends a report to one of its shops twenty times a second. For each it looks the shop's name
// up, and knows nothing of drills. Started with --leaky (or LEAKY=1) it has the bug of this story: where the look-up
// fails it keeps the report for later, and nobody ever thought of an outage in which "later" takes long.
//
//   node app.js [--leaky]      PORT: where it listens on 127.0.0.1, 8080 if not given

import { lookup } from 'node:dns/promises';
import { createServer } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, register } from 'prom-client';

const port = Number(process.env.PORT ?? 8080);
const leaky = process.argv.includes('--leaky') || process.env.LEAKY === '1';
const everyMs = 50;
const shops = 50;
const reportBytes = 512 * 1024;
/** Even a bug has its limit here, so that the example cannot eat a machine. */
const keptBytesMax = 400 * 1024 * 1024;

/** Reports that wait for their shop to be found. */
const kept = [];

const lookups = new Counter({
  name: 'app_lookups_total',
  help: 'Look-ups of shops, by what became of them.',
  labelNames: ['result'],
});
for (const result of ['ok', 'failed']) lookups.inc({ result }, 0);
new Gauge({
  name: 'app_kept_report_bytes',
  help: 'Bytes of reports that wait for their shop to be found.',
  collect() {
    this.set(kept.length * reportBytes);
  },
});
collectDefaultMetrics();

/** A resizable buffer lies outside of the garbage collector's heap and goes back to the system when it is freed. */
function newReport(number) {
  const report = new ArrayBuffer(reportBytes, { maxByteLength: reportBytes });
  new Uint8Array(report).fill(number % 256);
  return report;
}

function free(report) {
  report.resize(0);
}

async function sendReport(number) {
  const report = newReport(number);
  try {
    await lookup(`shop-${number % shops}.example.test`);
    lookups.inc({ result: 'ok' });
    // Sending is not what this example is about. Shops can be found again, so what was kept goes out as well.
    free(report);
    for (const old of kept.splice(0)) free(old);
  } catch {
    lookups.inc({ result: 'failed' });
    if (leaky && kept.length * reportBytes < keptBytesMax) kept.push(report);
    else free(report);
  }
}

const server = createServer(async (request, response) => {
  if (request.url === '/healthz') {
    response.end('ok\n');
  } else if (request.url === '/metrics') {
    response.setHeader('content-type', register.contentType);
    response.end(await register.metrics());
  } else {
    response.writeHead(404).end();
  }
});

let number = 0;
setInterval(() => sendReport(number++), everyMs);
server.listen(port, '127.0.0.1', () =>
  console.log(`listening on 127.0.0.1:${port}${leaky ? ', leaky' : ''}`),
);
