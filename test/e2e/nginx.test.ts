// The main job on software that we did not write: nginx behind one port, watched by blackbox_exporter and
// node_exporter, under our own load.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Verdict } from '../../src/experiment/verdict.ts';
import { firedrill, type Workplace, workplace } from '../support/firedrill.ts';
import { freePort, type Program, startProgram } from '../support/processes.ts';
import { describeWith } from '../support/requires.ts';

interface Ports {
  readonly nginx: number;
  readonly proxy: number;
  readonly blackbox: number;
  readonly node: number;
}

describeWith(
  ['nginx', 'prometheus-blackbox-exporter', 'prometheus-node-exporter'],
  'an experiment on nginx',
  () => {
    let place: Workplace;
    let ports: Ports;
    const programs: Program[] = [];

    beforeAll(async () => {
      place = workplace();
      ports = {
        nginx: await freePort(),
        proxy: await freePort(),
        blackbox: await freePort(),
        node: await freePort(),
      };
      programs.push(await startNginx(place.folder, ports.nginx));
      programs.push(await startBlackboxExporter(place.folder, ports.blackbox));
      const nodeUrl = `127.0.0.1:${ports.node}`;
      programs.push(
        await startProgram(
          ['prometheus-node-exporter', `--web.listen-address=${nodeUrl}`],
          `http://${nodeUrl}/metrics`,
        ),
      );
      writeFileSync(join(place.folder, 'alerts.yaml'), rules);
      writeFileSync(join(place.folder, 'alertmanager.yaml'), alertmanager);
    });

    afterAll(async () => {
      for (const program of programs.reverse()) await program.stop();
      place?.remove();
    });

    test('pod-failure: availability breaks, the page arrives, everything recovers', {
      timeout: 120_000,
    }, async () => {
      const verdict = await run('pod-failure', [
        '- kind: PodChaos',
        '  on: web',
        '  spec: { action: pod-failure, duration: 12s }',
        '  effect: { min: 2 }',
      ]);
      expect(item(verdict.faults, 'pod-chaos')).toMatchObject({ verdict: 'effective' });
      expect(item(verdict.objectives, 'availability')).toMatchObject({
        verdict: 'breached',
        judgement: 'wrong',
      });
      expect(item(verdict.alerts, 'WebDown')).toMatchObject({ verdict: 'rang', receivers: ['web-oncall'] });
      expect(verdict).toMatchObject({ verdict: 'fail', resilience: 'fail', detection: 'pass' });
    });

    test('300 ms through the proxy: latency breaks, the ticket arrives, everything recovers', {
      timeout: 120_000,
    }, async () => {
      const verdict = await run('delay', [
        '- kind: NetworkChaos',
        '  on: edge',
        '  spec: { action: delay, delay: { latency: 300ms }, duration: 12s }',
      ]);
      expect(item(verdict.faults, 'network-chaos')).toMatchObject({ verdict: 'effective' });
      expect(item(verdict.objectives, 'latency')).toMatchObject({ verdict: 'breached', judgement: 'wrong' });
      expect(item(verdict.objectives, 'availability')).toMatchObject({ verdict: 'held', judgement: 'right' });
      expect(item(verdict.alerts, 'WebSlow')).toMatchObject({ verdict: 'rang', receivers: ['web-tickets'] });
      expect(item(verdict.alerts, 'WebDown')).toMatchObject({ verdict: 'quiet' });
      expect(verdict).toMatchObject({ verdict: 'fail', resilience: 'fail', detection: 'pass' });
    });

    async function run(name: string, faults: readonly string[]): Promise<Verdict> {
      const file = join(place.folder, `${name}.yaml`);
      writeFileSync(file, experiment(name, ports, faults));
      const { exitCode, stdout, stderr } = await firedrill(place, ['run', file, '--output', 'json']);
      expect(exitCode, stderr).toBe(1);
      return JSON.parse(stdout) as Verdict;
    }
  },
);

function item<T extends { readonly name: string }>(items: readonly T[], name: string): T | undefined {
  return items.find((each) => each.name === name);
}

