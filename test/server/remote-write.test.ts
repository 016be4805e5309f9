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

/** How many samples, histograms and exemplars the answer says were written. */
function writtenOf(response: Response): (string | null)[] {
  return ['samples', 'histograms', 'exemplars'].map((kind) =>
    response.headers.get(`x-prometheus-remote-write-${kind}-written`),
  );
}

describe.each([
  ['1.0', version1Headers, version1Message],
  ['2.0', version2Headers, version2Message],
])('remote write %s', (_, headers, message) => {
  test('is stored: samples, native histograms, exemplars, metadata', async () => {
    const app = await startApp();
    const response = await post(app, snappy(message(series)), headers);
    expect(response.status).toBe(204);
    // Senders of 1.0 know no such headers.
    expect(writtenOf(response)).toEqual(headers === version2Headers ? ['2', '1', '1'] : [null, null, null]);
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

describe('a receiver of 2.0', () => {
  const labels = { __name__: 'm', job: 'j' };

  test('counts what it took of a request of which it refuses a part', async () => {
    const app = await startApp();
    const first: BodySeries[] = [
      { labels, samples: [{ value: 1, atMs: 5000 }] },
      { labels: { __name__: 'h' }, histograms: [{ atMs: 5000, count: 4, deltas: [1, 2] }] },
    ];
    expect((await post(app, snappy(version2Message(first)), version2Headers)).status).toBe(204);
    const body = version2Message([
      // Late; the same time with another value; good.
      { labels, samples: [{ value: 1, atMs: 4000 }] },
      { labels, samples: [{ value: 2, atMs: 5000 }] },
      { labels, samples: [{ value: 3, atMs: 6000 }] },
      // A late histogram and one whose count is wrong; a good one.
      { labels: { __name__: 'h' }, histograms: [{ atMs: 4000, count: 4, deltas: [1, 2] }] },
      { labels: { __name__: 'h' }, histograms: [{ atMs: 6000, count: 9, deltas: [1, 2] }] },
      { labels: { __name__: 'h' }, histograms: [{ atMs: 6000, count: 5, deltas: [1, 3] }] },
      { labels: { job: 'nameless' }, samples: [{ value: 1, atMs: 6000 }] },
    ]);
    const response = await post(app, snappy(body), version2Headers);
    expect(response.status).toBe(400);
    expect(writtenOf(response)).toEqual(['1', '1', '0']);
    expect((await app.api('query?query=m&time=6')).data.result[0].value[1]).toBe('3');
    expect((await app.api('query?query=histogram_count(h)&time=6')).data.result[0].value[1]).toBe('5');
  });

  test('refuses what lies more than ten minutes ahead', async () => {
    const app = await startApp();
    const at = (atMs: number) => snappy(version2Message([{ labels, samples: [{ value: 1, atMs }] }]));
    const early = await post(app, at(Date.now() + 11 * 60_000), version2Headers);
    expect([early.status, writtenOf(early)]).toEqual([400, ['0', '0', '0']]);
    expect(await early.text()).toContain('too far in the future');
    expect((await post(app, at(Date.now() + 9 * 60_000), version2Headers)).status).toBe(204);
  });

  test('tells an exemplar that comes late, and none that comes again', async () => {
    const app = await startApp();
    const at = (atMs: number) => {
      const exemplar = { labels: { trace_id: 't' }, value: 1, atMs };
      return snappy(
        version2Message([{ labels, samples: [{ value: 1, atMs: 9000 }], exemplars: [exemplar] }]),
      );
    };
    expect((await post(app, at(5000), version2Headers)).status).toBe(204);
    expect((await post(app, at(5000), version2Headers)).status).toBe(204);
    const late = await post(app, at(4000), version2Headers);
    expect([late.status, await late.text()]).toEqual([400, 'out of order exemplar\n']);
    expect(writtenOf(late)).toEqual(['1', '0', '0']);
  });

  test.each([
    ['special numbers', { __name__: 'up' }, Number.NEGATIVE_INFINITY],
    ['names with dots and blanks', { __name__: 'a.b c', 'd e': 'f' }, 1],
    ['labels in no order, one without a value', { z: '1', __name__: 'up', a: '', b: '2' }, Number.NaN],
    ['lines and signs in values', { __name__: 'up', job: 'a\nb\n', sign: '🚀' }, -0],
  ])('takes %s', async (_, series, value) => {
    const app = await startApp();
    const body = version2Message([{ labels: series, samples: [{ value, atMs: 1000 }] }]);
    const response = await post(app, snappy(body), version2Headers);
    expect(response.status).toBe(204);
    const [view] = app.store.select([], 0, 5000);
    expect(view!.labels.toRecord()).toEqual(
      Object.fromEntries(Object.entries(series).filter(([, text]) => text !== '')),
    );
    expect(Object.is(view!.values[0], value)).toBe(true);
  });

  test('refuses a series with labels twice or without a symbol, and takes the others', async () => {
    const app = await startApp();
    const good = { labels: { __name__: 'm', a: 'b' }, samples: [{ value: 1, atMs: 1000 }] };
    const twice = version2Message([good], { referencesOfFirst: [1, 2, 3, 4, 3, 4] });
    const beyond = version2Message([good, { ...good, labels: { __name__: 'other' } }], {
      referencesOfFirst: [1, 99],
    });
    const odd = version2Message([good], { referencesOfFirst: [1] });
    const texts = [];
    for (const body of [twice, beyond, odd]) {
      const response = await post(app, snappy(body), version2Headers);
      expect(response.status).toBe(400);
      texts.push(await response.text());
    }
    expect(texts[0]).toContain('stands twice');
    expect(texts[1]).toContain('symbols 1 and 99 are referred to');
    expect(texts[2]).toContain('has no value');
    expect((await app.api('series?match[]={__name__=~".%2B"}&start=0')).data).toEqual([
      { __name__: 'other' },
    ]);
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
