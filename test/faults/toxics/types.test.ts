// What each type of toxic does to what passes: measured where it is about time, with room for a busy machine above,
// none below.

import { once } from 'node:events';
import { createServer, type RequestListener, request } from 'node:http';
import { describe, expect, it } from 'vitest';
import {
  add,
  afterTest,
  change,
  connectTo,
  echo,
  endOf,
  readAll,
  roundTrip,
  sleep,
  startProxy,
  startUpstream,
  until,
} from './support.ts';

/** A proxy whose upstream sends this at once and then waits. */
async function sending(bytes: Buffer) {
  return startProxy((await startUpstream((socket) => socket.write(bytes))).port);
}

async function echoing() {
  const proxy = await startProxy((await startUpstream(echo)).port);
  return { proxy, client: await connectTo(proxy) };
}

describe('latency', () => {
  it.each([
    ['upstream', 100, 0],
    ['downstream', 0, 100],
    ['both', 60, 60],
  ])('%s delays what passes that way', async (_, upstream, downstream) => {
    const { proxy, client } = await echoing();
    add(proxy, 'latency', { latency: upstream }, { name: 'up', stream: 'upstream' });
    add(proxy, 'latency', { latency: downstream }, { name: 'down' });
    const ms = await roundTrip(client);
    expect(ms).toBeGreaterThanOrEqual(upstream + downstream - 1);
    expect(ms).toBeLessThan(1000);
  });

  it('varies by its jitter, and does not narrow the line', async () => {
    const { proxy, client } = await echoing();
    add(proxy, 'latency', { latency: 50, jitter: 40 });
    const times = [];
    for (let i = 0; i < 12; i++) times.push(await roundTrip(client));
    expect(Math.min(...times)).toBeGreaterThanOrEqual(9);
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(10);
    change(proxy, 'latency', { latency: 200 });
    const big = Buffer.alloc(4 * 2 ** 20);
    const begin = performance.now();
    client.end(big);
    expect((await readAll(client)).length).toBe(big.length);
    // One chunk after the other would have taken sixty times the delay.
    expect(performance.now() - begin).toBeLessThan(3000);
  });
});

describe('bandwidth', () => {
  it('passes so many thousand bytes a second', async () => {
    const proxy = await sending(Buffer.alloc(10_000_000));
    add(proxy, 'bandwidth', { rate: 1000 });
    const client = await connectTo(proxy);
    let bytes = 0;
    client.on('data', (chunk) => {
      bytes += chunk.length;
    });
    await once(client, 'data');
    const [fromMs, from] = [performance.now(), bytes];
    await sleep(800);
    const kilobytesPerSecond = (bytes - from) / (performance.now() - fromMs);
    expect(kilobytesPerSecond).toBeLessThan(1300);
    expect(kilobytesPerSecond).toBeGreaterThan(500);
  });

  it('of 0 passes nothing, and all when it is removed', async () => {
    const { proxy, client } = await echoing();
    add(proxy, 'bandwidth');
    const answer = roundTrip(client);
    await sleep(100);
    expect(proxy.traffic.downstream).toEqual({ received: 5, sent: 0 });
    proxy.chain.clear();
    await answer;
  });
});

describe('slow_close', () => {
  it('delays the end and nothing else', async () => {
    const { proxy, client } = await echoing();
    add(proxy, 'slow_close', { delay: 200 });
    expect(await roundTrip(client)).toBeLessThan(200);
    const begin = performance.now();
    const ended = once(client, 'end');
    client.resume().end();
    await ended;
    expect(performance.now() - begin).toBeGreaterThanOrEqual(199);
  });
});

