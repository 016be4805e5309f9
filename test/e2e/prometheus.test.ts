// The demo's acts with a real Prometheus as source and a real Alertmanager as notifier: the verdicts are the same as
// on the embedded path. Our capture receiver is that Alertmanager's webhook.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Verdict } from '../../src/experiment/verdict.ts';
import { firedrill, type Workplace, workplace } from '../support/firedrill.ts';
import { freePort, type Program, startProgram } from '../support/processes.ts';
import { describeWith } from '../support/requires.ts';

const example = resolve('examples/dns-outage');
const captureToken = 'drill-capture-token';

describeWith(
  ['prometheus', 'prometheus-alertmanager'],
  'the demo with a real Prometheus and Alertmanager',
  () => {
    let place: Workplace;

    beforeAll(() => {
      place = workplace();
    });
    afterAll(() => place?.remove());

    for (const [act, expected] of [
      ['leaky', { resilience: 'fail', detection: 'pass', alert: 'rang' }],
      ['fixed', { resilience: 'pass', detection: 'pass', alert: 'quiet' }],
      ['mute', { resilience: 'fail', detection: 'fail', alert: 'missed' }],
    ] as const) {
      test(`${act}: resilience ${expected.resilience}, detection ${expected.detection}`, {
        timeout: 120_000,
      }, async () => {
        const verdict = await runAct(act);
        expect(verdict.alerts[0]?.verdict, JSON.stringify(verdict, null, 1)).toBe(expected.alert);
        expect(verdict).toMatchObject({ resilience: expected.resilience, detection: expected.detection });
      });
    }

    /** Each act has a Prometheus and an Alertmanager of its own, so that none remembers the act before. */
    async function runAct(act: 'leaky' | 'fixed' | 'mute'): Promise<Verdict> {
      const ports = {
        app: await freePort(),
        prometheus: await freePort(),
        alertmanager: await freePort(),
        capture: await freePort(),
      };
      const folder = join(place.folder, act);
      mkdirSync(folder);
      const programs: Program[] = [];
      try {
        programs.push(await startAlertmanager(folder, ports.alertmanager, ports.capture));
        programs.push(
          await startPrometheus(folder, ports, act === 'mute' ? 'alerts-mute.yaml' : 'alerts.yaml'),
        );
        const file = join(folder, 'experiment.yaml');
        writeFileSync(file, experiment(act, ports));
        const { stdout, stderr } = await firedrill(place, [
          'run',
          file,
          '--notify',
          'deliver',
          '--output',
          'json',
        ]);
        expect(stdout, stderr).not.toBe('');
        return JSON.parse(stdout) as Verdict;
      } finally {
        for (const program of programs.reverse()) await program.stop();
      }
    }
  },
);

async function startAlertmanager(folder: string, port: number, capturePort: number): Promise<Program> {
  const config = join(folder, 'alertmanager.yml');
  writeFileSync(
    config,
    `route: { receiver: default, group_by: [alertname], group_wait: 1s, group_interval: 2s, routes: [{ receiver: platform-oncall, matchers: ['severity="page"'] }] }
receivers:
  - name: default
  - name: platform-oncall
    webhook_configs:
      - url: http://127.0.0.1:${capturePort}/
        http_config: { authorization: { credentials: ${captureToken} } }
`,
  );
  const address = `127.0.0.1:${port}`;
  return startProgram(
    [
      'prometheus-alertmanager',
      `--config.file=${config}`,
      `--storage.path=${join(folder, 'alertmanager')}`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
    ],
    `http://${address}/-/ready`,
  );
}

async function startPrometheus(
  folder: string,
  ports: { app: number; prometheus: number; alertmanager: number },
  rules: string,
): Promise<Program> {
  const config = join(folder, 'prometheus.yml');
  writeFileSync(
    config,
    `global: { scrape_interval: 1s, evaluation_interval: 1s }
alerting: { alertmanagers: [{ static_configs: [{ targets: ["127.0.0.1:${ports.alertmanager}"] }] }] }
rule_files: ["${join(example, rules)}"]
scrape_configs: [{ job_name: app, static_configs: [{ targets: ["127.0.0.1:${ports.app}"] }] }]
`,
  );
  const address = `127.0.0.1:${ports.prometheus}`;
  return startProgram(
    [
      'prometheus',
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'tsdb')}`,
      `--web.listen-address=${address}`,
      '--rules.alert.resend-delay=1s',
    ],
    `http://${address}/-/ready`,
  );
}

/** The act's own experiment but for where it listens, who watches and who notifies. */
function experiment(
  act: string,
  ports: { app: number; prometheus: number; alertmanager: number; capture: number },
): string {
  const document = parse(readFileSync(join(example, `${act}.yaml`), 'utf8'));
  const { process } = document.spec.target;
  process.folder = example;
  process.env.PORT = String(ports.app);
  process.ready.http = `http://127.0.0.1:${ports.app}/healthz`;
  document.spec.telemetry = {
    prometheus: { url: `http://127.0.0.1:${ports.prometheus}`, interval: '1s' },
    alertmanager: { url: `http://127.0.0.1:${ports.alertmanager}` },
    capture: { listen: `127.0.0.1:${ports.capture}`, token: captureToken },
  };
  return stringify(document);
}
