import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { UserError } from '../../src/base/diagnostics.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { RemoteApi } from '../../src/telemetry/remote/api.ts';
import { RemoteMirror } from '../../src/telemetry/remote/mirror.ts';
import { describeWith } from '../support/requires.ts';
import { samplesOf, valuesOf } from './samples.ts';
import {
  endProgram,
  freeAddress,
  serve,
  serveText,
  startProgram,
  type TestServer,
  until,
} from './servers.ts';

const folder = mkdtempSync(join(tmpdir(), 'firedrill-remote-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function mirrorOf(address: string, texts: readonly string[]) {
  const store = new SeriesStore();
  const events: string[] = [];
  const selectors = texts.map((text) => ({ text, lookbackMs: 60_000 }));
  const spec = { url: `http://${address}`, http: {}, intervalMs: 200 };
  const mirror = new RemoteMirror(spec, store, systemClock, selectors, {
    onFailure: (source, reason) => events.push(`${source} failed: ${reason}`),
    onRecovery: (source) => events.push(`${source} is back`),
  });
  return { store, events, mirror };
}

describeWith(['prometheus'], 'a real Prometheus', () => {
  let prometheus: ChildProcess;
  let target: TestServer;
  let address: string;
  let body = 'level 1\nother{x="1"} 5\nother{x="2"} 6\nodd NaN\nodder -Inf\n';

  beforeAll(async () => {
    target = await serveText(() => body);
    address = await freeAddress();
    writeFileSync(
      join(folder, 'prometheus.yml'),
      `global: { scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms }
scrape_configs:
  - job_name: app
    static_configs: [{ targets: ["${target.address}"] }]
rule_files: [rules.yml]
alerting: { alertmanagers: [{ static_configs: [{ targets: ["127.0.0.1:9"] }] }] }
`,
    );
    writeFileSync(
      join(folder, 'rules.yml'),
      `groups:
  - name: levels
    interval: 500ms
    rules:
      - { record: "level:double", expr: "level * 2", labels: { by: us } }
      - alert: LevelLow
        expr: level < 10
        for: 5m
        keep_firing_for: 1m
        labels: { severity: page }
        annotations: { summary: "level is {{ $value }}" }
`,
    );
    prometheus = await startProgram(
      'prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${address}`,
        '--log.level=error',
      ],
      `http://${address}/-/ready`,
    );
  });
  afterAll(async () => {
    await endProgram(prometheus);
    await target.close();
  });

  it('is mirrored: every sample once, at its own time, and what ended is stale', async () => {
    const { store, events, mirror } = mirrorOf(address, ['{job="app"}', 'level', 'level:double']);
    mirror.start();
    await until('a few samples', () => valuesOf(store, 'level').length >= 5);
    expect(valuesOf(store, 'odd')[0]).toBeNaN();
    expect(valuesOf(store, 'odder')[0]).toBe(Number.NEGATIVE_INFINITY);
    expect(valuesOf(store, 'other', { x: '2' })[0]).toBe(6);
    body = 'level 2\nother{x="1"} 5\n';
    await until('the stale marker', () => valuesOf(store, 'other', { x: '2' }).includes('stale'));
    await until('the new level', () => valuesOf(store, 'level').includes(2));
    await until('the recorded series', () => valuesOf(store, 'level:double', { by: 'us' }).includes(4));
    await mirror.stop();

    const held = samplesOf(store, 'level');
    const api = new RemoteApi({ url: `http://${address}/`, http: {} }, systemClock);
    const lastMs = held.at(-1)![0];
    const { type, series } = await api.query('level[1m]', lastMs);
    await api.close();
    expect(type).toBe('matrix');
    expect(series[0]!.samples.map(({ atMs, value }) => [atMs, value])).toEqual(held);
    expect(valuesOf(store, 'other', { x: '1' })).not.toContain('stale');
    expect(store.droppedCount).toBe(0);
    expect(events).toEqual([]);
  });

  it('tells of its rules, alerts, build and Alertmanagers', async () => {
    const api = new RemoteApi({ url: `http://${address}`, http: {} }, systemClock);
    let groups = await api.rules();
    for (let attempt = 0; JSON.stringify(groups).includes('"alerts":[]') && attempt < 50; attempt++) {
      await systemClock.sleep(100);
      groups = await api.rules();
    }
    const [recording, alerting] = groups[0]!.rules;
    expect(groups[0]).toMatchObject({ name: 'levels', intervalMs: 500, file: join(folder, 'rules.yml') });
    expect(recording).toEqual({
      type: 'recording',
      name: 'level:double',
      query: 'level * 2',
      labels: { by: 'us' },
      lastError: '',
    });
    expect(alerting).toMatchObject({
      type: 'alerting',
      name: 'LevelLow',
      query: 'level < 10',
      forMs: 300_000,
      labels: { severity: 'page' },
      annotations: { summary: 'level is {{ $value }}' },
      alerts: [
        {
          state: 'pending',
          labels: { alertname: 'LevelLow', job: 'app', severity: 'page' },
          annotations: { summary: expect.stringMatching(/^level is \d$/) },
          value: expect.any(Number),
          activeAtMs: expect.any(Number),
        },
      ],
    });
    expect((await api.buildInfo()).version).toMatch(/^\d+\.\d+/);
    expect((await api.alertmanagers()).active).toEqual([expect.stringContaining('127.0.0.1:9/')]);
    await api.close();
  });

  it('answers ranges and scalars, and says what is wrong with a query', async () => {
    const api = new RemoteApi({ url: `http://${address}`, http: {} }, systemClock);
    const now = Date.now();
    const range = await api.queryRange('vector(3)', now - 2000, now, 1000);
    expect(range.series[0]!.samples.map(({ value }) => value)).toEqual([3, 3, 3]);
    expect((await api.query('1/0', now)).series[0]!.samples[0]!.value).toBe(Number.POSITIVE_INFINITY);
    const error: UserError = await api.query('sum(', now).then(
      () => expect.fail('it should be refused'),
      (reason) => reason,
    );
    expect(error.diagnostics[0]!.code).toBe('FD703');
    expect(error.message).toMatch(/api\/v1\/query refused: .*parse error/);
    await api.close();
  });
});

