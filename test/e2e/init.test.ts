// `firedrill init` on software that we did not write, with the exporters that Debian has for it.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Verdict } from '../../src/experiment/verdict.ts';
import { firedrill, type Workplace } from '../support/firedrill.ts';
import { freePort, startProgram } from '../support/processes.ts';
import { describeWith, root } from '../support/requires.ts';
import { type OnFinished, placeFor, startService } from './drill.ts';
import { startQuiet } from './init-servers.ts';

const nobody = 65_534;
const observe = ['--observe', '15s'];

interface Written {
  readonly spec: {
    readonly target: { readonly process: object; readonly labels?: object };
    readonly traffic?: readonly object[];
    readonly telemetry: { readonly scrape: readonly object[] };
    readonly faults: readonly { readonly kind: string; readonly spec: { readonly duration: string } }[];
    readonly objectives: readonly {
      readonly name: string;
      readonly promql: string;
      readonly expect: string;
    }[];
    readonly alerts?: readonly {
      readonly name: string;
      readonly guards: readonly string[];
      readonly expect: string;
    }[];
    readonly limits: { readonly runTime: string };
  };
}

/** What init wrote; check and a dry run have nothing to say against it. */
async function written(
  place: Workplace,
  file: string,
): Promise<{ readonly text: string; readonly experiment: Written }> {
  const check = await firedrill(place, ['check', file, '--fail-on', 'warning']);
  expect(check, check.stderr).toMatchObject({ exitCode: 0, stdout: `${file}: experiment: ok` });
  const plan = await firedrill(place, ['run', file, '--dry-run']);
  expect(plan.exitCode, plan.stderr).toBe(0);
  expect(plan.stdout).toContain('undo:');
  const text = readFileSync(join(place.folder, file), 'utf8');
  return { text, experiment: parse(text) as Written };
}

async function startListening(
  command: readonly string[],
  port: number,
  onFinished: OnFinished,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const program = await startProgram(command, `http://127.0.0.1:${port}/metrics`, {
    env: { ...process.env, ...env },
  });
  onFinished(() => program.stop());
}

async function untilListening(script: readonly string[]): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      execFileSync(script[0]!, script.slice(1), { stdio: 'ignore' });
      return;
    } catch {
      await new Promise((done) => setTimeout(done, 50));
    }
  }
  throw new Error(`${script.join(' ')} never succeeded`);
}

async function startNginx(place: Workplace, onFinished: OnFinished): Promise<number> {
  const port = await freePort();
  const home = join(place.folder, 'nginx');
  mkdirSync(home);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${home}/${kind};`,
  );
  writeFileSync(
    join(home, 'nginx.conf'),
    `daemon off; ${process.getuid?.() === 0 ? 'user root;' : ''} pid ${home}/pid; error_log ${home}/error.log;
     events {}
     http { access_log off; ${temporary.join(' ')}
       server { listen 127.0.0.1:${port}; location / { return 200 'open'; } location /stub_status { stub_status; } } }`,
  );
  const command = ['nginx', '-p', home, '-c', join(home, 'nginx.conf'), '-e', join(home, 'error.log')];
  const program = await startProgram(command, `http://127.0.0.1:${port}/`);
  onFinished(() => program.stop());
  return port;
}

const rules = `groups:
  - name: web
    interval: 1s
    rules:
      - record: job:up:min
        expr: min by (job) (up)
      - alert: NginxDown
        expr: job:up:min{job="nginx"} == 0
        for: 1s
        labels: { severity: page }
        annotations: { summary: nginx does not answer, runbook_url: "https://runbooks.example.test/nginx" }
      - alert: NginxDownForLong
        expr: up{job="nginx"} == 0
        for: 5m
        labels: { severity: ticket }
      - alert: RedisElsewhere
        expr: up{job="redis"} == 0
      - alert: DiskElsewhere
        expr: node_filesystem_avail_bytes < 1
`;

const alertmanager = `route: { receiver: on-call, group_by: [alertname], group_wait: 1s, group_interval: 2s }
receivers:
  - { name: on-call, webhook_configs: [{ url: "http://127.0.0.1:9/page" }] }
`;

