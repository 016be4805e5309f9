// The server as an Alertmanager: the same requests to it and to the real one, amtool as its client, and what nobody
// should send.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readAlertmanagerConfig } from '../../src/alertmanager/config/read.ts';
import { fetchRemoteConfig, RemoteAlertmanager } from '../../src/alertmanager/remote.ts';
import { systemClock } from '../../src/base/clock.ts';
import { Labels } from '../../src/base/labels.ts';
import { maskedYaml } from '../../src/server/alerts/masked-yaml.ts';
import type { ServerOptions } from '../../src/server/app.ts';
import { emptyConfig } from '../../src/server/config/read.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { freePort, type Program, startProgram } from '../support/processes.ts';
import { describeWith } from '../support/requires.ts';
import { configOf, startApp, stopApps } from './support.ts';

const run = promisify(execFile);

const configText = `global: {resolve_timeout: 3m}
route:
  receiver: default
  group_by: [alertname]
  group_wait: 1s
  group_interval: 5s
  routes:
    - {receiver: pager, matchers: [severity="page"]}
    - {receiver: night, matchers: [team=night], active_time_intervals: [never]}
receivers:
  - {name: default}
  - {name: night}
  - {name: pager, webhook_configs: [{url: "http://127.0.0.1:9/T0KEN-of-the-pager"}]}
inhibit_rules: [{source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [job]}]
time_intervals: [{name: never, time_intervals: [{years: ['1999']}]}]
`;

interface Notified {
  readonly receiver: string;
  readonly alerts: readonly string[];
}

function served(notified: Notified[] = [], text = configText): Pick<ServerOptions, 'alertmanager'> {
  const read = readAlertmanagerConfig('alertmanager.yml', text);
  if (!read.ok) throw new Error(JSON.stringify(read.diagnostics));
  return {
    alertmanager: {
      config: read.value,
      configYaml: maskedYaml(text, read.value.secrets),
      notify: async ({ receiver, alerts }) => {
        notified.push({ receiver, alerts: alerts.map(({ alert }) => alert.labels.get('alertname')) });
        return { ok: true, at: systemClock.now() };
      },
    },
  };
}

afterEach(stopApps);

interface Answered {
  readonly status: number;
  readonly body: unknown;
}