describe('a remote that does not answer as it should', () => {
  const servers: TestServer[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });
  async function failure(listener: RequestListener, http: object = {}, url = '') {
    const server = await serve(listener);
    servers.push(server);
    const api = new RemoteApi({ url: url || `http://${server.address}`, http }, systemClock, {
      timeoutMs: 200,
      bodyBytesMax: 100_000,
    });
    const error: unknown = await api.query('up', 0).catch((reason: unknown) => reason);
    await api.close();
    if (!(error instanceof UserError)) return String(error);
    return `${error.diagnostics[0]!.code} ${error.message.replaceAll(/:\d{4,5}\b/g, ':PORT')}`;
  }
  const at = 'http://127.0.0.1:PORT/api/v1/query';

  it('is told from one that does', async () => {
    expect(await failure((_, response) => response.end('<html>'))).toBe(
      `FD705 ${at} did not answer as Prometheus does`,
    );
    expect(await failure((_, response) => response.end('{"status":"success","data":{}}'))).toBe(
      `FD705 ${at} did not answer as Prometheus does`,
    );
    expect(await failure((_, response) => response.writeHead(403).end('no'))).toBe(
      `FD703 ${at} answered with status 403`,
    );
    expect(await failure(() => {})).toBe(`FD702 ${at} did not answer within 200ms`);
    expect(await failure((_, response) => response.end(' '.repeat(200_000)))).toBe(
      `FD704 ${at} answered with more than the limit of 100000 bytes`,
    );
    const nobody = `http://user:hunter2@${await freeAddress()}`;
    expect(await failure(() => {}, {}, nobody)).toBe(`FD701 ${at} cannot be reached: connection refused`);
  });

  it('is asked with the credentials of its address', async () => {
    let told: string | undefined;
    const server = await serve((request, response) => {
      told = request.headers.authorization;
      response.writeHead(401).end();
    });
    servers.push(server);
    const reason = await failure(() => {}, {}, `http://us%40er:hunter2@${server.address}/prefix`);
    expect(told).toBe(`Basic ${btoa('us@er:hunter2')}`);
    expect(reason).toBe('FD703 http://127.0.0.1:PORT/prefix/api/v1/query answered with status 401');
  });

  it('is reported once, and once when it is back', async () => {
    let works = false;
    const empty = JSON.stringify({ status: 'success', data: { resultType: 'vector', result: [] } });
    const server = await serve((_, response) =>
      response.writeHead(works ? 200 : 500).end(works ? empty : ''),
    );
    servers.push(server);
    const { events, mirror } = mirrorOf(server.address, ['up']);
    const reason = `http://${server.address}/api/v1/query answered with status 500`;
    expect(await mirror.readOnce()).toBe(reason);
    expect(await mirror.readOnce()).toBe(reason);
    works = true;
    expect(await mirror.readOnce()).toBeUndefined();
    expect(events).toEqual([`remote failed: ${reason}`, 'remote is back']);
    await mirror.stop();
  });

  it('has an address that is none', () => {
    expect(() => mirrorOf('', ['up'])).toThrow('the address of the remote Prometheus is not a URL');
  });
});

describe('history', () => {
  it('is read in pieces, the selector that goes further back first', async () => {
    const asked: [string, number][] = [];
    const server = await serve(async (request, response) => {
      let form = '';
      for await (const chunk of request) form += chunk;
      const { query, time } = Object.fromEntries(new URLSearchParams(form));
      const [, name, range] = /^(\w+)(?:\[(\d+)ms\])?$/.exec(query!)!;
      if (range) asked.push([name!, Number(range) / 60_000]);
      const atMs = Number(time) * 1000;
      const values = [atMs - Number(range), atMs - 1000].map((ms) => [ms / 1000, '1']);
      const result = range
        ? [{ metric: { __name__: 'same' }, values }]
        : [{ metric: { __name__: 'same' }, value: [atMs / 1000, '1'] }];
      const resultType = range ? 'matrix' : 'vector';
      response.end(JSON.stringify({ status: 'success', data: { resultType, result } }));
    });
    const store = new SeriesStore();
    const selectors = [
      { text: 'near', lookbackMs: 1000 },
      { text: 'far', lookbackMs: 40 * 60_000 },
    ];
    const spec = { url: `http://${server.address}`, http: {}, intervalMs: 1000 };
    const listener = { onFailure: (_: string, reason: string) => expect.fail(reason), onRecovery: () => {} };
    const mirror = new RemoteMirror(spec, store, systemClock, selectors, listener);
    await mirror.readOnce();
    await mirror.stop();
    await server.close();
    expect(asked).toEqual([
      ['far', 30],
      ['far', 10],
      ['near', 5],
    ]);
    expect(valuesOf(store, 'same')).toEqual([1, 1, 1, 1]);
    expect(store.droppedCount).toBe(0);
  });
});

it('a client answers several first requests at once', async () => {
  const server = await serve((_, response) => response.end('{"status":"success","data":[]}'));
  const api = new RemoteApi({ url: `http://${server.address}`, http: {} }, systemClock);
  const many = Array.from({ length: 20 }, () => api.metricNames());
  await expect(Promise.all(many)).resolves.toHaveLength(20);
  await api.close();
  await server.close();
});
