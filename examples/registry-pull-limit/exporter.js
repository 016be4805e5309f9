// What a registry says of its pull limit, as a metric. At each scrape it asks with HEAD, which is no pull.
//
//   node exporter.js      REGISTRY: its address; PORT: where the metrics are on 127.0.0.1, 9105 if not given

import { createServer } from 'node:http';
import { Gauge, register } from 'prom-client';

const registry = process.env.REGISTRY ?? 'http://127.0.0.1:5000';
const port = Number(process.env.PORT ?? 9105);

new Gauge({
  name: 'pull_counts_remaining',
  help: 'Pulls that the registry still allows in this window.',
  async collect() {
    // What cannot be asked has no value: an old number would look like plenty.
    this.reset();
    const answer = await fetch(`${registry}/v2/app/manifests/latest`, { method: 'HEAD' });
    const remaining = Number.parseInt(answer.headers.get('ratelimit-remaining') ?? '', 10);
    if (!Number.isNaN(remaining)) this.set(remaining);
  },
});

createServer(async (_request, response) => {
  try {
    const text = await register.metrics();
    response.writeHead(200, { 'content-type': register.contentType }).end(text);
  } catch (error) {
    response.writeHead(503).end(`${error.message}\n`);
  }
}).listen(port, '127.0.0.1');

process.on('SIGTERM', () => process.exit());
