// A registry that allows so many pulls in a window of time, and says with every answer how many are left, as registries do:
// `ratelimit-remaining: 76;w=21600`. Asking with HEAD costs nothing, a GET is a pull, and without any left the answer is 429.
//
//   node registry.js      PORT: where it listens on 127.0.0.1, 5000 if not given; PULLS: what a window allows, 100

import { createServer } from 'node:http';

const port = Number(process.env.PORT ?? 5000);
const limit = Number(process.env.PULLS ?? 100);
const windowSeconds = 21_600;

let remaining = limit;
setInterval(() => {
  remaining = limit;
}, windowSeconds * 1000).unref();

createServer((request, response) => {
  const isPull = request.method === 'GET';
  const isRefused = isPull && remaining === 0;
  if (isPull && !isRefused) remaining--;
  response.writeHead(isRefused ? 429 : 200, {
    'ratelimit-limit': `${limit};w=${windowSeconds}`,
    'ratelimit-remaining': `${remaining};w=${windowSeconds}`,
  });
  response.end();
}).listen(port, '127.0.0.1');

process.on('SIGTERM', () => process.exit());