const programs = [
  ...['nginx', 'redis-server', 'redis-cli', 'psql', 'prometheus'],
  ...['prometheus-nginx-exporter', 'prometheus-redis-exporter', 'prometheus-postgres-exporter'],
];

// Each of them mostly waits.
describeWith([root, ...programs], 'init', () => {
  test.concurrent('on nginx writes a drill that runs as it says, with the alert that guards it', {
    timeout: 200_000,
  }, async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const port = await startNginx(place, onTestFinished);
    const exporter = await freePort();
    await startListening(
      [
        'prometheus-nginx-exporter',
        ...['-nginx.scrape-uri', `http://127.0.0.1:${port}/stub_status`],
        ...['-web.listen-address', `127.0.0.1:${exporter}`],
      ],
      exporter,
      onTestFinished,
    );
    writeFileSync(join(place.folder, 'rules.yml'), rules);
    writeFileSync(join(place.folder, 'alertmanager.yml'), alertmanager);
    const args = ['init', '--port', `${port}`, '--metrics', `http://127.0.0.1:${exporter}/metrics`];
    const files = ['--rules', 'rules.yml', '--alertmanager', 'alertmanager.yml'];
    const run = await firedrill(place, [...args, ...files, ...observe, '--yes']);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stderr).toContain(`port ${port}: HTTP, GET / answers 200`);
    expect(run.stdout).toContain('firedrill run experiment.yaml --dry-run');
    const { text, experiment } = await written(place, 'experiment.yaml');
    expect(experiment.spec).toMatchObject({
      target: { process: { port }, labels: { job: 'nginx' } },
      traffic: [{ http: { url: `http://127.0.0.1:${port}/` } }],
      telemetry: { scrape: [{ job: 'nginx', targets: [`127.0.0.1:${exporter}`] }] },
      faults: [{ kind: 'PodChaos', spec: { action: 'pod-failure' } }],
      objectives: [
        { name: 'requests', expect: 'breached' },
        { name: 'metrics', expect: 'breached', promql: 'up{job="nginx"} == 1' },
      ],
      alerts: [
        { name: 'NginxDown', guards: ['metrics'], expect: 'follows', notifies: { receivers: ['on-call'] } },
        { name: 'NginxDownForLong', guards: ['metrics'], expect: 'any' },
      ],
    });
    // Of another job, and of metrics that nobody reads.
    expect(text).not.toContain('Elsewhere');
    expect(text).toContain('#   promql: \'nginx_up{job="nginx"} == 1\'');
    expect(text).toContain('# - kind: StressChaos');

    const drill = await firedrill(place, ['run', 'experiment.yaml', '--output', 'json']);
    const verdict = JSON.parse(drill.stdout) as Verdict;
    expect(verdict.faults, drill.stderr).toMatchObject([{ verdict: 'effective' }]);
    // A machine that is busy may make one of them inconclusive, but none wrong.
    expect(verdict.objectives.map(({ judgement }) => judgement)).not.toContain('wrong');
    expect(verdict.objectives.map(({ verdict: own }) => own)).toContain('breached');
    const [id = ''] = readdirSync(join(place.folder, '.firedrill', 'runs'));
    const suggest = await firedrill(place, ['slo', 'suggest', '--source', id, '--write', 'slo.yaml']);
    expect(suggest.exitCode, suggest.stderr).toBe(0);
    expect(suggest.stdout).toContain('firedrill-requests');
  });

  test.concurrent('refuses what is not there, and keeps a file that is', { timeout: 200_000 }, async ({
    onTestFinished,
  }) => {
    const place = placeFor(onTestFinished);
    const [port, free] = [await startNginx(place, onTestFinished), await freePort()];
    const refused = async (...args: readonly string[]) => {
      const { exitCode, stderr } = await firedrill(place, ['init', '--yes', '--observe', '1s', ...args]);
      expect(existsSync(join(place.folder, 'experiment.yaml'))).toBe(false);
      return `${exitCode} ${stderr.split('\n').find((line) => line.startsWith('error'))}`;
    };
    const nowhere = `http://127.0.0.1:${free}`;
    const cases: readonly (readonly [args: readonly string[], said: string])[] = [
      [[], '2 error FD105: init has to know what may be broken'],
      [['--port', `${free}`], '2 error FD504'],
      [['--pid', '4194000'], '2 error FD505'],
      [['--port', '0'], '2 error FD105'],
      [['--port', `${port}`, '--pid', '4'], '2 error FD105'],
      [['--port', `${port}`, '--metrics', `${nowhere}/metrics`], '5 error FD701'],
      [['--port', `${port}`, '--metrics', `http://127.0.0.1:${port}/`], '2 error FD907'],
      [['--port', `${port}`, '--prometheus', nowhere], '5 error FD701'],
      [['--port', `${port}`, '--no-traffic'], '2 error FD907'],
    ];
    for (const [args, said] of cases) expect(await refused(...args)).toContain(said);
    writeFileSync(join(place.folder, 'mine.yaml'), 'mine');
    const kept = await firedrill(place, ['init', '--port', `${port}`, '--to', 'mine.yaml', '--yes']);
    expect(kept).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('FD908') });
    expect(readFileSync(join(place.folder, 'mine.yaml'), 'utf8')).toBe('mine');
  });

  test.concurrent('on redis writes objectives of commands, connections and clients', {
    timeout: 200_000,
  }, async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const [port, exporter] = [await freePort(), await freePort()];
    const server = ['redis-server', '--port', `${port}`, '--bind', '127.0.0.1', '--save', ''];
    onTestFinished(startQuiet([...server, '--dir', place.folder]));
    await untilListening(['redis-cli', '-p', `${port}`, 'PING']);
    await startListening(
      [
        'prometheus-redis-exporter',
        ...['-redis.addr', `redis://127.0.0.1:${port}`],
        ...['-web.listen-address', `127.0.0.1:${exporter}`],
      ],
      exporter,
      onTestFinished,
    );
    const metrics = ['--metrics', `http://127.0.0.1:${exporter}/metrics`];
    const run = await firedrill(place, ['init', '--port', `${port}`, ...metrics, ...observe]);
    expect(run.exitCode, run.stderr).toBe(0);
    // Nobody is there to be asked, and that is said.
    expect(run.stderr).toContain('no terminal: nothing is asked, as with --yes');
    const { text, experiment } = await written(place, 'experiment.yaml');
    expect(experiment.spec.target).toMatchObject({ process: { port }, labels: { job: 'redis-server' } });
    expect(experiment.spec.traffic).toBeUndefined();
    for (const metric of [
      'up{job="redis-server"} == 1',
      'redis_commands_failed_calls_total',
      'redis_connected_clients',
    ])
      expect(text).toContain(metric);
  });

  test.concurrent('on PostgreSQL writes objectives of transactions and connections', {
    timeout: 200_000,
  }, async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const [port, exporter] = [await freePort(), await freePort()];
    const home = join(place.folder, 'pg');
    mkdirSync(home);
    chmodSync(place.folder, 0o755);
    chownSync(home, nobody, nobody);
    const asNobody = ['--reuid', `${nobody}`, '--regid', `${nobody}`, '--clear-groups', '--'];
    const [newest = ''] = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a));
    const program = (name: string) => join('/usr/lib/postgresql', newest, 'bin', name);
    const data = join(home, 'data');
    const initdb = ['-D', data, '-U', 'drill', '--auth', 'trust', '--no-sync'];
    execFileSync('setpriv', [...asNobody, program('initdb'), ...initdb], { stdio: 'ignore', cwd: home });
    const settings = ['-D', data, '-k', home, '-p', `${port}`, '-c', 'listen_addresses=127.0.0.1'];
    onTestFinished(startQuiet(['setpriv', ...asNobody, program('postgres'), ...settings]));
    await untilListening([
      'psql',
      '-h',
      '127.0.0.1',
      '-p',
      `${port}`,
      '-U',
      'drill',
      '-d',
      'postgres',
      '-c',
      'select 1',
    ]);
    await startListening(
      ['prometheus-postgres-exporter', `--web.listen-address=127.0.0.1:${exporter}`],
      exporter,
      onTestFinished,
      { DATA_SOURCE_NAME: `postgresql://drill@127.0.0.1:${port}/postgres?sslmode=disable` },
    );
    const metrics = ['--metrics', `http://127.0.0.1:${exporter}/metrics`];
    const run = await firedrill(place, ['init', '--port', `${port}`, ...metrics, ...observe, '--yes']);
    expect(run.exitCode, run.stderr).toBe(0);
    const { text, experiment } = await written(place, 'experiment.yaml');
    expect(experiment.spec.target).toMatchObject({ labels: { job: 'postgres' } });
    for (const metric of [
      'up{job="postgres"} == 1',
      'pg_stat_database_xact_rollback',
      'pg_settings_max_connections',
    ])
      expect(text).toContain(metric);
  });

  test.concurrent('starts a command while it looks at it, and ends it', { timeout: 200_000 }, async ({
    onTestFinished,
  }) => {
    const place = placeFor(onTestFinished);
    const port = await freePort();
    const service = resolve('test/e2e/fixtures/service.mjs');
    const run = await firedrill(
      place,
      ['init', '--command', `${process.execPath} ${service}`, ...observe, '--yes'],
      {
        env: { ...place.env, PORT: `${port}` },
      },
    );
    expect(run.exitCode, run.stderr).toBe(0);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
    const { experiment } = await written(place, 'experiment.yaml');
    expect(experiment.spec).toMatchObject({
      target: {
        process: { command: [process.execPath, service], ready: { http: `http://127.0.0.1:${port}/` } },
      },
      telemetry: { scrape: [{ targets: [`127.0.0.1:${port}`] }] },
    });
    const ended = await firedrill(place, [
      'init',
      '--command',
      'sh -c "echo no luck; exit 3"',
      '--yes',
      '--force',
    ]);
    expect(ended).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('no luck') });
  });

  test.concurrent('takes objectives and alerts from a Prometheus that watches the target', {
    timeout: 200_000,
  }, async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const service = await startService(onTestFinished);
    const port = await freePort();
    writeFileSync(
      join(place.folder, 'prometheus.yml'),
      `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [rules.yml]
scrape_configs:
  - { job_name: shop, static_configs: [{ targets: ["127.0.0.1:${service.port}"] }] }
  - { job_name: prometheus, static_configs: [{ targets: ["127.0.0.1:${port}"] }] }
`,
    );
    writeFileSync(
      join(place.folder, 'rules.yml'),
      'groups: [{ name: shop, rules: [{ alert: ShopDown, expr: "up{job=\\"shop\\"} == 0" }] }]\n',
    );
    const listen = `--web.listen-address=127.0.0.1:${port}`;
    const files = ['--config.file=prometheus.yml', '--storage.tsdb.path=data'];
    const program = await startProgram(['prometheus', ...files, listen], `http://127.0.0.1:${port}/-/ready`, {
      cwd: place.folder,
    });
    onTestFinished(() => program.stop());
    const args = ['init', '--port', `${service.port}`, '--prometheus', `http://127.0.0.1:${port}`];
    const scraped = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent('count(up) == 2')}`;
    await expect
      .poll(async () => (await fetch(scraped)).text(), { timeout: 30_000, interval: 200 })
      .toContain('"value"');
    // It has to have watched for a while, which our own requests wait for.
    const run = await firedrill(place, [...args, '--observe', '20s', '--yes']);
    expect(run.exitCode, run.stderr).toBe(0);
    const { experiment } = await written(place, 'experiment.yaml');
    expect(experiment.spec).toMatchObject({
      telemetry: { prometheus: { url: `http://127.0.0.1:${port}`, interval: '1s' } },
      collateral: { scope: { job: 'shop' } },
      objectives: [{ name: 'requests' }, { name: 'metrics', promql: 'up{job="shop"} == 1' }],
      alerts: [{ name: 'ShopDown', guards: ['metrics'] }],
    });
  });
});
