// What a client or a target could do to us without meaning well, or without knowing better.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock, VirtualClock } from '../../src/base/clock.ts';
import { Labels } from '../../src/base/labels.ts';
import { QueryGate } from '../../src/server/api/query-gate.ts';
import type { ServerLimits } from '../../src/server/app.ts';
import { emptyConfig } from '../../src/server/config/read.ts';
import type { ScrapeSpec } from '../../src/telemetry/metrics/scrape-spec.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { smallStore, startApp, stopApps } from './support.ts';
import { snappy, version1Headers, version1Message } from './write-bodies.ts';

afterEach(stopApps);

const limits = { body: { bytesMax: 10_000, decodedBytesMax: 20_000 } };

describe('a body', () => {
  test('over its limit is refused, whether it says its length or not', async () => {
    const { url } = await startApp({ limits });
    const write = (body: Uint8Array<ArrayBuffer> | ReadableStream, more: object = {}) =>
      fetch(`${url}/api/v1/write`, { method: 'POST', headers: version1Headers, body, ...more }).then(
        (response) => response.status,
      );
    expect(await write(new Uint8Array(20_000))).toBe(413);
    const chunk = new Uint8Array(1000);
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
    expect(await write(endless, { duplex: 'half' }).catch(() => 413)).toBe(413);
  });

  test('that is small only while it is compressed is refused', async () => {
    const { url } = await startApp({ limits });
    const bomb = snappy(new Uint8Array(1_000_000));
    // Small enough to be let in.
    expect(snappy(new Uint8Array(100_000)).length).toBeLessThan(10_000);
    const write = await fetch(`${url}/api/v1/write`, {
      method: 'POST',
      headers: version1Headers,
      body: new Uint8Array(snappy(new Uint8Array(100_000))),
    });
    expect(write.status).toBe(400);
    expect(bomb.length).toBeGreaterThan(10_000);
    const otlp = await fetch(`${url}/api/v1/otlp/v1/metrics`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: gzipSync(Buffer.alloc(1_000_000)),
    });
    expect(otlp.status).toBe(413);
  });
});

describe('a label bomb', () => {
  test('that is sent is refused, series by series', async () => {
    const { url, store } = await startApp();
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`label_${i}`, 'x']));
    const sample = { value: 1, atMs: 1000 };
    const bodies = [
      { labels: { __name__: 'many', ...many }, samples: [sample] },
      { labels: { __name__: 'long', label: 'x'.repeat(100_000) }, samples: [sample] },
      { labels: { __name__: 'named', ['n'.repeat(5000)]: 'x' }, samples: [sample] },
      { labels: { __name__: 'good' }, samples: [sample] },
    ];
    const body = new Uint8Array(snappy(version1Message(bodies)));
    const response = await fetch(`${url}/api/v1/write`, { method: 'POST', headers: version1Headers, body });
    expect(response.status).toBe(400);
    expect(await response.text()).toBe(
      [
        'label_limit exceeded (metric: "many", number of labels: 501, limit: 128)',
        'label_value_length_limit exceeded (metric: "long", label name: "label", length: 100000, limit: 16384)',
        `label_name_length_limit exceeded (metric: "named", label name: "${'n'.repeat(50)}", length: 5000, limit: 1024)`,
        '',
      ].join('\n'),
    );
    expect(store.labelValues('__name__')).toEqual(['good']);
  });

  test('that is scraped fails the scrape', async () => {
    const labels = Array.from({ length: 500 }, (_, i) => `label_${i}="x"`).join(',');
    const server = createServer((_, response) =>
      response.setHeader('content-type', 'text/plain').end(`bomb{${labels}} 1\n`),
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { api, store } = await startApp({ config: configFor(server.address() as AddressInfo) });
      const target = await scraped(api);
      expect(target.lastError).toContain(
        'label_limit exceeded (metric: "bomb", number of labels: 503, limit: 128)',
      );
      expect(store.labelValues('__name__')).not.toContain('bomb');
    } finally {
      server.close();
    }
  });
});

test('a scrape target that never ends is given up at its body limit', async () => {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/plain');
    const more = () => {
      while (response.write(`endless{n="${Math.floor(performance.now())}"} 1\n`.repeat(1000)));
      response.once('drain', more);
    };
    more();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const config = configFor(server.address() as AddressInfo, { bodySizeLimitBytes: 1_000_000 });
    const { api, store } = await startApp({ config });
    const target = await scraped(api);
    expect(target.health).toBe('down');
    expect(target.lastError).toContain('more than the limit of 1000000 bytes');
    expect(store.labelValues('__name__')).not.toContain('endless');
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('a query that touches too many samples is ended', async () => {
  const { get } = await startApp({ store: smallStore(), limits: { querySamples: 5 } });
  const answer = await get('/api/v1/query_range?query=up&start=1700000000&end=1700000060&step=15');
  expect(answer.status).toBe(422);
  expect(JSON.parse(answer.body)).toEqual({
    status: 'error',
    errorType: 'execution',
    error: 'query processing would load too many samples into memory in query execution',
  });
});

test('a store that is full refuses what is sent, and tells to send it again', async () => {
  const { url } = await startApp({ store: new SeriesStore({ series: 1, samples: 100 }) });
  const sample = { value: 1, atMs: 1000 };
  const body = version1Message([
    { labels: { __name__: 'a' }, samples: [sample] },
    { labels: { __name__: 'b' }, samples: [sample] },
  ]);
  const headers = version1Headers;
  const response = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers,
    body: new Uint8Array(snappy(body)),
  });
  expect(response.status).toBe(500);
  expect(await response.text()).toContain('holds its limit of 1 series');
});