describe('timeout', () => {
  it('drops what comes and closes the connection after its time', async () => {
    const { proxy, client } = await echoing();
    add(proxy, 'timeout', { timeout: 150 });
    const heard: Buffer[] = [];
    client.on('data', (bytes) => heard.push(bytes));
    const begin = performance.now();
    client.write('into the void');
    await endOf(client);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(140);
    expect(heard).toEqual([]);
  });

  it('of 0 never does, and closes it when it is removed', async () => {
    const { proxy, client } = await echoing();
    await roundTrip(client);
    add(proxy, 'timeout');
    const ended = endOf(client);
    client.write('into the void');
    await until(() => proxy.traffic.downstream.received === 5 + 13);
    expect(proxy.chain.connections.length).toBe(1);
    proxy.chain.remove('timeout');
    expect(await ended).toBe('end');
  });
});

describe('reset_peer', () => {
  it('breaks both ends with a reset, also when the connection was there before it', async () => {
    let upstreamEnd: Promise<string> | undefined;
    const upstream = await startUpstream((socket) => {
      upstreamEnd = new Promise((resolve) => socket.once('error', (error) => resolve(String(error))));
      echo(socket);
    });
    const proxy = await startProxy(upstream.port);
    const client = await connectTo(proxy);
    await roundTrip(client);
    add(proxy, 'reset_peer');
    const ended = endOf(client);
    client.write('ping');
    expect(await ended).toBe('ECONNRESET');
    expect(await upstreamEnd).toContain('ECONNRESET');
  });

  it('waits for its timeout after the first bytes, and passes them on when it goes before', async () => {
    const { proxy, client } = await echoing();
    add(proxy, 'reset_peer', { timeout: 150 });
    await sleep(200);
    const begin = performance.now();
    const ended = endOf(client);
    client.write('ping');
    expect(await ended).toBe('ECONNRESET');
    expect(performance.now() - begin).toBeGreaterThanOrEqual(145);
    const other = await connectTo(proxy);
    const answer = roundTrip(other);
    await until(() => proxy.chain.connections[0]?.traffic.downstream.received === 5);
    proxy.chain.clear();
    await answer;
  });
});

describe('slicer', () => {
  it('cuts into pieces of about the average size with a delay after each', async () => {
    const proxy = await sending(Buffer.alloc(1000, 'x'));
    add(proxy, 'slicer', { average_size: 100, size_variation: 50, delay: 10_000 });
    const client = await connectTo(proxy);
    const sizes: number[] = [];
    const begin = performance.now();
    client.on('data', ({ length }) => sizes.push(length));
    await until(() => sizes.reduce((sum, size) => sum + size, 0) === 1000);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(45);
    expect(sizes.length).toBeGreaterThanOrEqual(3);
    expect(new Set(sizes).size).toBeGreaterThan(1);
  });
});

describe('limit_data', () => {
  it.each([
    [0, 0],
    [5, 5],
    [100, 100],
    [5000, 5000],
  ])('of %i bytes passes %i and closes the connection', async (bytes, passed) => {
    const proxy = await sending(Buffer.alloc(10_000));
    add(proxy, 'limit_data', { bytes });
    expect((await readAll(await connectTo(proxy))).length).toBe(passed);
  });

  it('counts on when its limit changes', async () => {
    const { proxy, client } = await echoing();
    add(proxy, 'limit_data', { bytes: 100 });
    await roundTrip(client, 'x'.repeat(60));
    change(proxy, 'limit_data', { bytes: 80 });
    client.write('y'.repeat(60));
    expect((await readAll(client)).length).toBe(20);
  });
});

