import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UserError } from '../../src/base/diagnostics.ts';
import { configOf } from './support.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firedrill-config-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('prometheus.yml is read with its defaults and its rule files', async () => {
  writeFileSync(join(folder, 'a.rules.yml'), 'groups: [{ name: g, rules: [{ record: r, expr: "1" }] }]');
  const config = await configOf(
    folder,
    `global:
  scrape_interval: 30s
  evaluation_interval: 20s
  external_labels: { region: eu }
  sample_limit: 7
rule_files: ['*.rules.yml']
scrape_configs:
  - job_name: a
    static_configs: [{ targets: ['127.0.0.1:1'], labels: { x: y } }]
    file_sd_configs: [{ files: [sd/*.json] }]
    http_sd_configs: [{ url: 'http://127.0.0.1:2/sd', refresh_interval: 10s }]
    relabel_configs: [{ action: Drop, source_labels: [a, b], regex: 'x;y' }]
    scrape_protocols: [PrometheusProto, OpenMetricsText1.0.0]
    fallback_scrape_protocol: PrometheusText0.0.4
  - { job_name: b, scrape_interval: 5s, sample_limit: 9 }
remote_write: [{ url: 'http://x/' }]
`,
  );
  expect(config.evaluationIntervalMs).toBe(20_000);
  expect(config.externalLabels).toEqual({ region: 'eu' });
  expect(config.groups.map(({ name }) => name)).toEqual(['g']);
  expect(config.warnings.map(({ code, message }) => `${code} ${message}`)).toEqual([
    'FD121 remote_write is not used',
  ]);
  const [a, b] = config.scrape;
  expect(a).toMatchObject({
    intervalMs: 30_000,
    timeoutMs: 10_000,
    sampleLimit: 7,
    nativeHistograms: true,
    fallbackFormat: 'text',
    targets: [{ address: '127.0.0.1:1', labels: { x: 'y' } }],
    discovery: [
      { type: 'file', paths: [join(folder, 'sd/*.json')], refreshMs: 300_000 },
      { type: 'http', url: 'http://127.0.0.1:2/sd', refreshMs: 10_000 },
    ],
    relabel: [{ action: 'drop', sourceLabels: ['a', 'b'], separator: ';', regex: 'x;y', replacement: '$1' }],
  });
  expect(b).toMatchObject({ intervalMs: 5000, timeoutMs: 5000, sampleLimit: 9, nativeHistograms: false });
});

test.each([
  ['an unknown key', 'scrape_configs: [{ job_name: a, interval: 5s }]', 'unknown key "interval"'],
  ['a job twice', 'scrape_configs: [{ job_name: a }, { job_name: a }]', 'the job "a" is there twice'],
  [
    'a timeout over the interval',
    'scrape_configs: [{ job_name: a, scrape_interval: 1s, scrape_timeout: 2s }]',
    'longer',
  ],
  [
    'an expression that is none',
    'scrape_configs: [{ job_name: a, relabel_configs: [{ regex: "(", target_label: b }] }]',
    'missing closing )',
  ],
  [
    'no target label',
    'scrape_configs: [{ job_name: a, relabel_configs: [{ regex: x }] }]',
    'needs target_label',
  ],
  [
    'a wrong path',
    'scrape_configs: [{ job_name: a, file_sd_configs: [{ files: [a.txt] }] }]',
    'not a path of target files',
  ],
  ['no file of rules', 'rule_files: [none.yml]', 'none.yml'],
])('%s is told', async (_, yaml, message) => {
  const error = await configOf(folder, yaml).catch((reason: unknown) => reason);
  expect(error).toHaveProperty('message', expect.stringContaining(message));
});

test('all mistakes of a rule file come together, with their places', async () => {
  writeFileSync(
    join(folder, 'r.yml'),
    'groups:\n- name: g\n  rules:\n  - { record: a, expr: "sum(" }\n  - { record: b, expr: "1 +" }\n',
  );
  const error = await configOf(folder, 'rule_files: [r.yml]').catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).diagnostics.map(({ at }) => at?.line)).toEqual([4, 5]);
});
