import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, expect, test } from 'vitest';
import { freePort, startProgram } from '../support/processes.ts';
import { describeWith } from '../support/requires.ts';
import { configOf, smallStore, startApp, stopApps } from './support.ts';

afterEach(stopApps);

/** The server lives in this process, so promtool must not block it. */
async function promtool(...args: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await execa('promtool', args, { reject: false });
  return exitCode === 0 ? stdout : `${exitCode}: ${stderr}`;
}

describeWith(['promtool'], 'promtool', () => {
  test('asks for instants and ranges', async () => {
    const { url } = await startApp({ store: smallStore() });
    expect(await promtool('query', 'instant', '--time', '1700000030', url, 'up')).toBe(
      'up{job="a"} => 1 @[1700000030]\nup{job="b"} => 0 @[1700000030]',
    );
    expect(
      await promtool(
        ...['query', 'range', '--start', '1700000030', '--end', '1700000060', '--step', '30s', url],
        'requests_total / 2',
      ),
    ).toBe('{job="a"} =>\n30 @[1700000030]\n60 @[1700000060]');
    expect(await promtool('query', 'instant', url, 'up{')).toContain(
      'bad_data: invalid parameter "query": 1:4: parse error: unexpected end of input inside braces',
    );
  });

  test('asks for series and labels', async () => {
    const { url } = await startApp({ store: smallStore() });
    expect(await promtool('query', 'series', '--match=up', '--start=0', url)).toBe(
      '{__name__="up", job="a"}\n{__name__="up", job="b"}',
    );
    expect(await promtool('query', 'labels', '--start=1700000000', url, 'job')).toBe('a\nb');
  });
});

describeWith(['prometheus-node-exporter'], 'a node exporter', () => {
  test('is scraped by prometheus.yml, relabeled, and watched by rules', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'firedrill-serve-'));
    const port = await freePort();
    const exporter = await startProgram(
      ['prometheus-node-exporter', `--web.listen-address=127.0.0.1:${port}`],
      `http://127.0.0.1:${port}/`,
    );
    try {
      writeFileSync(
        join(folder, 'rules.yml'),
        `groups: [{ name: g, rules: [
          { record: series:count, expr: 'count({job="node"})' },
          { alert: ExporterUp, expr: 'up{job="node"} == 1', labels: { severity: page } },
        ] }]`,
      );
      const config = await configOf(
        folder,
        `global: { scrape_interval: 200ms, evaluation_interval: 200ms, external_labels: { region: here } }
scrape_configs:
  - job_name: node
    static_configs: [{ targets: ["127.0.0.1:${port}"], labels: { env: test } }]
    relabel_configs: [{ source_labels: [__address__], regex: '(.+):.+', target_label: host }]
    metric_relabel_configs:
      - { source_labels: [__name__], regex: 'node_scrape_.*', action: drop }
rule_files: [rules.yml]
`,
      );
      const app = await startApp({ config });
      for (let attempt = 0; attempt < 100; attempt++) {
        if ((await app.api('alerts')).data.alerts.length > 0) break;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const [alert] = (await app.api('alerts')).data.alerts;
      expect(alert).toMatchObject({
        state: 'firing',
        value: '1e+00',
        labels: { alertname: 'ExporterUp', env: 'test', host: '127.0.0.1', job: 'node', severity: 'page' },
      });
      const { groups } = (await app.api('rules?type=alert')).data;
      expect(groups[0].rules).toMatchObject([
        { name: 'ExporterUp', query: 'up{job="node"} == 1', health: 'ok', state: 'firing', type: 'alerting' },
      ]);
      expect((await app.api('query?query=series:count')).data.result[0].value[1]).toMatch(/^\d{3,}$/);
      expect((await app.api('series?match[]=node_scrape_collector_success')).data).toEqual([]);
      expect((await app.api('targets?state=active')).data.activeTargets[0]).toMatchObject({
        health: 'up',
        labels: { env: 'test', host: '127.0.0.1', job: 'node' },
        discoveredLabels: { __address__: `127.0.0.1:${port}` },
      });
      expect((await app.api('metadata?metric=node_load1')).data.node_load1[0].type).toBe('gauge');
    } finally {
      await exporter.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