async function ask(base: string, method: string, path: string, body?: unknown): Promise<Answered> {
  const response = await fetch(`${base}/api/v2${path}`, {
    method,
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? '' : parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const page = { alertname: 'Down', severity: 'page', job: 'a' };
const matcher = (name: string, value: string, more: object = {}) => ({
  ...{ name, value, isRegex: false, isEqual: true },
  ...more,
});
const hour = 3_600_000;
const time = (offsetMs: number) => new Date(systemClock.now() + offsetMs).toISOString();
const silenceOf = (matchers: readonly object[], more: object = {}) => ({
  ...{ matchers, startsAt: time(0), endsAt: time(hour), createdBy: 'me', comment: 'why' },
  ...more,
});

describeWith(['prometheus-alertmanager'], 'the served Alertmanager and the real one', () => {
  let folder: string;
  let real: Program;
  let realUrl: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'firedrill-am-'));
    writeFileSync(join(folder, 'am.yml'), configText);
    const address = `127.0.0.1:${await freePort()}`;
    realUrl = `http://${address}`;
    real = await startProgram(
      [
        'prometheus-alertmanager',
        `--config.file=${join(folder, 'am.yml')}`,
        `--storage.path=${join(folder, 'data')}`,
        `--web.listen-address=${address}`,
        '--cluster.listen-address=',
      ],
      `${realUrl}/-/ready`,
    );
  });
  afterAll(async () => {
    await real?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Times and ids differ; words of errors are ours; what newer versions add is left out. */
  function comparable({ status, body }: Answered): unknown {
    if (status >= 400) {
      const code = (body as { code?: number } | null)?.code;
      return { status, kind: typeof body, ...(code !== undefined && { code }) };
    }
    const text = JSON.stringify(body, (key, value) => {
      if (['startsAt', 'endsAt', 'updatedAt', 'silenceID', 'id'].includes(key)) return typeof value;
      if (key === 'silencedBy') return (value as string[]).length;
      return key === 'mutedBy' ? undefined : value;
    });
    return { status, body: JSON.parse(text) };
  }

  test('answer the same requests alike', async () => {
    const { url } = await startApp(served());
    const both = async (method: string, path: string, body?: unknown) => {
      const [ours, theirs] = [await ask(url, method, path, body), await ask(realUrl, method, path, body)];
      expect(comparable(ours), `${method} ${path} ${JSON.stringify(body)}`).toEqual(comparable(theirs));
      return [ours, theirs] as const;
    };
    await both('GET', '/receivers');
    await both('GET', '/alerts');
    for (const body of [
      [],
      {},
      'nonsense',
      '',
      [{}],
      [{ labels: {} }],
      [{ labels: { a: '' } }],
      [{ labels: { a: 1 } }],
      [{ labels: { a: 'b' }, startsAt: 'yesterday' }],
      [{ labels: { a: 'b' }, generatorURL: '::no address' }],
      [{ labels: { a: 'b' }, startsAt: time(hour), endsAt: time(-hour) }],
    ])
      await both('POST', '/alerts', body);
    await both('POST', '/alerts', [
      { labels: page, annotations: { summary: 's' }, generatorURL: 'http://x/y' },
      { labels: { alertname: 'Slow', severity: 'warning', job: 'a' } },
      { labels: { alertname: 'Gone', severity: 'critical', job: 'a' } },
      { labels: { alertname: 'Over' }, startsAt: time(-hour), endsAt: time(-60_000) },
    ]);
    for (const query of [
      '',
      '?filter=alertname=Down',
      '?filter=alertname=~%22D.*%22&filter=job=a',
      '?filter=alertname!=Down',
      '?receiver=pag.*',
      '?receiver=pag',
      '?active=false',
      '?silenced=false&inhibited=false&unprocessed=false',
      '?inhibited=maybe',
      '?filter=(',
      '?receiver=(',
    ]) {
      await both('GET', `/alerts${query}`);
      await both('GET', `/alerts/groups${query}`);
    }
    const unknown = '11111111-1111-4111-8111-111111111111';
    await both('GET', '/silence/abc');
    await both('GET', `/silence/${unknown}`);
    for (const body of [
      {},
      [],
      silenceOf([]),
      silenceOf([matcher('a', 'b')], { endsAt: time(-hour) }),
      silenceOf([matcher('a', 'b')], { startsAt: time(2 * hour) }),
      silenceOf([matcher('a', '(', { isRegex: true })]),
      silenceOf([matcher('a', '.*', { isRegex: true })]),
      silenceOf([{ name: 'a' }]),
      silenceOf([matcher('a', 'b')], { id: unknown }),
      silenceOf([matcher('a', 'b')], { comment: undefined }),
    ])
      await both('POST', '/silences', body);
    const made = await both('POST', '/silences', silenceOf([matcher('severity', 'page')]));
    const ids = made.map(({ body }) => (body as { silenceID: string }).silenceID);
    await both('GET', '/silences');
    await both('GET', '/silences?filter=severity=page');
    await both('GET', '/silences?filter=severity=~page');
    await both('GET', '/alerts');
    await both('GET', '/alerts?silenced=false');
    // A longer end changes the silence itself, other matchers make a new one.
    const each = async (path: (id: string) => string, method: string, body?: (id: string) => unknown) => {
      const answers = [url, realUrl].map((base, i) => ask(base, method, path(ids[i]!), body?.(ids[i]!)));
      const [ours, theirs] = await Promise.all(answers);
      expect(comparable(ours!)).toEqual(comparable(theirs!));
      return [ours!, theirs!];
    };
    const starts = new Map<string, string>();
    for (const [i, base] of [url, realUrl].entries()) {
      const { body } = await ask(base, 'GET', `/silence/${ids[i]}`);
      starts.set(ids[i]!, (body as { startsAt: string }).startsAt);
    }
    const kept = await each(
      () => '/silences',
      'POST',
      (id) =>
        silenceOf([matcher('severity', 'page')], { id, startsAt: starts.get(id), endsAt: time(2 * hour) }),
    );
    expect(kept.map(({ body }) => (body as { silenceID: string }).silenceID)).toEqual(ids);
    await both('GET', '/silences?expired=false');
    await each((id) => `/silence/${id}`, 'DELETE');
    await each((id) => `/silence/${id}`, 'GET');
    await both('GET', '/alerts/groups?filter=severity=page');
  });

  test('give amtool the same answers', async () => {
    const { url } = await startApp(served());
    const labels = ['alertname=Full', 'severity=ticket', 'instance=node-1'];
    for (const base of [url, `${url}/alertmanager`, realUrl]) {
      const amtool = async (...args: string[]) =>
        (await run('amtool', [`--alertmanager.url=${base}`, ...args])).stdout.trim();
      await amtool('alert', 'add', ...labels, '--annotation=summary=almost');
      const query = async (...args: string[]) =>
        (await amtool('alert', 'query', 'alertname=Full', ...args)).split('\n').map((line) => line.trim());
      expect((await query()).at(-1)).toMatch(/^Full +\S+ \S+ UTC +almost +active$/);
      const id = await amtool('silence', 'add', 'alertname=Full', 'instance=~node-.*', '-a', 'me', '-c', 'c');
      expect(id).toMatch(/^[0-9a-f-]{36}$/);
      expect(await query()).toHaveLength(1);
      expect((await query('--silenced')).at(-1)).toMatch(/suppressed$/);
      expect(await amtool('silence', 'update', id, '-d', '2h')).toContain(id);
      expect(await amtool('silence', 'query', 'alertname=Full')).toContain(id);
      await amtool('silence', 'expire', id);
      expect(await amtool('silence', 'query', '--expired', '--within=1h')).toContain(id);
      expect((await query()).at(-1)).toMatch(/active$/);
      expect(await amtool('cluster', 'show')).toMatch(/disabled/);
      expect(await amtool('config', 'show')).toContain('group_interval: 5s');
    }
  });
});

describeWith(['prometheus'], 'a real Prometheus that sends to the server', () => {
  test('is heard, also below a path prefix, and the alert is told', { timeout: 60_000 }, async () => {
    const notified: Notified[] = [];
    const { url, address } = await startApp(served(notified));
    const folder = mkdtempSync(join(tmpdir(), 'firedrill-prom-'));
    const program = await startPrometheus(folder, address);
    try {
      await expect
        .poll(() => notified.flatMap(({ alerts }) => alerts), { timeout: 30_000 })
        .toEqual(expect.arrayContaining(['Always']));
      const { body } = await ask(url, 'GET', '/alerts?filter=alertname=Always');
      expect(body).toMatchObject([
        { labels: { alertname: 'Always', severity: 'page' }, receivers: [{ name: 'pager' }] },
      ]);
    } finally {
      await program.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

async function startPrometheus(folder: string, alertmanager: string): Promise<Program> {
  writeFileSync(
    join(folder, 'rules.yml'),
    'groups: [{name: g, interval: 1s, rules: [{alert: Always, expr: vector(1), labels: {severity: page}}]}]\n',
  );
  writeFileSync(
    join(folder, 'prometheus.yml'),
    `alerting: {alertmanagers: [{path_prefix: /alertmanager, static_configs: [{targets: ["${alertmanager}"]}]}]}\nrule_files: [rules.yml]\n`,
  );
  const address = `127.0.0.1:${await freePort()}`;
  return startProgram(
    [
      'prometheus',
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'tsdb')}`,
      `--web.listen-address=${address}`,
      // What is sent before the Alertmanager is discovered is lost.
      '--rules.alert.resend-delay=1s',
    ],
    `http://${address}/-/ready`,
  );
}

describe('the served Alertmanager', () => {
  test('hears of the server’s own rules', async () => {
    const notified: Notified[] = [];
    const folder = mkdtempSync(join(tmpdir(), 'firedrill-rules-'));
    writeFileSync(
      join(folder, 'rules.yml'),
      'groups: [{name: g, interval: 1s, rules: [{alert: Own, expr: vector(1), labels: {severity: page}}]}]\n',
    );
    const config = await configOf(folder, 'rule_files: [rules.yml]\n');
    await startApp({ ...served(notified), config });
    await expect.poll(() => notified, { timeout: 15_000 }).toEqual([{ receiver: 'pager', alerts: ['Own'] }]);
    rmSync(folder, { recursive: true, force: true });
  });

  test('shows no secret, and what it shows is a configuration', async () => {
    const { url } = await startApp(served());
    const shown = await fetchRemoteConfig(url, {}, systemClock);
    expect(shown).not.toContain('T0KEN');
    expect(readAlertmanagerConfig('shown.yml', shown).ok).toBe(true);
  });

  test('groups what is muted apart', async () => {
    const { url } = await startApp(served());
    await ask(url, 'POST', '/alerts', [{ labels: { alertname: 'Owl', team: 'night' } }]);
    expect((await ask(url, 'GET', '/alerts/groups')).body).toMatchObject([
      { receiver: { name: 'night' }, alerts: [{ status: { state: 'suppressed', mutedBy: ['never'] } }] },
    ]);
    expect((await ask(url, 'GET', '/alerts/groups?muted=false')).body).toEqual([]);
  });

  test('says how there would be one where there is none', async () => {
    const { url } = await startApp({ store: new SeriesStore(), config: emptyConfig });
    const { status, body } = await ask(url, 'GET', '/status');
    expect(status).toBe(404);
    expect(body).toContain('--alertmanager');
  });

  test('takes orders only from whom the server answers', async () => {
    const { url } = await startApp({ ...served(), token: 'open-sesame' });
    expect((await ask(url, 'POST', '/alerts', [{ labels: page }])).status).toBe(401);
    const open = await startApp(served());
    const response = await fetch(`${open.url}/api/v2/silences`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://elsewhere.example' },
      body: JSON.stringify(silenceOf([matcher('a', 'b')])),
    });
    expect(response.status).toBe(403);
  });
});

describe('bad input to the served Alertmanager', () => {
  test('bodies, labels and alerts beyond their limits are refused, and the rest is taken', async () => {
    const limits = { body: { bytesMax: 50_000, decodedBytesMax: 50_000 } };
    const { url } = await startApp({ ...served(), limits });
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`l${i}`, 'x']));
    expect((await ask(url, 'POST', '/alerts', [{ labels: { a: 'x'.repeat(60_000) } }])).status).toBe(413);
    const mixed = await ask(url, 'POST', '/alerts', [
      { labels: page },
      { labels: many },
      { labels: { long: 'x'.repeat(20_000) } },
    ]);
    expect(mixed.status).toBe(400);
    expect(mixed.body).toContain('more than the limit of 128');
    expect(mixed.body).toContain('more than 16384 bytes');
    expect((await ask(url, 'GET', '/alerts')).body).toHaveLength(1);
  });

  test('a silence with an expression that explodes is refused or costs nothing', async () => {
    const { url } = await startApp(served());
    const of = (value: string) =>
      ask(url, 'POST', '/silences', silenceOf([matcher('a', value, { isRegex: true })]));
    expect((await of('(a{1000}){1000}')).status).toBe(400);
    expect((await of('x'.repeat(20_000))).status).toBe(400);
    expect((await of('(x+x+)+y')).status).toBe(200);
    // With backtracking this would not end.
    await ask(url, 'POST', '/alerts', [{ labels: { alertname: 'A', a: 'x'.repeat(10_000) } }]);
    expect((await ask(url, 'GET', '/alerts')).body).toHaveLength(1);
  });

  test('alerts from a clock that is ahead or behind are taken for what they say, and reported', async () => {
    const { url, log } = await startApp(served());
    const alerts = [
      { labels: { alertname: 'Ahead' }, startsAt: time(hour), endsAt: time(2 * hour) },
      { labels: { alertname: 'Behind' }, startsAt: time(-3 * hour), endsAt: time(-2 * hour) },
      { labels: { alertname: 'Ancient' }, startsAt: '0001-01-01T00:00:00Z', endsAt: '9999-12-31T23:59:59Z' },
    ];
    expect((await ask(url, 'POST', '/alerts', alerts)).status).toBe(200);
    expect((await ask(url, 'POST', '/alerts', alerts)).status).toBe(200);
    const shown = (await ask(url, 'GET', '/alerts')).body as { labels: { alertname: string } }[];
    expect(shown.map(({ labels }) => labels.alertname).sort()).toEqual(['Ahead', 'Ancient']);
    expect(log.filter((line) => line.includes('the clock of its sender is ahead'))).toHaveLength(1);
  });

  test('each alert finds its silence among many', async () => {
    const { url } = await startApp(served());
    const remote = new RemoteAlertmanager(url, {}, systemClock);
    const wanted = { startsAt: 0, endsAt: systemClock.now() + hour, createdBy: 'me', comment: 'c' };
    const ids = new Set<string>();
    for (let i = 0; i < 20; i++) ids.add(await remote.postSilence({ ...wanted, labels: { a: String(i) } }));
    expect(ids.size).toBe(20);
    await remote.postAlerts([{ labels: Labels.from({ alertname: 'A', a: '7' }), annotations: {} }]);
    expect((await remote.alerts())[0]?.status.silencedBy).toHaveLength(1);
    await remote.close();
  });
});
