// `telemetry.scrape` is an entry of Prometheus's scrape_configs, or its short form.

import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { checkYaml, parseYaml } from '../../../src/base/yaml.ts';
import { resolveScrapeConfig, scrapeConfig } from '../../../src/telemetry/config/scrape-config.ts';
import { goodDrill, readDrill } from './drill.ts';

const shortForm = '[{ job: app, targets: ["127.0.0.1:8080"], interval: 1s }]';

/** The drill with other text in the place of its scrape. */
function drillWith(entry: object): string {
  return goodDrill.replace(shortForm, JSON.stringify([entry]));
}

const pasted = {
  job_name: 'blackbox',
  scrape_interval: '15s',
  scrape_timeout: '4s',
  scrape_protocols: ['PrometheusProto', 'OpenMetricsText1.0.0'],
  fallback_scrape_protocol: 'PrometheusText0.0.4',
  scrape_native_histograms: true,
  scheme: 'https',
  metrics_path: '/probe',
  params: { module: ['http_2xx'] },
  honor_labels: true,
  honor_timestamps: false,
  body_size_limit: '1MB',
  sample_limit: 500,
  label_limit: 30,
  label_name_length_limit: 200,
  label_value_length_limit: 300,
  static_configs: [{ targets: ['https://shop.example.test/'], labels: { env: 'prod' } }],
  file_sd_configs: [{ files: ['targets/*.json'], refresh_interval: '30s' }],
  http_sd_configs: [{ url: 'http://127.0.0.1:8500/sd', basic_auth: { username: 'u', password: 'pw1234' } }],
  relabel_configs: [
    { source_labels: ['__address__'], target_label: '__param_target' },
    { target_label: '__address__', replacement: '127.0.0.1:9115' },
  ],
  metric_relabel_configs: [{ action: 'Drop', source_labels: ['__name__'], regex: 'go_.*' }],
  basic_auth: { username: 'me', password_file: 'secret' },
  tls_config: { insecure_skip_verify: true },
};

describe('an entry of scrape_configs', () => {
  test('means in an experiment what it means in prometheus.yml', async () => {
    const read = await readDrill(drillWith(pasted));
    if (!read.ok) throw new Error(JSON.stringify(read.diagnostics));
    const [spec] = read.value.telemetry.scrape;
    const document = parseYaml('prometheus.yml', stringify(pasted));
    if (!document.ok) throw new Error('not YAML');
    const checked = checkYaml(document.value, scrapeConfig);
    if (!checked.ok) throw new Error('not a scrape_config');
    const served = resolveScrapeConfig(checked.value, {
      intervalMs: 60_000,
      timeoutMs: 10_000,
      bodySizeLimitBytes: 0,
      sampleLimit: 0,
      labelLimits: { count: 0, nameBytes: 0, valueBytes: 0 },
      nativeHistograms: false,
      folder: read.value.folder,
    });
    expect(spec).toEqual(served);
    expect(spec).toMatchObject({
      jobName: 'blackbox',
      intervalMs: 15_000,
      timeoutMs: 4000,
      nativeHistograms: true,
      fallbackFormat: 'text',
      labelLimits: { count: 30, nameBytes: 200, valueBytes: 300 },
      relabel: [{ targetLabel: '__param_target' }, { replacement: '127.0.0.1:9115' }],
      metricRelabel: [{ action: 'drop', regex: 'go_.*' }],
      discovery: [
        { type: 'file', paths: [`${read.value.folder}/targets/*.json`], refreshMs: 30_000 },
        { type: 'http', refreshMs: 60_000 },
      ],
    });
    expect(read.value.secrets).toContain('pw1234');
    expect(read.value.resolvedText).not.toContain('pw1234');
  });

  test.each([
    ['discovery alone', { job: 'a', file_sd_configs: [{ files: ['a.yml'] }] }],
    ['empty lists beside endpoints', { job: 'a', targets: ['127.0.0.1:1'], relabel_configs: [] }],
    ['no limit on samples', { job: 'a', targets: ['127.0.0.1:1'], sample_limit: 0 }],
  ])('may have %s', async (_, entry) => {
    expect((await readDrill(drillWith(entry))).ok).toBe(true);
  });

  test.each([
    ['nothing to read', { job: 'a' }, 'FD107', 'targets is required'],
    ['an empty list of endpoints', { job: 'a', static_configs: [] }, 'FD107', 'targets is required'],
    [
      'a URL that nothing relabels',
      { job: 'a', static_configs: [{ targets: ['http://a/'] }] },
      'FD105',
      '"http://a/" is no address',
    ],
    [
      'endpoints twice',
      { job: 'a', targets: ['127.0.0.1:1'], static_configs: [{ targets: ['127.0.0.1:1'] }] },
      'FD105',
      'targets is there too, and means the same',
    ],
    [
      'a regular expression that RE2 refuses',
      { job: 'a', targets: ['127.0.0.1:1'], relabel_configs: [{ regex: 'a(', target_label: 'b' }] },
      'FD105',
      'a(',
    ],
    [
      'relabeling without a target',
      { job: 'a', targets: ['127.0.0.1:1'], metric_relabel_configs: [{ regex: 'a' }] },
      'FD107',
      'the action replace needs target_label',
    ],
    [
      'another service discovery',
      { job: 'a', dns_sd_configs: [{ names: ['a'] }] },
      'FD106',
      'dns_sd_configs',
    ],
  ])('is refused with %s', async (_, entry, code, message) => {
    const read = await readDrill(drillWith(entry));
    expect(read.ok).toBe(false);
    const told = read.ok ? [] : read.diagnostics;
    expect(told.map((each) => each.code)).toContain(code);
    expect(told.map((each) => each.message).join('\n')).toContain(message);
  });
});