describe('http', () => {
  async function web(answer: RequestListener) {
    const seen: string[] = [];
    const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, response) => {
      seen.push(`${incoming.method} ${incoming.url}`);
      answer(incoming, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    afterTest(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    const proxy = await startProxy((address as { port: number }).port);
    const { Agent } = await import('node:http');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    afterTest(() => agent.destroy());
    const ask = (method: string, path: string, body = '', headers = {}) =>
      new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string; ms: number }>(
        (resolve, reject) => {
          const begin = performance.now();
          const { host, port } = proxy.route.listen;
          const sent = request({ host, port, method, path, agent, headers }, async (response) => {
            let text = '';
            for await (const chunk of response) text += chunk;
            const { statusCode, headers } = response;
            resolve({ status: statusCode!, headers, body: text, ms: performance.now() - begin });
          });
          sent.on('error', reject);
          sent.end(body);
        },
      );
    return { proxy, ask, seen };
  }

  it('answers matching requests itself on a connection that lives on', async () => {
    const { proxy, ask, seen } = await web((incoming, response) =>
      response.end(`you asked for ${incoming.url}`),
    );
    await ask('GET', '/before');
    const fault = {
      method: 'post',
      path: '/orders/*',
      status: 503,
      body: 'later',
      headers: { 'Retry-After': '7' },
    };
    add(proxy, 'http', fault);
    const refused = await ask('POST', '/orders/7?dry=1', 'x'.repeat(100_000));
    expect(refused).toMatchObject({ status: 503, body: 'later', headers: { 'retry-after': '7' } });
    for (const [method, path] of [
      ['GET', '/orders/7'],
      ['POST', '/order'],
    ] as const)
      expect(await ask(method, path)).toMatchObject({ status: 200, body: `you asked for ${path}` });
    const chunked = await ask('POST', '/orders/8', 'y'.repeat(50), { 'transfer-encoding': 'chunked' });
    expect(chunked.status).toBe(503);
    proxy.chain.clear();
    expect((await ask('POST', '/orders/7', 'z')).status).toBe(200);
    expect(seen).toEqual(['GET /before', 'GET /orders/7', 'POST /order', 'POST /orders/7']);
    // All of it was one connection.
    expect(proxy.chain.connections.map(({ number }) => number)).toEqual([1]);
  });

  it("changes the upstream's answers in header and body, however they are framed", async () => {
    const { proxy, ask } = await web((incoming, response) => {
      response.setHeader('Cache-Control', 'max-age=60');
      if (incoming.url === '/chunked') response.write('a first part, ');
      response.end('and the rest');
    });
    add(proxy, 'http', { headers: { 'cache-control': 'no-store' } }, { name: 'header' });
    expect(await ask('GET', '/chunked')).toMatchObject({
      body: 'a first part, and the rest',
      headers: { 'cache-control': 'no-store' },
    });
    add(proxy, 'http', { body: 'replaced' }, { name: 'body' });
    for (const path of ['/chunked', '/plain'])
      expect(await ask('GET', path)).toMatchObject({
        status: 200,
        body: 'replaced',
        headers: { 'cache-control': 'no-store', 'content-length': '8' },
      });
  });

  it('delays answers, of its own and of the upstream, and lets them go when it is removed', async () => {
    const { proxy, ask } = await web((_, response) => response.end('done'));
    add(proxy, 'http', { path: '/slow', latency: 150 });
    expect((await ask('GET', '/slow')).ms).toBeGreaterThanOrEqual(149);
    expect((await ask('GET', '/fast')).status).toBe(200);
    change(proxy, 'http', { latency: 150, status: 500 });
    const own = await ask('GET', '/any');
    expect([own.status, own.ms >= 149]).toEqual([500, true]);
    change(proxy, 'http', { latency: 60_000 });
    const held = ask('GET', '/held');
    await until(() => proxy.traffic.downstream.received > proxy.traffic.downstream.sent - 100);
    await sleep(50);
    proxy.chain.clear();
    expect((await held).body).toBe('done');
  });

  it('acts on its share of requests', async () => {
    const { proxy, ask } = await web((_, response) => response.end());
    add(proxy, 'http', { status: 500, probability: 0.3 });
    const statuses: number[] = [];
    for (let i = 0; i < 60; i++) statuses.push((await ask('GET', '/')).status);
    const failed = statuses.filter((status) => status === 500).length;
    expect(failed).toBeGreaterThan(6);
    expect(failed).toBeLessThan(32);
  });

  it('leaves what is not HTTP/1.x alone', async () => {
    const { proxy, client } = await echoing();
    add(proxy, 'http', { status: 500 });
    for (const text of ['PING\r\n', 'S', '\x16\x03\x01', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']) {
      const [bytes] = (await Promise.all([once(client, 'data'), client.write(text)]))[0];
      expect(String(bytes)).toBe(text);
    }
  });
});