async function startNginx(folder: string, port: number): Promise<Program> {
  const home = join(folder, 'nginx');
  mkdirSync(join(home, 'html'), { recursive: true });
  writeFileSync(join(home, 'html', 'index.html'), 'open for business\n');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${home}/${kind};`,
  );
  const lines = [
    'daemon off;',
    ...(process.getuid?.() === 0 ? ['user root;'] : []),
    'worker_processes 2;',
    `pid ${home}/pid;`,
    `error_log ${home}/error.log;`,
    'events { worker_connections 256; }',
    'http {',
    '  access_log off;',
    ...temporary,
    `  server { listen 127.0.0.1:${port}; root ${home}/html; }`,
    '}',
  ];
  writeFileSync(join(home, 'nginx.conf'), `${lines.join('\n')}\n`);
  return startProgram(
    ['nginx', '-p', home, '-c', join(home, 'nginx.conf'), '-e', join(home, 'error.log')],
    `http://127.0.0.1:${port}/`,
  );
}

async function startBlackboxExporter(folder: string, port: number): Promise<Program> {
  const config = join(folder, 'blackbox.yaml');
  writeFileSync(
    config,
    'modules:\n  http_2xx: { prober: http, timeout: 800ms, http: { preferred_ip_protocol: ip4 } }\n',
  );
  const address = `127.0.0.1:${port}`;
  return startProgram(
    ['prometheus-blackbox-exporter', `--config.file=${config}`, `--web.listen-address=${address}`],
    `http://${address}/-/healthy`,
  );
}

function experiment(name: string, ports: Ports, faults: readonly string[]): string {
  return `apiVersion: firedrill.dev/v1
kind: Experiment
metadata: { name: nginx-${name} }
spec:
  title: nginx keeps serving
  targets:
    web: { process: { port: ${ports.nginx} } }
    edge: { proxy: { listen: "127.0.0.1:${ports.proxy}", upstream: "127.0.0.1:${ports.nginx}" } }
  traffic:
    - { name: shop, http: { url: "http://127.0.0.1:${ports.proxy}/", timeout: 1s }, rate: 20/s }
  telemetry:
    scrape:
      - job: node
        targets: ["127.0.0.1:${ports.node}"]
        interval: 1s
      - job: probe
        targets: ["127.0.0.1:${ports.blackbox}"]
        interval: 1s
        metrics_path: /probe
        params: { module: [http_2xx], target: ["http://127.0.0.1:${ports.proxy}/"] }
    rules: [alerts.yaml]
    alertmanager: alertmanager.yaml
  faults:
${faults.map((line) => `    ${line}`).join('\n')}
  objectives:
    - name: availability
      promql: probe_success{job="probe"} == 1
      recovers: { within: 15s, stable: 3s }
    - name: latency
      promql: histogram_quantile(0.9, sum by (le) (rate(firedrill_request_duration_seconds_bucket[4s]))) < 0.25
      recovers: { within: 20s, stable: 3s }
  alerts:
    - name: WebDown
      guards: [availability]
      fires: { within: 8s }
      notifies: { within: 12s, receivers: [web-oncall] }
      resolves: { within: 20s }
    - name: WebSlow
      guards: [latency]
      fires: { within: 8s }
      notifies: { within: 12s, receivers: [web-tickets] }
      resolves: { within: 20s }
`;
}

const rules = `groups:
  - name: web
    interval: 1s
    rules:
      - alert: WebDown
        expr: probe_success{job="probe"} == 0
        for: 2s
        labels: { severity: page }
        annotations: { summary: nginx does not answer, runbook_url: "https://runbooks.example.test/web-down" }
      - alert: WebSlow
        expr: histogram_quantile(0.9, sum by (le) (rate(firedrill_request_duration_seconds_bucket[4s]))) > 0.25
        for: 2s
        labels: { severity: ticket }
        annotations: { summary: nginx answers slowly, runbook_url: "https://runbooks.example.test/web-slow" }
`;

const alertmanager = `route:
  receiver: default
  group_by: [alertname]
  group_wait: 1s
  group_interval: 2s
  routes:
    - { receiver: web-oncall, matchers: ['severity="page"'] }
    - { receiver: web-tickets, matchers: ['severity="ticket"'] }
receivers:
  - name: default
  - { name: web-oncall, webhook_configs: [{ url: "http://127.0.0.1:9/page" }] }
  - { name: web-tickets, webhook_configs: [{ url: "http://127.0.0.1:9/ticket" }] }
`;