describe('a slow client', () => {
  test.each([
    ['its headers', 'GET /api/v1/labels HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: '],
    [
      'its body',
      'POST /api/v1/write HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-protobuf\r\nContent-Length: 1000\r\n\r\n',
    ],
  ])('that drips %s is cut off, while others are answered', async (_, start) => {
    const { address, get } = await startApp({ limits: { http: { headersMs: 300, requestMs: 600 } } });
    const socket = connect(Number(address.split(':')[1]), '127.0.0.1');
    socket.on('error', () => {});
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    const startedMs = performance.now();
    socket.write(start);
    const drip = setInterval(() => socket.write('x'), 50);
    const closed = once(socket, 'close');
    expect((await get('/-/healthy')).status).toBe(200);
    await closed;
    clearInterval(drip);
    expect(performance.now() - startedMs).toBeLessThan(5000);
    expect(answer).toMatch(/^(HTTP\/1\.1 408 |$)/);
  });
});

describe('retention', () => {
  test('forgets what is too old, and series that have nothing else', async () => {
    const store = smallStore();
    const now = systemClock.now();
    store.appendBatch({
      source: 'now',
      atMs: now,
      samples: [{ labels: Labels.from({ __name__: 'new' }), value: 1 }],
    });
    const { api } = await startApp({ store, config: { ...emptyConfig, retentionMs: 3_600_000 } });
    expect((await api('label/__name__/values')).data).toEqual(['new']);
    expect((await api('query?query=up&time=1700000000')).data.result).toEqual([]);
  });

  test('keeps the samples within a size', async () => {
    const store = new SeriesStore();
    for (let i = 0; i < 20_000; i++)
      store.appendBatch({
        source: 's',
        atMs: i,
        samples: [{ labels: Labels.from({ __name__: 'm' }), value: i }],
      });
    const config = { ...emptyConfig, retentionBytes: 100_000 };
    await startApp({ store, config, limits: { retainEveryMs: 20 } });
    for (let attempt = 0; attempt < 100 && store.memory().rawBytes > 100_000; attempt++)
      await systemClock.sleep(20);
    expect(store.memory().rawBytes).toBeLessThanOrEqual(100_000);
    expect(store.select([], 19_999, 19_999)).toHaveLength(1);
  });
});

describe('queries', () => {
  test('wait for their turn, as many as may, and no longer than they want', async () => {
    const clock = new VirtualClock(0);
    const gate = new QueryGate(clock, 1, 1);
    const never = new AbortController().signal;
    let finish = () => {};
    const first = gate.run(1000, never, () => new Promise<void>((resolve) => (finish = resolve)));
    await new Promise((resolve) => setImmediate(resolve));
    const second = gate.run(1000, never, () => 'second');
    await expect(gate.run(1000, never, () => 'third')).rejects.toThrow('too many queries wait: 1');
    const late = expect(second).rejects.toThrow('query timed out in query queue');
    await clock.advance(1000);
    await late;
    const next = gate.run(1000, never, () => 'next');
    finish();
    await first;
    expect(await next).toBe('next');
  });
});

test('a query whose time is up is ended in the middle', async () => {
  const store = new SeriesStore();
  for (let i = 0; i < 2000; i++)
    store.appendBatch({
      source: 's',
      atMs: 1_700_000_000_000 + i * 1000,
      samples: Array.from({ length: 50 }, (_, n) => ({
        labels: Labels.from({ __name__: 'm', n: String(n) }),
        value: i,
      })),
    });
  // Every look at this clock is a second later than the one before.
  let now = 1_700_002_000_000;
  const clock = { ...systemClock, now: () => (now += 1000) };
  const { get } = await startApp({ store, clock, limits: { queryTimeoutMs: 5000 } });
  const query = encodeURIComponent('sum(quantile_over_time(0.5, m[30m]))');
  const answer = await get(`/api/v1/query_range?query=${query}&start=1700000000&end=1700002000&step=1`);
  expect(answer).toEqual({
    status: 503,
    body: '{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}',
  });
});

