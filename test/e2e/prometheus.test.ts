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
      // Each has programs and ports of its own, so they can run side by side.
      test.concurrent(`${act}: resilience ${expected.resilience}, detection ${expected.detection}`, {
        timeout: 120_000,
      }, async () => {
        const verdict = await runAct(act);
        expect(verdict.alerts[0]?.verdict, JSON.stringify(verdict, null, 1)).toBe(expected.alert);
        expect(verdict).toMatchObject({ resilience: expected.resilience, detection: expected.detection });
      });
    }

    test.concurrent('our own rules on the data of a Prometheus that has none', {
      timeout: 120_000,
    }, async () => {
      const verdict = await runAct('leaky', 'ours');
      expect(verdict.alerts[0], JSON.stringify(verdict, null, 1)).toMatchObject({
        verdict: 'rang',
        receivers: ['platform-oncall'],
      });
      expect(verdict).toMatchObject({ resilience: 'fail', detection: 'pass' });
    });

    test.concurrent('is refused unless told to deliver, and says who would be told', {
      timeout: 60_000,
    }, async () => {
      const ports = {
        prometheus: await freePort(),
        alertmanager: await freePort(),
        capture: await freePort(),
        app: await freePort(),
      };
      const folder = join(place.folder, 'refused');
      mkdirSync(folder);
      const notifier = await startAlertmanager(folder, ports.alertmanager, ports.capture);
      const source = await startPrometheus(folder, ports, [join(example, 'alerts.yaml')]);
      try {
        const file = join(folder, 'experiment.yaml');
        writeFileSync(file, experiment('leaky', ports));
        const { exitCode, stderr } = await firedrill(place, ['run', file]);
        expect(exitCode).toBe(2);
        expect(stderr).toContain('FD803');
        expect(stderr).toContain('platform-oncall');
      } finally {
        await source.stop();
        await notifier.stop();
      }
    });

    /** Each act has a Prometheus and an Alertmanager of its own, so that none remembers the act before. */
    async function runAct(
      act: 'leaky' | 'fixed' | 'mute',
      rules: 'theirs' | 'ours' = 'theirs',
    ): Promise<Verdict> {
      const ports = {
        app: await freePort(),
        prometheus: await freePort(),
        alertmanager: await freePort(),
        capture: await freePort(),
      };
      const folder = join(place.folder, `${act}-${rules}`);
      mkdirSync(folder);
      const programs: Program[] = [];
      try {
        const ruleFile = join(example, act === 'mute' ? 'alerts-mute.yaml' : 'alerts.yaml');
        if (rules === 'theirs')
          programs.push(await startAlertmanager(folder, ports.alertmanager, ports.capture));
        programs.push(await startPrometheus(folder, ports, rules === 'theirs' ? [ruleFile] : []));
        const file = join(folder, 'experiment.yaml');
        writeFileSync(file, experiment(act, ports, rules === 'ours' ? ruleFile : undefined));
        const notify = rules === 'theirs' ? 'deliver' : 'capture';
        const { stdout, stderr } = await firedrill(place, [
          'run',
          file,
          '--notify',
          notify,
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
  rules: readonly string[],
): Promise<Program> {
  const config = join(folder, 'prometheus.yml');
  writeFileSync(
    config,
    `global: { scrape_interval: 1s, evaluation_interval: 1s }
${rules.length > 0 ? `alerting: { alertmanagers: [{ static_configs: [{ targets: ["127.0.0.1:${ports.alertmanager}"] }] }] }` : ''}
rule_files: ${JSON.stringify(rules)}
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

/** The act's own experiment but for where it listens, who watches, whose rules they are and who notifies. */
function experiment(
  act: string,
  ports: { app: number; prometheus: number; alertmanager: number; capture: number },
  ourRules?: string,
): string {
  const document = parse(readFileSync(join(example, `${act}.yaml`), 'utf8'));
  const { process } = document.spec.target;
  process.folder = example;
  process.env.PORT = String(ports.app);
  process.ready.http = `http://127.0.0.1:${ports.app}/healthz`;
  const prometheus = { url: `http://127.0.0.1:${ports.prometheus}`, interval: '1s' };
  document.spec.telemetry = ourRules
    ? { prometheus, rules: [ourRules], alertmanager: join(example, 'alertmanager.yaml') }
    : {
        prometheus,
        alertmanager: { url: `http://127.0.0.1:${ports.alertmanager}` },
        capture: { listen: `127.0.0.1:${ports.capture}`, token: captureToken },
      };
  return stringify(document);
}
