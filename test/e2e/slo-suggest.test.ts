// `firedrill slo suggest` on what others expose: node_exporter, blackbox_exporter, Prometheus and Alertmanager.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { firedrill, type Workplace, workplace } from '../support/firedrill.ts';
import { freePort, type Program, startProgram } from '../support/processes.ts';
import { describeWith } from '../support/requires.ts';

const programs: Program[] = [];
let place: Workplace;
let prometheus: string;

describeWith(
  ['prometheus', 'prometheus-alertmanager', 'prometheus-node-exporter', 'prometheus-blackbox-exporter'],
  'objectives from a Prometheus that has watched for some seconds',
  () => {
    beforeAll(async () => {
      place = workplace();
      const [server, alertmanager, node, blackbox] = await Promise.all([
        freePort(),
        freePort(),
        freePort(),
        freePort(),
      ]);
      prometheus = `http://127.0.0.1:${server}`;
      writeFileSync(
        join(place.folder, 'am.yml'),
        'route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n',
      );
      writeFileSync(join(place.folder, 'blackbox.yml'), 'modules: { tcp: { prober: tcp } }\n');
      writeFileSync(
        join(place.folder, 'prometheus.yml'),
        `global: { scrape_interval: 1s }
scrape_configs:
  - { job_name: prometheus, static_configs: [{ targets: ["127.0.0.1:${server}"] }] }
  - { job_name: alertmanager, static_configs: [{ targets: ["127.0.0.1:${alertmanager}"] }] }
  - { job_name: node, static_configs: [{ targets: ["127.0.0.1:${node}"] }] }
  - job_name: probe
    metrics_path: /probe
    params: { module: [tcp], target: ["127.0.0.1:${node}"] }
    static_configs: [{ targets: ["127.0.0.1:${blackbox}"] }]
`,
      );
      const start = async (command: readonly string[], port: number, path: string) => {
        programs.push(await startProgram(command, `http://127.0.0.1:${port}${path}`, { cwd: place.folder }));
      };
      const listen = (port: number) => `--web.listen-address=127.0.0.1:${port}`;
      for (const name of ['data', 'am']) mkdirSync(join(place.folder, name));
      await Promise.all([
        start(['prometheus-node-exporter', listen(node)], node, '/metrics'),
        start(
          ['prometheus-blackbox-exporter', '--config.file=blackbox.yml', listen(blackbox)],
          blackbox,
          '/-/healthy',
        ),
        start(
          [
            ...['prometheus-alertmanager', '--config.file=am.yml', '--storage.path=am'],
            ...['--cluster.listen-address=', listen(alertmanager)],
          ],
          alertmanager,
          '/-/ready',
        ),
      ]);
      await start(
        ['prometheus', '--config.file=prometheus.yml', '--storage.tsdb.path=data', listen(server)],
        server,
        '/-/ready',
      );
      await untilSamples(18);
    });

    afterAll(async () => {
      await Promise.all(programs.map((program) => program.stop()));
      place.remove();
    });

    it('are what its exporters are known for, and check has nothing to say about them', {
      timeout: 120_000,
    }, async () => {
      const args = ['slo', 'suggest', '--source', prometheus];
      const run = await firedrill(place, [...args, '--write', 'slo.yaml', '--output', 'json']);
      expect(run.exitCode, run.stderr).toBe(0);
      const { suggestions, leftOut } = JSON.parse(run.stdout) as {
        suggestions: { id: string; targetPercent: number; wouldHave: { pages: number } }[];
        leftOut: { name: string; job: string; reason: string }[];
      };
      expect(suggestions.map(({ id }) => id)).toEqual(
        expect.arrayContaining([
          ...['prometheus-up', 'alertmanager-up', 'node-up', 'probe-up'],
          ...['probe-success', 'probe-duration'],
          ...['prometheus-config-last-reload-successful', 'alertmanager-config-last-reload-successful'],
          ...['prometheus-http-requests', 'prometheus-notifications-queue', 'prometheus-open-files'],
          ...['node-memory', 'node-file-descriptors'],
        ]),
      );
      for (const { targetPercent, wouldHave } of suggestions) {
        expect(targetPercent).toBeGreaterThanOrEqual(90);
        expect(wouldHave.pages).toBe(0);
      }
      expect(leftOut).toContainEqual(
        expect.objectContaining({
          name: 'promhttp-metric-handler-requests',
          reason: 'counts the scrapes themselves',
        }),
      );
      expect(leftOut).toContainEqual(
        expect.objectContaining({
          name: 'alertmanager-notifications',
          reason: 'no traffic in the baseline',
        }),
      );
      const check = await firedrill(place, ['check', 'slo.yaml', '--fail-on', 'warning']);
      expect(check, check.stderr).toMatchObject({ exitCode: 0, stdout: 'slo.yaml: slo: ok' });
      const text = readFileSync(join(place.folder, 'slo.yaml'), 'utf8');
      expect(parseAllDocuments(text)).toHaveLength(suggestions.length);
      expect(text).toContain('# availability: scrapes that were answered');
    });

    it('can be of another stretch of time, and of one service', { timeout: 120_000 }, async () => {
      const args = ['slo', 'suggest', '--source', prometheus, '--service', 'monitoring'];
      const [run, none, phase] = await Promise.all([
        firedrill(place, [...args, '--from', '-16s']),
        firedrill(place, [...args, '--from', '-1y', '--to', '-360d']),
        firedrill(place, [...args, '--phase', 'fault']),
      ]);
      expect(run.exitCode, run.stderr).toBe(0);
      expect(run.stdout).toMatch(/^\d+ objectives from a baseline of 16s/);
      expect(run.stdout).toMatch(/^monitoring-up-\d {2}90 % of scrapes that were answered$/m);
      expect(none.exitCode).toBe(3);
      expect(phase).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is no run') });
    });
  },
);

/** Until every job was scraped so often. */
async function untilSamples(count: number): Promise<void> {
  const query = `count(count_over_time(up[5m]) >= ${count})`;
  for (;;) {
    const answer = await fetch(`${prometheus}/api/v1/query?query=${encodeURIComponent(query)}`);
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
    if (data.result[0]?.value[1] === '4') return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
