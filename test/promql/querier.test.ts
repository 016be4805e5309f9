import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { UserError } from '../../src/base/diagnostics.ts';
import { Labels } from '../../src/base/labels.ts';
import { remoteQuerier, storeQuerier } from '../../src/promql/querier.ts';
import { runThreshold } from '../../src/slo/gate/k6/run.ts';
import { readK6Threshold } from '../../src/slo/gate/k6/threshold.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { RemoteApi } from '../../src/telemetry/remote/api.ts';

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Answers as a Prometheus would, then never again. */
async function remote(answers: readonly unknown[], timeoutMs = 300): Promise<RemoteApi> {
  let asked = 0;
  server = createServer((_request, response) => {
    const data = answers[asked++];
    if (data !== undefined)
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ status: 'success', data }));
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return new RemoteApi({ url: `http://127.0.0.1:${port}`, http: {} }, systemClock, { timeoutMs });
}

function store(): SeriesStore {
  const series = new SeriesStore();
  for (let i = 0; i <= 4; i++)
    series.appendBatch({
      source: 'test',
      atMs: i * 1000,
      samples: [
        { labels: Labels.from({ __name__: 'up', job: 'a' }), value: 1 + i },
        { labels: Labels.from({ __name__: 'up', job: 'b' }), value: 2 + i },
      ],
    });
  return series;
}

describe('whoever answers', () => {
  it('gives numbers, from a store and from a remote alike', async () => {
    const local = storeQuerier(store());
    const samples = await local.instant('up', 2000);
    expect(samples.map(({ labels, value }) => [labels.get('job'), value])).toEqual([
      ['a', 3],
      ['b', 4],
    ]);
    expect(await local.instant('1 + 1', 0)).toMatchObject([{ value: 2 }]);
    const [a] = await local.range('up{job="a"}', 0, 4000, 2000);
    expect([...Array.from(a!.times)]).toEqual([0, 2000, 4000]);
    expect([...Array.from(a!.values)]).toEqual([1, 3, 5]);
    const metric = { __name__: 'up', job: 'a' };
    const api = await remote([
      { resultType: 'vector', result: [{ metric, value: [2, '3'] }] },
      { resultType: 'scalar', result: [2, '2'] },
      {
        resultType: 'matrix',
        result: [
          {
            metric,
            values: [
              [0, '1'],
              [2, '3'],
            ],
          },
        ],
      },
    ]);
    const far = remoteQuerier(api);
    expect(await far.instant('up', 2000)).toMatchObject([{ value: 3 }]);
    expect(await far.instant('scalar(up)', 2000)).toMatchObject([{ value: 2 }]);
    expect(await far.range('up', 0, 2000, 2000)).toMatchObject([{ times: [0, 2000], values: [1, 3] }]);
    await api.close();
  });

  it('refuses what has no numbers, and says why', async () => {
    await expect(storeQuerier(store()).instant('"text"', 0)).rejects.toThrow(/gives a string/);
    await expect(storeQuerier(store()).instant('up[5m]', 0)).rejects.toThrow(/gives a matrix/);
    await expect(storeQuerier(store()).instant('up +', 0)).rejects.toThrow(UserError);
  });

  it('that falls silent midway ends what asks it, with the code of an infrastructure error', async () => {
    const api = await remote([{ resultType: 'matrix', result: [{ metric: {}, values: [[0, '1']] }] }]);
    const querier = remoteQuerier(api);
    const read = readK6Threshold('avg < 5');
    if (!read.ok) throw new Error(read.message);
    const threshold = { name: 'a', query: 'a', threshold: read.threshold };
    expect(await runThreshold(threshold, querier, 0, 1000, 1000)).toMatchObject({ verdict: 'pass' });
    await expect(runThreshold(threshold, querier, 0, 1000, 1000)).rejects.toMatchObject({
      exitCode: 5,
      diagnostics: [{ code: 'FD702' }],
    });
    await api.close();
  });
});
