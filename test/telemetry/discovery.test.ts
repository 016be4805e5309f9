import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { createMatcher } from '../../src/base/matcher.ts';
import { Scraper } from '../../src/telemetry/metrics/scrape.ts';
import type { DiscoverySpec, ScrapeSpec } from '../../src/telemetry/metrics/scrape-spec.ts';
import { stale } from '../../src/telemetry/metrics/series.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { serve, serveText, type TestServer, until } from './servers.ts';

let folder = '';
let exposed: TestServer;
let scraper: Scraper | undefined;
let failures: string[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'firedrill-sd-'));
  exposed = await serveText(() => 'some_metric 1\n');
  failures = [];
});

afterEach(async () => {
  await scraper?.stop();
  await exposed.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(discovery: DiscoverySpec, more: Partial<ScrapeSpec> = {}): SeriesStore {
  const store = new SeriesStore();
  const spec: ScrapeSpec = {
    jobName: 'found',
    targets: [],
    discovery: [discovery],
    scheme: 'http',
    metricsPath: '/metrics',
    params: {},
    intervalMs: 100,
    timeoutMs: 100,
    honorLabels: false,
    honorTimestamps: true,
    bodySizeLimitBytes: 0,
    sampleLimit: 0,
    http: {},
    ...more,
  };
  scraper = new Scraper([spec], store, systemClock, {
    onFailure: (source, reason) => failures.push(`${source}: ${reason}`),
    onRecovery: (source) => failures.push(`${source} works`),
  });
  scraper.start();
  return store;
}

function upSeries(store: SeriesStore): { labels: Record<string, string>; ended: boolean }[] {
  return store
    .select([createMatcher('__name__', '=', 'up')], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
    .map(({ labels, states, offset, last }) => ({
      labels: labels.toRecord(),
      ended: states[last - 1 - offset] === stale,
    }));
}

describe('file_sd', () => {
  test('finds targets in JSON and YAML, follows changes, and ends the series of targets that go', async () => {
    writeFileSync(
      join(folder, 'a.json'),
      JSON.stringify([{ targets: [exposed.address], labels: { env: 'json', __meta_hidden: 'x' } }]),
    );
    writeFileSync(join(folder, 'b.json'), '[]');
    const store = start({ type: 'file', paths: [join(folder, '*.json')], refreshMs: 60_000 });
    await until('the target is scraped', () => upSeries(store).length === 1);
    expect(upSeries(store)[0]!.labels).toEqual({
      __name__: 'up',
      env: 'json',
      instance: exposed.address,
      job: 'found',
    });
    writeFileSync(join(folder, 'a.json'), '[]  ');
    await until('the series has ended', () => upSeries(store)[0]!.ended);
    expect(scraper!.sources).toEqual([]);
    writeFileSync(
      join(folder, 'b.json'),
      JSON.stringify([{ targets: [exposed.address], labels: { env: 'b' } }]),
    );
    await until('the other is scraped', () => upSeries(store).length === 2);
  });

  test('keeps its targets when the file breaks, and says so once', async () => {
    const file = join(folder, 'a.yml');
    writeFileSync(file, `- targets: ["${exposed.address}"]\n  labels: { env: yaml }\n`);
    const store = start({ type: 'file', paths: [file], refreshMs: 100 });
    await until('the target is scraped', () => upSeries(store).length === 1);
    writeFileSync(file, 'targets: nothing');
    await until('the failure is told', () => failures.length > 0);
    expect(failures[0]).toContain(`found/${file}: ${file}: it is not a list of target groups`);
    expect(scraper!.sources).toHaveLength(1);
    writeFileSync(file, `- targets: ["${exposed.address}"]\n`);
    await until('it works again', () => failures.at(-1) === `found/${file} works`);
  });
});

describe('http_sd', () => {
  test('asks again and again, and relabels what it finds', async () => {
    let asked = 0;
    const server = await serve((request, response) => {
      asked++;
      expect(request.headers['x-prometheus-refresh-interval-seconds']).toBe('0.1');
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify([{ targets: [exposed.address, '127.0.0.1:1'], labels: { __meta_zone: 'z1' } }]),
      );
    });
    const rule = { separator: ';', modulus: 0, regex: '(.*)', replacement: '$1' };
    const relabel = [
      { ...rule, action: 'replace' as const, sourceLabels: ['__meta_zone'], targetLabel: 'zone' },
      { ...rule, action: 'drop' as const, sourceLabels: ['__address__'], regex: '.*:1', targetLabel: '' },
    ];
    const store = start(
      { type: 'http', url: `http://${server.address}/sd`, refreshMs: 100, http: {} },
      { relabel },
    );
    await until('the target is scraped', () => upSeries(store).length === 1 && asked > 2);
    expect(upSeries(store)[0]!.labels).toMatchObject({ zone: 'z1', instance: exposed.address });
    expect(scraper!.pools[0]!.dropped).toMatchObject({ count: 1, labels: [{ __address__: '127.0.0.1:1' }] });
    await server.close();
    await until('the failure is told', () =>
      failures.some((failure) => failure.includes('connection refused')),
    );
    expect(scraper!.sources).toHaveLength(1);
  });

  test.each([
    ['another type', 'text/html', '[]', 'not application/json'],
    ['no JSON', 'application/json', '{', 'no valid JSON'],
    ['another shape', 'application/json', '{"targets":[]}', 'not a list of target groups'],
  ])('tells of %s', async (_, type, body, message) => {
    const server = await serve((__, response) => response.setHeader('content-type', type).end(body));
    start({ type: 'http', url: `http://${server.address}/`, refreshMs: 100, http: {} });
    await until('the failure is told', () => failures.length > 0);
    expect(failures[0]).toContain(message);
    await server.close();
  });
});
