import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort, startProgram } from '../support/processes.ts';
import { describeWith } from '../support/requires.ts';
import { startApp, stopApps, type TestApp } from './support.ts';
import {
  type BodySeries,
  snappy,
  staleMarker,
  version1Headers,
  version1Message,
  version2Headers,
  version2Message,
} from './write-bodies.ts';

afterEach(stopApps);

const series: BodySeries[] = [
  {
    labels: { __name__: 'written_total', instance: 'i', job: 'j' },
    samples: [
      { value: 1.5, atMs: 1000 },
      { value: 2.5, atMs: 2000 },
    ],
    exemplars: [{ labels: { trace_id: 'abc' }, value: 2, atMs: 2000 }],
  },
  {
    labels: { __name__: 'latency', instance: 'i', job: 'j' },
    histograms: [{ atMs: 2000, count: 4, deltas: [1, 2] }],
  },
];

function post(
  app: TestApp,
  body: Buffer,
  headers: Record<string, string> = version1Headers,
): Promise<Response> {
  return fetch(`${app.url}/api/v1/write`, { method: 'POST', headers, body: new Uint8Array(body) });
}

describe.each([
  ['1.0', version1Headers, version1Message],
  ['2.0', version2Headers, version2Message],
])('remote write %s', (_, headers, message) => {
  test('is stored: samples, native histograms, exemplars, metadata', async () => {
    const app = await startApp();
    const response = await post(app, snappy(message(series)), headers);
    expect(response.status).toBe(204);
    expect(response.headers.get('x-prometheus-remote-write-samples-written')).toBe('2');
    expect(response.headers.get('x-prometheus-remote-write-histograms-written')).toBe('1');
    expect(response.headers.get('x-prometheus-remote-write-exemplars-written')).toBe('1');
    const { data } = await app.api('query?query=written_total[2s]&time=2');
    expect(data.result[0].values).toEqual([
      [1, '1.5'],
      [2, '2.5'],
    ]);
    expect((await app.api('query?query=latency&time=2')).data.result[0].histogram[1]).toMatchObject({
      count: '4',
      buckets: [
        [0, '1', '2', '1'],
        [0, '2', '4', '3'],
      ],
    });
    expect((await app.api('query_exemplars?query=written_total')).data[0].exemplars).toEqual([
      { labels: { trace_id: 'abc' }, value: '2', timestamp: 2 },
    ]);
    const metadata = (await app.api('metadata?metric=written_total')).data;
    expect(metadata.written_total[0]).toEqual({ type: 'counter', help: 'What was written.', unit: '' });
  });

  test('ends a series with a stale marker', async () => {
    const app = await startApp();
    const labels = { __name__: 'ended', job: 'j' };
    const samples = [
      { value: 1, atMs: 1000 },
      { value: staleMarker, atMs: 2000 },
    ];
    expect((await post(app, snappy(message([{ labels, samples }])), headers)).status).toBe(204);
    expect((await app.api('query?query=ended&time=1.5')).data.result).toHaveLength(1);
    expect((await app.api('query?query=ended&time=2.5')).data.result).toHaveLength(0);
  });

  test('stores what it can of a request, and says with 400 what it cannot', async () => {
    const app = await startApp();
    const at = (atMs: number, value: number): BodySeries => ({
      labels: { __name__: 'm' },
      samples: [{ value, atMs }],
    });
    expect((await post(app, snappy(message([at(2000, 1)])), headers)).status).toBe(204);
    // The same once more is no mistake: the answer to the first may have been lost.
    expect((await post(app, snappy(message([at(2000, 1)])), headers)).status).toBe(204);
    const late = await post(app, snappy(message([at(1000, 1), at(3000, 3)])), headers);
    expect(late.status).toBe(400);
    expect(await late.text()).toContain('out of order');
    expect((await app.api('query?query=m&time=3')).data.result[0].value[1]).toBe('3');
    const nameless = await post(
      app,
      snappy(message([{ labels: { a: 'b' }, samples: [{ value: 1, atMs: 1 }] }])),
      headers,
    );
    expect(nameless.status).toBe(400);
    expect(await nameless.text()).toBe('a series has no metric name\n');
    const wrong = { labels: { __name__: 'h' }, histograms: [{ atMs: 1000, count: 99, deltas: [1, 2] }] };
    const histogram = await post(app, snappy(message([wrong])), headers);
    expect(histogram.status).toBe(400);
    expect(await histogram.text()).toContain('hold 4 observations, its count is 99');
  });
});

test('starts of series are kept for what reads them', async () => {
  const app = await startApp();
  const body = version2Message([
    { labels: { __name__: 'm' }, samples: [{ value: 1, atMs: 2000, startMs: 500 }] },
  ]);
  expect((await post(app, snappy(body), version2Headers)).status).toBe(204);
  const [view] = app.store.select([], 0, 5000);
  expect(view?.starts?.[0]).toBe(500);
});

describe('what is not spoken', () => {
  test.each([
    [
      'another message',
      { ...version1Headers, 'content-type': 'application/x-protobuf;proto=other.Message' },
      415,
    ],
    ['another type', { ...version1Headers, 'content-type': 'application/json' }, 415],
    ['another compression', { ...version1Headers, 'content-encoding': 'gzip' }, 415],
    ['no snappy', version1Headers, 400],
  ])('%s', async (_, headers, status) => {
    const app = await startApp();
    expect((await post(app, Buffer.from('hello'), headers)).status).toBe(status);
  });

  test('no protobuf', async () => {
    const app = await startApp();
    expect((await post(app, snappy(Buffer.from('hello')))).status).toBe(400);
    expect((await fetch(`${app.url}/api/v1/write`)).status).toBe(405);
  });
});

describeWith(['prometheus'], "Debian's Prometheus", () => {
  test('writes its own metrics here', async () => {
    const app = await startApp();
    const folder = mkdtempSync(join(tmpdir(), 'firedrill-write-'));
    const port = await freePort();
    writeFileSync(
      join(folder, 'prometheus.yml'),
      JSON.stringify({
        global: { scrape_interval: '500ms' },
        scrape_configs: [{ job_name: 'self', static_configs: [{ targets: [`127.0.0.1:${port}`] }] }],
        remote_write: [{ url: `${app.url}/api/v1/write` }],
      }),
    );
    const prometheus = await startProgram(
      [
        'prometheus',
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      `http://127.0.0.1:${port}/-/ready`,
    );
    try {
      let found = 0;
      for (let attempt = 0; attempt < 100 && found < 300; attempt++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        found = (await app.api('series?match[]={job="self"}')).data.length;
      }
      expect(found).toBeGreaterThan(300);
      expect((await app.api('query?query=up{job="self"}')).data.result[0].value[1]).toBe('1');
      expect(app.store.droppedCount).toBe(0);
    } finally {
      await prometheus.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
