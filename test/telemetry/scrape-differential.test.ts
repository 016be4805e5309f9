// The same target scraped by a real Prometheus and by us: the same series with the same values must come out.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { Scraper } from '../../src/telemetry/metrics/scrape.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { RemoteApi } from '../../src/telemetry/remote/api.ts';
import { describeWith } from '../support/requires.ts';
import { endProgram, freeAddress, serve, startProgram, until } from './servers.ts';

const folder = mkdtempSync(join(tmpdir(), 'firedrill-differential-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Bounds stand in their normal form, because Prometheus brings them into it only since 3.0.
const body = `# HELP a help
# TYPE a counter
a{x="q\\"\\\\\\n\\z",y="é 漢"} 1.5e3
a{job="mine",exported_job="two"} 2
a{instance=""} 3
b +Inf
c{z="}{,= #"} -0.25
d 0
# TYPE h histogram
h_bucket{le="0.005"} 1
h_bucket{le="+Inf"} 2
h_sum 0.5
h_count 2
`;
const formats = {
  '/text': { type: 'text/plain; version=0.0.4', body: `  \n# remark\n${body}e\t{ f = "g" , }   7\n` },
  '/openmetrics': { type: 'application/openmetrics-text; version=1.0.0', body: `${body}# EOF\n` },
};
const jobs = Object.keys(formats).flatMap((path) =>
  [true, false].map((honorLabels) => ({ path, honorLabels, name: `${path.slice(1)}-${honorLabels}` })),
);

describeWith(['prometheus'], 'Prometheus and we', () => {
  it('store the same series of the same target', async () => {
    const target = await serve((request, response) => {
      const format = formats[request.url as keyof typeof formats];
      response.setHeader('content-type', format.type).end(format.body);
    });
    const address = await freeAddress();
    const configs = jobs.map(
      ({ path, honorLabels, name }) => `
  - { job_name: ${name}, honor_labels: ${honorLabels}, metrics_path: ${path}, static_configs: [{ targets: ["${target.address}"], labels: { zone: eu } }] }`,
    );
    writeFileSync(
      join(folder, 'p.yml'),
      `global: { scrape_interval: 500ms }\nscrape_configs:${configs.join('')}\n`,
    );
    const prometheus = await startProgram(
      'prometheus',
      [
        `--config.file=${join(folder, 'p.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${address}`,
        '--log.level=error',
      ],
      `http://${address}/-/ready`,
    );
    const api = new RemoteApi({ url: `http://${address}`, http: {} }, systemClock);
    try {
      const theirs = async () => (await api.query('{zone="eu"}', Date.now())).series;
      let found = await theirs();
      const complete = () => found.filter(({ labels }) => labels.name === 'up').length === jobs.length;
      for (let attempt = 0; !complete() && attempt < 150; attempt++) {
        await systemClock.sleep(100);
        found = await theirs();
      }
      await until('all jobs', complete, 1);

      const store = new SeriesStore();
      const scraper = new Scraper(
        jobs.map(({ path, honorLabels, name }) => ({
          jobName: name,
          targets: [{ address: target.address, labels: { zone: 'eu' } }],
          scheme: 'http',
          metricsPath: path,
          params: {},
          intervalMs: 500,
          timeoutMs: 500,
          honorLabels,
          honorTimestamps: true,
          bodySizeLimitBytes: 0,
          sampleLimit: 0,
          http: {},
        })),
        store,
        systemClock,
        { onFailure: (source, reason) => expect.fail(`${source}: ${reason}`), onRecovery: () => {} },
      );
      await scraper.scrapeOnce();
      await scraper.scrapeOnce();
      await scraper.stop();
      const ours = store
        .select([], 0, Number.POSITIVE_INFINITY)
        .map(({ labels, values, offset, last }) => `${labels} ${values[last - 1 - offset]}`);
      const changing = (line: string) => !/^scrape_(duration|series)/.test(line);
      const text = found.map(({ labels, samples }) => `${labels} ${samples[0]!.value}`);
      expect(ours.filter(changing).sort()).toEqual(text.filter(changing).sort());
      expect(ours.length).toBeGreaterThan(50);
    } finally {
      await api.close();
      await endProgram(prometheus);
      await target.close();
    }
  });
});
