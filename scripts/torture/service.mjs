// The software that the torture breaks: answers over HTTP, and shows by its answers what a fault does to it.
//
//   GET /         200 `ok`
//   GET /lookup   200 with the address of a fresh name below example.test, 500 with the error of the look-up
//   GET /time     200 with what the process takes for the time, in Unix milliseconds
//   GET /file     200 with the content of FILE, 500 with the error of the reading
//   GET /write    200 when 64 kB could be written beside FILE, 500 with the error of the writing
//   GET /sync     200 when 64 kB have reached the disk of DISK, 500 with the error of the writing
//   GET /large    200 with 32 kB
//   GET /greeting 200 with the variable GREETING
//   GET /call     200 with what its dependency answers, which listens two ports above, 500 with what else it comes to
//
// With LOOKUPS=1 it looks names up all the time, as an application would that knows nothing of drills.

import { lookup } from 'node:dns/promises';
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';

const { PORT, FILE = '', DISK = '', LOOKUPS } = process.env;
let number = 0;
const lookUp = () => lookup(`shop-${number++}.example.test`);

if (LOOKUPS === '1') setInterval(() => lookUp().catch(() => {}), 50);

async function writeBeside(path) {
  try {
    await writeFile(path, Buffer.alloc(65_536));
  } finally {
    await rm(path, { force: true });
  }
}

async function sync(path) {
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(Buffer.alloc(65_536));
    await handle.sync();
  } finally {
    await handle.close();
    await rm(path, { force: true });
  }
}

async function call() {
  const response = await fetch(`http://127.0.0.1:${Number(PORT) + 2}/`, { headers: { connection: 'close' } });
  if (!response.ok) throw new Error(`the dependency answers ${response.status}`);
  return await response.text();
}

const answers = {
  '/': async () => 'ok',
  '/lookup': async () => (await lookUp()).address,
  '/time': async () => String(Date.now()),
  '/file': () => readFile(FILE, 'utf8'),
  '/write': () => writeBeside(`${FILE}.new`).then(() => 'written'),
  '/sync': () => sync(`${DISK}/sync`).then(() => 'synced'),
  '/greeting': async () => process.env.GREETING ?? '',
  '/call': call,
  '/large': async () => 'x'.repeat(32_768),
};

createServer(async (request, response) => {
  const answer = answers[new URL(request.url, 'http://localhost').pathname];
  if (!answer) return response.writeHead(404).end();
  try {
    const text = await answer();
    response.writeHead(200).end(text);
  } catch (error) {
    response.writeHead(500).end(error.message);
  }
}).listen(Number(PORT), '127.0.0.1', () => console.log(`listening on ${PORT}`));

createServer((_request, response) => response.end('called')).listen(Number(PORT) + 2, '127.0.0.1');
