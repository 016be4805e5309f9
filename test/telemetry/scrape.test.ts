import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { Scraper } from '../../src/telemetry/metrics/scrape.ts';
import type { ScrapeSpec } from '../../src/telemetry/metrics/scrape-spec.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { describeWith } from '../support/requires.ts';
import { samplesOf, valuesOf } from './samples.ts';
import {
  endProgram,
  freeAddress,
  makeCertificate,
  serve,
  serveText,
  serveTls,
  startProgram,
  type TestServer,
  until,
} from './servers.ts';

const plain = { 'content-type': 'text/plain; version=0.0.4' };
const servers: TestServer[] = [];
const scrapers: Scraper[] = [];
const folder = mkdtempSync(join(tmpdir(), 'firedrill-scrape-'));

afterEach(async () => {
  await Promise.all(scrapers.splice(0).map((scraper) => scraper.stop()));
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function opened(server: Promise<TestServer>): Promise<string> {
  servers.push(await server);
  return servers.at(-1)!.address;
}

function specOf(address: string, more: Partial<ScrapeSpec> = {}): ScrapeSpec {
  return {
    jobName: 'app',
    targets: [{ address, labels: {} }],
    scheme: 'http',
    metricsPath: '/metrics',
    params: {},
    intervalMs: 100,
    timeoutMs: 2000,
    honorLabels: false,
    honorTimestamps: true,
    bodySizeLimitBytes: 1_000_000,
    sampleLimit: 1000,
    http: {},
    ...more,
  };
}

function scraperOf(...specs: ScrapeSpec[]) {
  const store = new SeriesStore();
  const events: string[] = [];
  const scraper = new Scraper(specs, store, systemClock, {
    onFailure: (source, reason) => events.push(`${source} failed: ${reason}`),
    onRecovery: (source) => events.push(`${source} is back`),
  });
  scrapers.push(scraper);
  /** The reason of one failed scrape, without the changing port. */
  const failure = async () => (await scraper.scrapeOnce())[0]!.failure?.replaceAll(/:\d{4,5}\b/g, ':PORT');
  return { store, events, scraper, failure };
}

describe('a scrape', () => {
  it('stores the samples with job, instance and declared labels, and reports on itself', async () => {
    const address = await opened(serveText(() => '# TYPE a gauge\na{x="1"} 2\na{x="2"} 3\n'));
    const spec = specOf(address, { targets: [{ address, labels: { zone: 'z' } }] });
    const { store, scraper, events } = scraperOf(spec);
    const before = Date.now();
    expect(await scraper.scrapeOnce()).toEqual([{ source: `app/${address}`, failure: undefined }]);
    const labels = { job: 'app', instance: address, zone: 'z' };
    const [[atMs, value]] = samplesOf(store, 'a', { ...labels, x: '2' }) as [[number, number]];
    expect(value).toBe(3);
    expect(atMs).toBeGreaterThanOrEqual(before);
    expect(valuesOf(store, 'up', labels)).toEqual([1]);
    expect(valuesOf(store, 'scrape_samples_scraped', labels)).toEqual([2]);
    expect(valuesOf(store, 'scrape_samples_post_metric_relabeling', labels)).toEqual([2]);
    expect(valuesOf(store, 'scrape_series_added', labels)).toEqual([2]);
    expect(valuesOf(store, 'scrape_duration_seconds', labels)[0]).toBeLessThan(2);
    await scraper.scrapeOnce();
    expect(valuesOf(store, 'scrape_series_added')).toEqual([2, 0]);
    expect(events).toEqual([]);
  });

  it('says what it accepts and how long it waits', async () => {
    let seen: IncomingMessage | undefined;
    const address = await opened(
      serve((request, response) => {
        seen = request;
        response.writeHead(200, plain).end('a 1\n');
      }),
    );
    const { scraper } = scraperOf(
      specOf(address, { metricsPath: '/probe', params: { target: ['a b', 'c'] }, timeoutMs: 1500 }),
    );
    await scraper.scrapeOnce();
    expect(seen!.url).toBe('/probe?target=a+b&target=c');
    expect(seen!.headers).toMatchObject({
      accept: expect.stringContaining('application/openmetrics-text;version=1.0.0'),
      'accept-encoding': 'gzip',
      'x-prometheus-scrape-timeout-seconds': '1.5',
    });
  });

  it('asks for the protocols that it is told, and for no compression where that is not wanted', async () => {
    let seen: IncomingMessage | undefined;
    const address = await opened(
      serve((request, response) => {
        seen = request;
        response.writeHead(200, plain).end('a 1\n');
      }),
    );
    const { scraper } = scraperOf(
      specOf(address, { protocols: ['PrometheusText0.0.4', 'PrometheusProto'], compression: false }),
    );
    await scraper.scrapeOnce();
    expect(seen!.headers['accept-encoding']).toBe('identity');
    expect(seen!.headers.accept).toBe(
      'text/plain;version=0.0.4;q=0.3,application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.2,*/*;q=0.1',
    );
  });

  it('marks the end of series with times of their own where that is tracked', async () => {
    let body = `a 1 ${Date.now() - 1000}\n`;
    const address = await opened(serveText(() => body));
    const tracking = scraperOf(specOf(address, { trackTimestampsStaleness: true }));
    const leaving = scraperOf(specOf(address));
    for (const { scraper } of [tracking, leaving]) await scraper.scrapeOnce();
    body = 'b 1\n';
    for (const { scraper } of [tracking, leaving]) await scraper.scrapeOnce();
    expect(valuesOf(tracking.store, 'a')).toEqual([1, 'stale']);
    expect(valuesOf(leaving.store, 'a')).toEqual([1]);
  });

  it('scrapes no target where there are more than target_limit', async () => {
    let requests = 0;
    const address = await opened(
      serve((_, response) => {
        requests++;
        response.writeHead(200, plain).end('a 1\n');
      }),
    );
    const targets = ['1', '2'].map((shard) => ({ address, labels: { shard } }));
    const over = scraperOf(specOf(address, { targets, targetLimit: 1 }));
    const failures = (await over.scraper.scrapeOnce()).map(({ failure }) => failure);
    const reason = 'target_limit exceeded (number of targets: 2, limit: 1)';
    expect(failures).toEqual([reason, reason]);
    expect(requests).toBe(0);
    expect(valuesOf(over.store, 'up', { shard: '1' })).toEqual([0]);
    await scraperOf(specOf(address, { targets, targetLimit: 2 })).scraper.scrapeOnce();
    expect(requests).toBe(2);
  });

  it('reads gzip and OpenMetrics, with exemplars and own timestamps', async () => {
    const body = '# TYPE a counter\na_total 5 1795140000.5 # {id="x"} 1\nb 6\n# EOF\n';
    const headers = {
      'content-type': 'application/openmetrics-text; version=1.0.0',
      'content-encoding': 'gzip',
    };
    const address = await opened(
      serve((_, response) => response.writeHead(200, headers).end(gzipSync(body))),
    );
    const { store, scraper } = scraperOf(specOf(address));
    const ignoring = scraperOf(specOf(address, { honorTimestamps: false }));
    await Promise.all([scraper.scrapeOnce(), ignoring.scraper.scrapeOnce()]);
    expect(valuesOf(store, 'b')).toEqual([6]);
    // Further ahead than ten minutes: dropped; taken as of now when timestamps are not honoured.
    expect(samplesOf(store, 'a_total')).toEqual(
      Date.now() < 1795140000500 - 600_000 ? [] : [[1795140000500, 5]],
    );
    expect(valuesOf(ignoring.store, 'a_total')).toEqual([5]);
  });

  it('keeps a scraped label beside the target’s, or over it with honor_labels', async () => {
    const address = await opened(
      serveText(() => 'a{job="own",exported_job="x"} 1\nb{instance=""} 2\nc{job="own"} 3\n'),
    );
    const strict = scraperOf(specOf(address));
    const honoring = scraperOf(specOf(address, { honorLabels: true }));
    await Promise.all([strict.scraper.scrapeOnce(), honoring.scraper.scrapeOnce()]);
    const kept = { job: 'app', exported_exported_job: 'own', exported_job: 'x' };
    expect(valuesOf(strict.store, 'a', kept)).toEqual([1]);
    expect(valuesOf(strict.store, 'b', { instance: address, exported_instance: '' })).toEqual([2]);
    expect(valuesOf(honoring.store, 'a', { job: 'own', exported_job: 'x', instance: address })).toEqual([1]);
    expect(valuesOf(honoring.store, 'b', { job: 'app', instance: '' })).toEqual([2]);
    expect(valuesOf(honoring.store, 'c', { job: 'own', exported_job: '' })).toEqual([3]);
  });
});

describe('what ends', () => {
  it('gets a stale marker: a series that vanished, and all of a target that fails', async () => {
    let body: string | undefined = 'a 1\nb 1\nc 1 5000\n';
    const address = await opened(
      serve((_, response) => {
        if (body === undefined) response.writeHead(503).end();
        else response.writeHead(200, plain).end(body);
      }),
    );
    const { store, scraper, events } = scraperOf(specOf(address));
    const scrape = async (next: string | undefined) => {
      body = next;
      await scraper.scrapeOnce();
      await sleep(2);
    };
    await scrape(body);
    await scrape('a 2\nb 2\n');
    await scrape('a 3\n');
    await scrape(undefined);
    await scrape(undefined);
    await scrape('a 6\nb 6\n');
    expect(valuesOf(store, 'a')).toEqual([1, 2, 3, 'stale', 6]);
    expect(valuesOf(store, 'b')).toEqual([1, 2, 'stale', 6]);
    expect(valuesOf(store, 'c')).toEqual([1]);
    expect(valuesOf(store, 'up')).toEqual([1, 1, 1, 0, 0, 1]);
    expect(valuesOf(store, 'scrape_series_added')).toEqual([3, 0, 0, 0, 0, 2]);
    const source = `app/${address}`;
    expect(events).toEqual([
      `${source} failed: http://${address}/metrics answered with status 503`,
      `${source} is back`,
    ]);
  });

  it('leaves nothing of an answer that breaks in the middle', async () => {
    let body = 'a 1\n';
    const { store, scraper, failure } = scraperOf(specOf(await opened(serveText(() => body))));
    await scraper.scrapeOnce();
    await sleep(2);
    body = 'a 2\nnew 1\n!';
    expect(await failure()).toContain('metrics that cannot be read: line 3: "!" is not a metric name');
    expect(valuesOf(store, 'a')).toEqual([1, 'stale']);
    expect(valuesOf(store, 'new')).toEqual([]);
  });
});

describe('a target that does not do as it should', () => {
  const url = 'http://127.0.0.1:PORT/metrics';

  it('is not there', async () => {
    const { store, failure } = scraperOf(specOf(await freeAddress()));
    expect(await failure()).toBe(`${url} cannot be reached: connection refused`);
    expect(valuesOf(store, 'up')).toEqual([0]);
  });

  it('is slow to answer, or in the middle of the answer', async () => {
    const silent = scraperOf(specOf(await opened(serve(() => {})), { timeoutMs: 100 }));
    expect(await silent.failure()).toBe(`${url} did not answer within 100ms`);
    const half = await opened(serve((_, response) => response.writeHead(200, plain).write('a 1\n')));
    expect(await scraperOf(specOf(half, { timeoutMs: 100 })).failure()).toBe(
      `${url} did not answer within 100ms`,
    );
  });

  it('never ends, packed or not', async () => {
    const endless = await opened(
      serve((_, response) => {
        response.writeHead(200, plain);
        const more = () => {
          while (!response.destroyed && response.write('a 1\n'.repeat(10_000)));
        };
        response.on('drain', more);
        more();
      }),
    );
    const limit = `${url} answered with more than the limit of 1000000 bytes`;
    expect(await scraperOf(specOf(endless)).failure()).toBe(limit);
    const bomb = gzipSync(Buffer.alloc(50_000_000, 'a 1\n'));
    const packed = await opened(
      serve((_, response) => response.writeHead(200, { ...plain, 'content-encoding': 'gzip' }).end(bomb)),
    );
    expect(await scraperOf(specOf(packed)).failure()).toBe(limit);
  });

  it('answers with a web page, without a type, or with a broken encoding', async () => {
    const answer = async (headers: Record<string, string>, body: string | Buffer) =>
      scraperOf(
        specOf(await opened(serve((_, response) => response.writeHead(200, headers).end(body)))),
      ).failure();
    expect(await answer({ 'content-type': 'text/html' }, '<html>')).toBe(
      `${url} answered with the type text/html, which is not a format of metrics`,
    );
    expect(await answer({}, 'a 1\n')).toBe(
      `${url} answered with no Content-Type, which is not a format of metrics`,
    );
    expect(await answer({ ...plain, 'content-encoding': 'gzip' }, 'a 1\n')).toBe(
      `${url} answered with a body that is no valid gzip`,
    );
    expect(await answer({ ...plain, 'content-encoding': 'gzip' }, gzipSync('a 1\n').subarray(0, 12))).toBe(
      `${url} answered with a body that is no valid gzip`,
    );
    expect(await answer({ ...plain, 'content-encoding': 'br' }, 'a 1\n')).toBe(
      `${url} answered with the encoding br`,
    );
  });

  it('exposes too many samples', async () => {
    const { store, failure } = scraperOf(
      specOf(await opened(serveText(() => 'a 1\nb 1\nc 1\n')), { sampleLimit: 2 }),
    );
    expect(await failure()).toBe(`${url} exposes 3 samples, more than sample_limit 2`);
    expect(valuesOf(store, 'scrape_samples_scraped')).toEqual([3]);
    expect(valuesOf(store, 'scrape_samples_post_metric_relabeling')).toEqual([0]);
  });

  it('has an address that is none', () => {
    expect(() => scraperOf(specOf('no address'))).toThrow('"no address" is not an address to scrape');
  });
});

describe('redirects', () => {
  it('are followed, and credentials are not told to another host', async () => {
    const told: (string | undefined)[] = [];
    const elsewhere = await opened(
      serve((request, response) => {
        told.push(request.headers.authorization);
        response.writeHead(200, plain).end('a 1\n');
      }),
    );
    const address = await opened(
      serve((request, response) => {
        told.push(request.headers.authorization);
        const location = request.url === '/metrics' ? '/moved' : `http://${elsewhere}/metrics`;
        response.writeHead(302, { location }).end();
      }),
    );
    const { store, scraper } = scraperOf(specOf(address, { http: { bearerToken: 'secret' } }));
    await scraper.scrapeOnce();
    expect(valuesOf(store, 'a')).toEqual([1]);
    expect(told).toEqual(['Bearer secret', 'Bearer secret', undefined]);
  });

  it('that never end are a failure', async () => {
    const address = await opened(
      serve((_, response) => response.writeHead(302, { location: '/metrics' }).end()),
    );
    expect(await scraperOf(specOf(address)).failure()).toContain('redirects more than 10 times');
  });
});

describe('authentication', () => {
  const guarded = () =>
    serve(({ headers }, response) => {
      const [type, credentials = ''] = (headers.authorization ?? '').split(' ');
      const right = type === 'Basic' ? btoa('user:pass word') : 'token-2';
      if (credentials === right) response.writeHead(200, plain).end('a 1\n');
      else response.writeHead(401, { 'content-type': 'text/html' }).end(`wrong: ${headers.authorization}`);
    });

  it('takes user and password, from the spec or a file', async () => {
    const address = await opened(guarded());
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, 'pass word\n');
    for (const basicAuth of [
      { username: 'user', password: 'pass word' },
      { username: 'user', passwordFile },
    ])
      expect(await scraperOf(specOf(address, { http: { basicAuth } })).failure()).toBeUndefined();
  });

  it('says that a password is wrong, without saying the password', async () => {
    const address = await opened(guarded());
    const basicAuth = { username: 'user', password: 'hunter2' };
    const reason = await scraperOf(specOf(address, { http: { basicAuth } })).failure();
    expect(reason).toBe('http://127.0.0.1:PORT/metrics answered with status 401');
  });

  it('reads a token file at each use', async () => {
    const bearerTokenFile = join(folder, 'token');
    const { scraper, events } = scraperOf(specOf(await opened(guarded()), { http: { bearerTokenFile } }));
    await scraper.scrapeOnce();
    writeFileSync(bearerTokenFile, 'token-1');
    await scraper.scrapeOnce();
    await sleep(2);
    writeFileSync(bearerTokenFile, 'token-2');
    await scraper.scrapeOnce();
    expect(events).toEqual([
      expect.stringContaining(`failed: ${bearerTokenFile} cannot be read: no such file or folder`),
      expect.stringContaining('is back'),
    ]);
  });
});

describeWith(['openssl'], 'TLS', () => {
  let ours: ReturnType<typeof makeCertificate>;
  let other: ReturnType<typeof makeCertificate>;
  beforeAll(() => {
    ours = makeCertificate(folder, 'ours');
    other = makeCertificate(folder, 'other');
  });
  const secure = (more: object = {}) =>
    serveTls({ key: readFileSync(ours.keyFile), cert: readFileSync(ours.certFile), ...more }, (_, response) =>
      response.writeHead(200, plain).end('a 1\n'),
    );

  it('trusts whom it is told to trust, and nobody else', async () => {
    const address = await opened(secure());
    const failureWith = (tls: object) =>
      scraperOf(specOf(address, { scheme: 'https', http: { tls } })).failure();
    const refused = 'https://127.0.0.1:PORT/metrics cannot be reached: self-signed certificate';
    expect(await failureWith({ caFile: ours.certFile })).toBeUndefined();
    expect(await failureWith({})).toBe(refused);
    expect(await failureWith({ caFile: other.certFile })).toBe(refused);
    expect(await failureWith({ insecureSkipVerify: true })).toBeUndefined();
    expect(await failureWith({ caFile: ours.certFile, serverName: 'elsewhere.test' })).toContain('altnames');
    expect(await failureWith({ caFile: join(folder, 'none') })).toContain('cannot be read: no such file');
  });

  it('shows a certificate of its own', async () => {
    const demanding = { requestCert: true, rejectUnauthorized: true, ca: readFileSync(other.certFile) };
    const address = await opened(secure(demanding));
    const failureWith = (tls: object) =>
      scraperOf(
        specOf(address, { scheme: 'https', http: { tls: { caFile: ours.certFile, ...tls } } }),
      ).failure();
    expect(await failureWith({ certFile: other.certFile, keyFile: other.keyFile })).toBeUndefined();
    expect(await failureWith({})).toContain('cannot be reached');
  });
});

describe('the loops', () => {
  it('scrape at once and then at whole intervals, each target by itself', async () => {
    const address = await opened(serveText(() => 'a 1\n'));
    const slow = await opened(serve(() => {}));
    const { store, scraper, events } = scraperOf(
      specOf(address),
      specOf(slow, { jobName: 'slow', timeoutMs: 100 }),
      specOf(address, {
        jobName: 'twice',
        targets: [
          { address, labels: {} },
          { address, labels: { x: 'y' } },
        ],
      }),
    );
    expect(scraper.sources).toEqual([
      `app/${address}`,
      `slow/${slow}`,
      `twice/${address}`,
      `twice/${address}#2`,
    ]);
    scraper.start();
    const of = { job: 'app' };
    await until('six scrapes', () => samplesOf(store, 'a', of).length >= 6);
    await scraper.stop();
    const times = samplesOf(store, 'a', of).map(([atMs]) => atMs);
    const slots = times.map((atMs) => Math.floor((atMs - times[0]!) / 100));
    expect(new Set(slots).size).toBe(slots.length);
    expect(events).toEqual([`slow/${slow} failed: http://${slow}/metrics did not answer within 100ms`]);
    const held = store.sampleCount;
    await sleep(250);
    expect(store.sampleCount).toBe(held);
  });

  it('say that the store is full', async () => {
    const store = new SeriesStore({ series: 3, samples: 100 });
    const reasons: string[] = [];
    const listener = { onFailure: (_: string, reason: string) => reasons.push(reason), onRecovery: () => {} };
    const scraper = new Scraper(
      [specOf(await opened(serveText(() => 'a 1\n')))],
      store,
      systemClock,
      listener,
    );
    scrapers.push(scraper);
    await scraper.scrapeOnce();
    expect(reasons).toEqual(['the series store holds its limit of 3 series']);
  });
});

describeWith(['prometheus-node-exporter'], 'node_exporter', () => {
  it('is read whole, with nothing dropped', async () => {
    const address = await freeAddress();
    const child = await startProgram(
      'prometheus-node-exporter',
      [`--web.listen-address=${address}`],
      `http://${address}/metrics`,
    );
    try {
      const { store, failure } = scraperOf(specOf(address, { sampleLimit: 0 }));
      expect(await failure()).toBeUndefined();
      expect(store.droppedCount).toBe(0);
      const exposed = await (await fetch(`http://${address}/metrics`)).text();
      const lines = exposed.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
      expect(Math.abs((valuesOf(store, 'scrape_samples_scraped')[0] as number) - lines)).toBeLessThan(20);
      expect(valuesOf(store, 'node_memory_MemTotal_bytes')[0]).toBeGreaterThan(1e6);
    } finally {
      await endProgram(child);
    }
  });
});