describe('the queue of queries', () => {
  /** A server that has no place for a query, on a clock that stands still. */
  async function busy(limits: Partial<ServerLimits>) {
    const clock = new VirtualClock(0);
    const app = await startApp({ store: smallStore(), clock, limits: { queries: 0, ...limits } });
    const waiting = (count: number) =>
      until(async () => (await app.get('/metrics')).body.includes(`\nprometheus_engine_queries ${count}\n`));
    return { ...app, clock, waiting };
  }

  const path = '/api/v1/query?query=up';

  test('is left after the time that the request or the server allows', async () => {
    const { get, clock, waiting } = await busy({ queriesWaiting: 2, queryTimeoutMs: 5000 });
    const asked = [get(`${path}&timeout=1s`), get(path)];
    const settled = [false, false];
    for (const [i, answer] of asked.entries()) void answer.then(() => (settled[i] = true));
    await waiting(2);
    await clock.advance(1000);
    const timedOut = {
      status: 503,
      body: '{"status":"error","errorType":"timeout","error":"query timed out in query queue"}',
    };
    expect(await asked[0]).toEqual(timedOut);
    expect(settled).toEqual([true, false]);
    await clock.advance(4000);
    expect(await asked[1]).toEqual(timedOut);
  });

  test('has an end, and those who would stand behind it are told at once', async () => {
    const { get, clock, waiting } = await busy({ queriesWaiting: 1 });
    const first = get(path);
    await waiting(1);
    expect(await get(path)).toEqual({
      status: 503,
      body: '{"status":"error","errorType":"unavailable","error":"too many queries wait: 1"}',
    });
    await clock.advance(200_000);
    expect((await first).status).toBe(503);
  });

  test("is left by a client that goes away, and its place is another one's", async () => {
    const { get, url, clock, waiting } = await busy({ queriesWaiting: 1 });
    const gone = new AbortController();
    const left = fetch(`${url}${path}`, { signal: gone.signal }).catch(() => 'gone');
    await waiting(1);
    gone.abort();
    expect(await left).toBe('gone');
    const counted = 'prometheus_http_requests_total{handler="/api/v1/query",code="499"} 1';
    await until(async () => (await get('/metrics')).body.includes(counted));
    const next = get(path);
    await waiting(1);
    await clock.advance(200_000);
    expect((await next).body).toContain('query timed out in query queue');
  });
});

test('stopping lets a request that is under way finish', async () => {
  const app = await startApp();
  const body = new Uint8Array(
    snappy(version1Message([{ labels: { __name__: 'a' }, samples: [{ value: 1, atMs: 1 }] }])),
  );
  const slow = new ReadableStream({
    start: async (controller) => {
      controller.enqueue(body.slice(0, 5));
      await systemClock.sleep(300);
      controller.enqueue(body.slice(5));
      controller.close();
    },
  });
  const options = { method: 'POST', headers: version1Headers, body: slow, duplex: 'half' };
  const written = fetch(`${app.url}/api/v1/write`, options as RequestInit);
  await systemClock.sleep(100);
  const stopped = app.stop();
  expect((await written).status).toBe(204);
  await stopped;
  await expect(fetch(app.url)).rejects.toThrow();
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    if (await holds()) return;
    await systemClock.sleep(10);
  }
  throw new Error('it never held');
}

function configFor({ port }: AddressInfo, more: Partial<ScrapeSpec> = {}) {
  const spec: ScrapeSpec = {
    jobName: 'bad',
    targets: [{ address: `127.0.0.1:${port}`, labels: {} }],
    scheme: 'http',
    metricsPath: '/metrics',
    params: {},
    intervalMs: 60_000,
    timeoutMs: 10_000,
    honorLabels: false,
    honorTimestamps: true,
    bodySizeLimitBytes: 0,
    sampleLimit: 0,
    http: {},
    ...more,
  };
  return { ...emptyConfig, scrape: [spec] };
}

async function scraped(
  api: (path: string) => Promise<{ data?: { activeTargets: Target[] } }>,
): Promise<Target> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const [target] = (await api('targets')).data!.activeTargets;
    if (target && target.health !== 'unknown') return target;
    await systemClock.sleep(25);
  }
  throw new Error('the target was not scraped');
}

interface Target {
  readonly health: string;
  readonly lastError: string;
}

describe('a query that takes too long', () => {
  test('is ended with the status that Prometheus has for it', async () => {
    const store = new SeriesStore();
    for (let i = 0; i < 100; i++) {
      const labels = Labels.from({ __name__: 'm', i: String(i) });
      for (let k = 0; k < 100; k++)
        store.appendBatch({ source: 'test', atMs: k * 10_000 + i, samples: [{ labels, value: k }] });
    }
    // Each look at this clock costs a second.
    let nowMs = 0;
    const clock = { ...systemClock, now: () => (nowMs += 1000), sleep: systemClock.sleep };
    const { get } = await startApp({ store, clock });
    const path = '/api/v1/query_range?query=sum(rate(m[5m]))&start=0&end=1000&step=0.1';
    expect(await get(`${path}&timeout=1s`)).toEqual({
      status: 503,
      body: '{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}',
    });
    expect((await get(path)).status).toBe(200);
  });
});
