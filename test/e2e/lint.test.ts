// `check` on rules and `routes`, as a user calls them.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firedrill, type Workplace, workplace } from '../support/firedrill.ts';
import { freePort, startProgram } from '../support/processes.ts';
import { describeWith } from '../support/requires.ts';

let place: Workplace;
const write = (name: string, text: string) => writeFileSync(join(place.folder, name), text);

beforeAll(() => {
  place = workplace();
  write(
    'rules.yml',
    `groups:
  - name: slo
    rules:
      - alert: Burn
        expr: |
          sum(rate(http_requests_total{handler="/"}[5m]))
            / sum(rate(http_requests_total[5m]))
            > 14.4 * 0.1
        labels: {severity: page}
`,
  );
  write(
    'warn.yml',
    'groups: [{name: g, rules: [{alert: A, expr: "rate(a_total[30s]) > 0", labels: {severity: info}}]}]\n',
  );
  write(
    'alertmanager.yml',
    `route:
  receiver: mailbox
  routes:
    - {matchers: [severity="page"], receiver: pager}
receivers: [{name: mailbox}, {name: pager}]
`,
  );
  write('up.om', 'up{job="app"} 1 1\n# EOF\n');
});
afterAll(() => place.remove());

describe('check on rules', () => {
  it('points into the expression like a compiler, and ends with 2', async () => {
    const { exitCode, stdout, stderr } = await firedrill(place, ['check', 'rules.yml']);
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 2,
      stdout: 'rules.yml: rules: 1 error',
      stderr: [
        'rules.yml:6:11: error FD310: never true: the left side is between 0 and 1, the right side is 1.44, with > between them: the alert can never fire',
        '    6 |           sum(rate(http_requests_total{handler="/"}[5m]))',
        '      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^',
        '  hint: the burn rate times the error budget must stay below 1: lower the factor or raise the objective',
      ].join('\n'),
    });
  });

  it('ends with 0 for warnings, unless it is told to fail on them', async () => {
    const lenient = await firedrill(place, ['check', 'warn.yml']);
    expect([lenient.exitCode, lenient.stdout]).toEqual([0, 'warn.yml: rules: ok, 1 warning']);
    const strict = await firedrill(place, ['check', '--fail-on', 'warning', 'warn.yml']);
    expect(strict.exitCode).toBe(2);
    const often = await firedrill(place, ['check', '--fail-on=warning', '--scrape-interval=5s', 'warn.yml']);
    expect([often.exitCode, often.stdout]).toEqual([0, 'warn.yml: rules: ok']);
  });

  it('knows routes and a source when it is given them', async () => {
    write(
      'routed.yml',
      'groups: [{name: g, rules: [{alert: A, expr: "sum(upp)", labels: {severity: info}}]}]\n',
    );
    const args = [
      'check',
      '--output=json',
      '--alertmanager=alertmanager.yml',
      '--source=up.om',
      'routed.yml',
    ];
    const { exitCode, stdout } = await firedrill(place, args);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).files).toMatchObject([
      {
        file: 'routed.yml',
        kind: 'rules',
        diagnostics: [
          { code: 'FD320', severity: 'warning', at: { line: 1 }, rule: { group: 'g', name: 'A' } },
          { code: 'FD321', expected: 'up' },
        ],
      },
    ]);
  });

  it('lints the rule files that an experiment names, with its scraping and its routes', async () => {
    mkdirSync(join(place.folder, 'drill'), { recursive: true });
    write(
      'drill/rules.yml',
      'groups: [{name: g, rules: [{alert: A, expr: "sum(rate(a_total[2s]))", for: 500ms}]}]\n',
    );
    write(
      'drill/drill.yaml',
      `apiVersion: firedrill.dev/v1
kind: Experiment
metadata: {name: drill}
spec:
  target: {process: {port: 8080}}
  telemetry:
    scrape: [{job: app, targets: ["127.0.0.1:8080"], interval: 1s}]
    rules: [rules.yml]
    alertmanager: ../alertmanager.yml
  faults: [{kind: PodChaos, spec: {action: pod-kill}}]
  alerts: [{name: A, expect: rings, fires: {within: 10s}}]
`,
    );
    const { stdout, stderr } = await firedrill(place, ['check', '--output=json', 'drill/drill.yaml']);
    const [file] = JSON.parse(stdout).files;
    const codes = file.diagnostics.map(({ code }: { code: string }) => code);
    expect({ codes, stderr }).toEqual({ codes: ['FD320', 'FD313', 'FD312'], stderr: '' });
  });

  it.each([
    ['--scrape-interval=soon', 'FD112'],
    ['--alertmanager=missing.yml', 'FD101'],
    ['--source=missing.om', 'FD804'],
    ['--enable-feature=classic-mode,utf8-strict-mode', 'FD903'],
  ])('refuses %s', async (option, code) => {
    const { exitCode, stderr } = await firedrill(place, ['check', option, 'warn.yml']);
    expect({ exitCode, code: /FD\d{3}/.exec(stderr)?.[0] }).toEqual({ exitCode: 2, code });
  });
});

