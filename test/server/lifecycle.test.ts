// Reading the configuration again while the server runs.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { noFeatures } from '../../src/promql/features.ts';
import { configOf, startApp, stopApps } from './support.ts';

let folder = '';
let target: Server;
let port = 0;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'firedrill-reload-'));
  target = createServer((_, response) =>
    response.setHeader('content-type', 'text/plain; version=0.0.4').end('# TYPE shown gauge\nshown 1\n'),
  ).listen(0, '127.0.0.1');
  await once(target, 'listening');
  port = (target.address() as AddressInfo).port;
});

afterEach(async () => {
  await stopApps();
  target.closeAllConnections();
  target.close();
  rmSync(folder, { recursive: true, force: true });
});

const yamlOf = (jobs: readonly string[], more = '') => `
global: { scrape_interval: 100ms, evaluation_interval: 100ms }
rule_files: [rules.yml]
${more}
scrape_configs:
${jobs.map((job) => `  - { job_name: ${job}, static_configs: [{ targets: ["127.0.0.1:${port}"] }] }`).join('\n')}
`;

function writeRules(expression: string): void {
  writeFileSync(
    join(folder, 'rules.yml'),
    `groups:
  - { name: kept, rules: [{ alert: Kept, expr: shown == 1, for: 1h }] }
  - { name: changed, rules: [{ record: copied, expr: '${expression}' }] }
`,
  );
}

async function start(lifecycle = true) {
  let yaml = yamlOf(['one', 'two']);
  writeRules('shown');
  const readConfig = () => configOf(folder, yaml, noFeatures);
  const app = await startApp({ config: await readConfig(), readConfig, lifecycle });
  return {
    ...app,
    write: (text: string) => {
      yaml = text;
    },
    reload: async () => {
      const response = await fetch(`${app.url}/-/reload`, { method: 'POST' });
      return { status: response.status, body: await response.text() };
    },
  };
}

async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (let attempt = 0; attempt < 400; attempt++) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('it did not come');
}

test('what is the same goes on, what is gone ends, what is new begins', async () => {
  const { api, write, reload } = await start();
  const shown = async () =>
    (await api('query?query=shown')).data.result.map((each: { metric: { job: string } }) => each.metric.job);
  await until(async () => (await shown()).length === 2);
  const pending = await until(async () => (await api('alerts')).data.alerts[0]);
  write(yamlOf(['two', 'three']));
  writeRules('shown + 1');
  expect(await reload()).toEqual({ status: 200, body: '' });
  // Its series end at once, and need not be looked back at for five minutes.
  await until(async () => JSON.stringify((await shown()).sort()) === '["three","two"]');
  const { groups } = (await api('rules')).data;
  expect(groups.map((group: { rules: { query: string }[] }) => group.rules[0]!.query)).toEqual([
    'shown == 1',
    'shown + 1',
  ]);
  const after = (await api('alerts')).data.alerts.find(
    ({ labels }: { labels: { job: string } }) => labels.job === 'two',
  );
  expect(after.activeAt).toBe(pending.activeAt);
});

test('a mistake is told, and what runs goes on', async () => {
  const { api, get, write, reload } = await start();
  const before = (await api('status/runtimeinfo')).data;
  expect(before.reloadConfigSuccess).toBe(true);
  write(yamlOf(['one', 'one']));
  expect(await reload()).toEqual({
    status: 500,
    body: expect.stringContaining('failed to reload config: the job "one" is there twice'),
  });
  writeRules('shown +');
  write(yamlOf(['one']));
  expect((await reload()).body).toContain('unexpected end of input');
  const status = (await api('status/runtimeinfo')).data;
  expect(status).toMatchObject({ reloadConfigSuccess: false, lastConfigTime: before.lastConfigTime });
  expect((await get('/metrics')).body).toContain('prometheus_config_last_reload_successful 0\n');
  expect((await api('scrape_pools')).data.scrapePools).toEqual(['one', 'two']);
  writeRules('shown');
  expect((await reload()).status).toBe(200);
  expect((await api('status/runtimeinfo')).data.reloadConfigSuccess).toBe(true);
  expect((await api('scrape_pools')).data.scrapePools).toEqual(['one']);
});

test('no request reloads or ends a server that was not told to allow it', async () => {
  const { url, reload } = await start(false);
  expect(await reload()).toEqual({ status: 403, body: 'Lifecycle API is not enabled.\n' });
  expect((await fetch(`${url}/-/quit`, { method: 'POST' })).status).toBe(403);
  expect((await fetch(`${url}/-/reload`)).status).toBe(405);
});

test('a request ends a server where that is allowed', async () => {
  let asked = 0;
  const { url } = await startApp({ lifecycle: true, onQuit: () => asked++ });
  expect((await fetch(`${url}/-/quit`, { method: 'PUT' })).status).toBe(200);
  expect(asked).toBe(1);
  const reload = await fetch(`${url}/-/reload`, { method: 'POST' });
  expect(await reload.text()).toContain('started without a configuration');
});

test('the configuration is shown without its secrets', async () => {
  const text = yamlOf(['one']).replace(
    'job_name: one',
    'job_name: one, basic_auth: { username: u, password: s3cr3t-word }',
  );
  const app = await start();
  app.write(text);
  await app.reload();
  const { yaml } = (await app.api('status/config')).data;
  expect(yaml).toContain('password: <secret>');
  expect(yaml).not.toContain('s3cr3t-word');
});

test('each rule has a time of its own, and its own failure beside another of its name', async () => {
  const { api, write, reload } = await start();
  writeFileSync(
    join(folder, 'rules.yml'),
    `groups:
  - name: both
    rules:
      - { record: same, expr: shown }
      - { record: same, expr: 'shown + on () group_left () shown' }
`,
  );
  write(yamlOf(['one', 'two']));
  await reload();
  const rules = await until(async () => {
    const [group] = (await api('rules')).data.groups;
    return group.rules.some(({ health }: { health: string }) => health === 'err') && group.rules;
  });
  expect(rules.map(({ health }: { health: string }) => health)).toEqual(['ok', 'err']);
  for (const rule of rules) expect(rule.evaluationTime).toBeGreaterThanOrEqual(0);
});
