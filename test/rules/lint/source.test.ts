// Selectors held against what a source holds: a store of ours, and a real Prometheus.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { Labels } from '../../../src/base/labels.ts';
import { seriesOfRemote, seriesOfStore } from '../../../src/rules/lint/known-series.ts';
import { SeriesStore } from '../../../src/telemetry/metrics/store.ts';
import { RemoteApi } from '../../../src/telemetry/remote/api.ts';
import { freePort, type Program, startProgram } from '../../support/processes.ts';
import { describeWith } from '../../support/requires.ts';
import { alertOf, linesOf } from './support.ts';

describe('selectors beside a store', () => {
  const store = new SeriesStore();
  store.appendBatch({
    source: 'test',
    atMs: 1000,
    samples: [
      { labels: Labels.from({ __name__: 'up', job: 'app', instance: 'a' }), value: 1 },
      { labels: Labels.from({ __name__: 'up', job: 'api', instance: 'b' }), value: 1 },
      { labels: Labels.from({ __name__: 'process_resident_memory_bytes', job: 'app' }), value: 1 },
    ],
  });
  const found = (expr: string) => linesOf(alertOf(expr), { series: seriesOfStore(store) });

  it.each([
    [
      'process_resident_memory_byte > 1',
      'FD321 warning 5:16 the source has no metric process_resident_memory_byte',
    ],
    ['sum(up{job="ap"}) == 0', 'FD321 warning 5:20 the source has up, but no series with job="ap"'],
    ['up{team="x"} == 0', 'FD321 warning 5:16 the source has up, but no series with team="x"'],
    [
      'up{job="app",instance="b"} == 0',
      'FD321 warning 5:16 the source has up, but no series that matches all of these at once',
    ],
    ['{job="x"} == 0', 'FD321 warning 5:16 the source has no series that match'],
  ])('that match nothing are found in %s', async (expr, line) => {
    expect(await found(expr)).toEqual([line]);
  });

  it.each(['up{job="app"} == 0', 'up{job=~"a.*"} == 0', 'absent(up{job="x"})', 'ALERTS{alertname="x"}'])(
    'are good in %s',
    async (expr) => {
      expect(await found(expr)).toEqual([]);
    },
  );
});

describeWith(['prometheus'], 'selectors beside Prometheus', () => {
  let folder: string;
  let prometheus: Program;
  let api: RemoteApi;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'firedrill-lint-'));
    const address = `127.0.0.1:${await freePort()}`;
    const config = join(folder, 'prometheus.yml');
    const scrape = { job_name: 'self', scrape_interval: '1s', static_configs: [{ targets: [address] }] };
    writeFileSync(config, JSON.stringify({ scrape_configs: [scrape] }));
    prometheus = await startProgram(
      [
        'prometheus',
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${address}`,
      ],
      `http://${address}/-/ready`,
    );
    api = new RemoteApi({ url: `http://${address}`, http: {} }, systemClock);
  }, 60_000);

  afterAll(async () => {
    await api?.close();
    await prometheus?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are told, and types come from its metadata', { timeout: 60_000 }, async () => {
    await expect.poll(() => api.metricNames(), { timeout: 30_000 }).toContain('prometheus_build_info');
    const series = await seriesOfRemote(api, Date.now());
    const found = (expr: string) => linesOf(alertOf(expr), { series });
    expect(await found('up{job="self"} == 0')).toEqual([]);
    expect(await found('prometheus_build_inf{version!=""} == 0')).toEqual([
      'FD321 warning 5:16 the source has no metric prometheus_build_inf',
    ]);
    expect(await found('up{job="selv"} == 0')).toEqual([
      'FD321 warning 5:16 the source has up, but no series with job="selv"',
    ]);
    expect(await found('rate(go_memstats_alloc_bytes[1m]) > 0')).toEqual([
      'FD314 warning 5:16 rate() of go_memstats_alloc_bytes, which is a gauge (its metadata says): each fall counts as a restart from 0',
    ]);
    expect(await found('rate(go_memstats_alloc_bytes_total[1m]) > 0')).toEqual([]);
  });
});