describe('routes', () => {
  const config = '--config.file=alertmanager.yml';

  it('show draws the tree', async () => {
    const { stdout } = await firedrill(place, ['routes', config]);
    expect(stdout).toBe(
      'Routing tree:\n.\n└── default-route  receiver: mailbox\n    └── {severity="page"}  receiver: pager\n',
    );
  });

  it('test prints receivers, and ends with 1 when they are not those that were asked for', async () => {
    const met = await firedrill(place, [
      'routes',
      'test',
      config,
      '--verify.receivers=pager',
      'severity=page',
    ]);
    expect([met.exitCode, met.stdout]).toEqual([0, 'pager']);
    const missed = await firedrill(place, [
      'routes',
      'test',
      config,
      '--verify.receivers=pager',
      'severity=x',
    ]);
    expect(missed.exitCode).toBe(1);
    expect(missed.stdout).toBe('mailbox\nWARNING: Expected receivers did not match resolved receivers.');
    const json = await firedrill(place, ['routes', 'test', config, '-o', 'json', 'severity=page']);
    expect(JSON.parse(json.stdout)).toEqual({
      labels: { severity: 'page' },
      routes: [{ receiver: 'pager', path: ['{}', '{severity="page"}'] }],
    });
  });

  it('test --cases tells the way that an alert took, and the matcher that sent it there', async () => {
    write(
      'cases.yml',
      '- {labels: {severity: page}, receivers: [pager]}\n- {labels: {severity: warn}, receivers: [pager]}\n',
    );
    const { exitCode, stdout } = await firedrill(place, ['routes', 'test', config, '--cases=cases.yml']);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 1,
      stdout: [
        'cases.yml:2: {severity="warn"}',
        '  does not reach pager',
        '    by {} > {severity="page"}',
        '    because severity="page" does not match: the alert has severity="warn"',
        '  reaches mailbox instead',
        '    by {}',
        '2 cases: 1 failed',
      ].join('\n'),
    });
  });

  it.each([
    [['routes', 'test'], 'FD107'],
    [['routes', 'test', config, 'a=~b'], 'FD401'],
    [['routes', 'test', config, 'a'], 'FD401'],
    [['routes', 'test', config, '--cases=cases.yml', 'a=b'], 'FD120'],
    [['routes', 'show', '--config.file=missing.yml'], 'FD101'],
    [['routes', 'show', config, '--enable-feature=modern-mode'], 'FD903'],
  ])('%j is bad input', async (args, code) => {
    const { exitCode, stderr } = await firedrill(place, args);
    expect({ exitCode, code: /FD\d{3}/.exec(stderr)?.[0] }).toEqual({ exitCode: 2, code });
  });

  describeWith(['prometheus-alertmanager'], 'of a running Alertmanager', () => {
    it('are asked for', { timeout: 60_000 }, async () => {
      const address = `127.0.0.1:${await freePort()}`;
      const alertmanager = await startProgram(
        [
          'prometheus-alertmanager',
          `--config.file=${join(place.folder, 'alertmanager.yml')}`,
          `--storage.path=${join(place.folder, 'data')}`,
          `--web.listen-address=${address}`,
          '--cluster.listen-address=',
        ],
        `http://${address}/-/ready`,
      );
      try {
        const args = ['routes', 'test', `--alertmanager.url=http://${address}`, 'severity=page'];
        expect((await firedrill(place, args)).stdout).toBe('pager');
      } finally {
        await alertmanager.stop();
      }
    });
  });
});
