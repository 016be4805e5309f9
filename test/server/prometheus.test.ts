// The API, answer by answer, against a running Prometheus: both hold the same samples, scrape the same target and
// evaluate the same rules, and are asked the same. What changes from run to run is put out of sight on both sides; what
// Prometheus answers otherwise since the version that Debian has is listed with its reason.

import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { importOpenMetrics } from '../../src/telemetry/recording/openmetrics-import.ts';
import { freePort, type Program, startProgram } from '../support/processes.ts';
import { describeWith } from '../support/requires.ts';
import { configOf, startApp, stopApps, type TestApp } from './support.ts';

/** The samples of both: two hours at 15 s, long ago, so that nothing that is scraped comes near. */
const startSeconds = 1_700_006_400;
const endSeconds = startSeconds + 2 * 3600;

function openMetrics(): string {
  const lines: string[] = ['# TYPE http_requests counter', '# HELP http_requests All of them.'];
  const times = Array.from({ length: (endSeconds - startSeconds) / 15 }, (_, i) => i);
  for (const [k, job] of ['api', 'web'].entries())
    for (const i of times)
      lines.push(
        `http_requests_total{job="${job}",instance="${job}:80",code="200"} ${i * (k + 2)} ${startSeconds + i * 15 + 1}`,
      );
  lines.push('# TYPE temperature gauge');
  for (const i of times)
    lines.push(
      `temperature{room="${i < 200 ? 'a' : 'b'}"} ${(20 + Math.sin(i / 10)).toFixed(3)} ${startSeconds + i * 15 + 1}`,
    );
  lines.push('# TYPE latency histogram');
  for (const [le, share] of [
    ['0.1', 5],
    ['0.5', 8],
    ['+Inf', 10],
  ] as const)
    for (const i of times)
      lines.push(`latency_bucket{job="api",le="${le}"} ${i * share} ${startSeconds + i * 15 + 1}`);
  lines.push('# EOF', '');
  return lines.join('\n');
}

const exposed = `# HELP up_and_running Says so.
# TYPE up_and_running gauge
up_and_running{kind="x"} 1
# HELP events_total Events.
# TYPE events_total counter
events_total 7
`;

const rules = `groups:
  - name: first
    interval: 1s
    limit: 10
    rules:
      - { record: job:up:count, expr: count by (job) (up), labels: { team: infra } }
      - alert: AlwaysFiring
        expr: up_and_running == 1
        labels: { severity: page }
        annotations: { summary: 'It is {{ $value }} at {{ $labels.job }}' }
      - { alert: Pending, expr: up_and_running > 0, for: 1h, keep_firing_for: 2m }
      - { alert: Quiet, expr: up_and_running > 5 }
  - name: second
    interval: 1s
    rules:
      - { record: broken, expr: 'up_and_running + on () group_left () up' }
`;

const instant = 'time=1700010000';
const range = 'start=1700010000&end=1700010600&step=60';
const q = encodeURIComponent;

const queries: readonly string[] = [
  // Results of each type.
  `query?query=1.5e-7&${instant}`,
  `query?query=${q('"a string"')}&${instant}`,
  `query?query=http_requests_total&${instant}`,
  `query?query=${q('http_requests_total{job="api"}[45s]')}&${instant}`,
  `query?query=${q('sum by (job) (rate(http_requests_total[5m]))')}&${instant}`,
  `query?query=${q('histogram_quantile(0.9, sum by (le) (rate(latency_bucket[5m])))')}&${instant}`,
  `query?query=${q('temperature / 0')}&${instant}`,
  `query?query=${q('-temperature * Inf')}&${instant}`,
  `query?query=${q('0/0')}&${instant}`,
  `query?query=${q('nothing_like_it')}&${instant}`,
  `query?query=${q('topk(1, http_requests_total)')}&time=2023-11-15T01:00:00.5Z`,
  `query?query=${q('label_replace(temperature, "wing", "$1", "room", "(.)")')}&${instant}`,
  `query?query=${q('http_requests_total offset 5m')}&${instant}`,
  `query?query=${q('http_requests_total @ 1700008000')}&${instant}`,
  `query?query=${q('temperature')}&time=1700010000.123`,
  `query?query=${q('time()')}&time=-1.5`,
  `query_range?query=${q('rate(http_requests_total[5m])')}&${range}`,
  `query_range?query=${q('temperature')}&start=1700009000&end=1700009600&step=90s`,
  `query_range?query=42&${range}`,
  `query_range?query=${q('absent(nothing_like_it{a="b"})')}&${range}`,
  `query_range?query=${q('http_requests_total and on () (temperature > 20.9)')}&${range}`,
  `query_range?query=temperature&start=2023-11-15T01:00:00Z&end=2023-11-15T01:01:00Z&step=1.5`,
  // Errors.
  'query',
  'query?query=',
  'query?query=up%7B',
  'query?query=sum(up',
  `query?query=${q('rate(up)')}`,
  `query?query=${q('nosuch(up)')}`,
  'query?query=up&timeout=soon',
  `query?query=${q('label_replace(up, "x", "$1", "job", "(")')}`,
  `query?query=${q('{__name__=~".*"}')}`,
  'query_range?query=up',
  'query_range?query=up&start=0&end=10',
  'query_range?query=up&start=0&end=10&step=0',
  'query_range?query=up&start=0&end=10&step=-5',
  'query_range?query=up&start=10&end=0&step=1',
  'query_range?query=up&start=a&end=0&step=1',
  'query_range?query=up&start=0&end=b&step=1',
  'query_range?query=up&start=0&end=1&step=one',
  'query_range?query=up&start=0&end=100000&step=1',
];

const lists: readonly string[] = [
  `series?match[]=http_requests_total&start=${startSeconds}&end=${endSeconds}`,
  `series?match[]=${q('{job="api"}')}&match[]=temperature&start=${startSeconds}&end=${endSeconds}`,
  `series?match[]=nothing_like_it&start=${startSeconds}&end=${endSeconds}`,
  'series',
  'series?match[]=up%7B',
  `series?match[]=${q('{x=""}')}`,
  'series?match[]=up&start=10&end=0',
  `labels?match[]=http_requests_total&start=${startSeconds}&end=${endSeconds}`,
  'labels?match[]=up%7B',
  'labels?start=10&end=0',
  `label/job/values?match[]=http_requests_total&start=${startSeconds}&end=${endSeconds}`,
  'label/none/values',
  'label/job/values?match[]=up%7B',
  'metadata?metric=events_total',
  'metadata?metric=none',
  'metadata?limit=a',
  'targets/metadata?metric=events_total',
  'targets/metadata?metric=none',
  `targets/metadata?match_target=${q('{job="app"}')}&metric=up_and_running`,
  'targets/metadata?match_target=up%7B',
  'targets/metadata?limit=a',
  `query_exemplars?query=http_requests_total&${range}`,
  'query_exemplars?query=up&start=10&end=0',
  'query_exemplars?query=sum(&start=0&end=1',
  `format_query?query=${q('sum(rate(a[5m]))by(job)/on(job)group_left()b>1')}`,
  'format_query?query=sum(',
  'alertmanagers',
  'targets',
  'targets?state=dropped',
  'rules',
  'rules?type=alert',
  'rules?type=record',
  'rules?type=odd',
  'alerts',
  'status/walreplay',
];

const outside: readonly string[] = ['/-/healthy', '/-/ready', '/api/v1/nothing', '/api/v1/rules/test/test'];

/** Hidden on both sides: it changes with the clock or with the place. */
const hidden = new Set([
  'lastEvaluation',
  'evaluationTime',
  'activeAt',
  'lastScrape',
  'lastScrapeDuration',
  'file',
  'globalUrl',
  // The words of another HTTP client.
  'lastError',
]);

function comparable(value: unknown, key = ''): unknown {
  if (hidden.has(key)) return 'hidden';
  if (Array.isArray(value)) return value.map((each) => comparable(each));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, comparable(each, name)]));
}

const failure = (error: string) => ({
  status: 400,
  answer: { status: 'error', errorType: 'bad_data', error },
});

/** What Prometheus 3 answers otherwise than 2.42, and what that is. */
const changed: Readonly<Record<string, { readonly status: number; readonly answer: object }>> = {
  // The parameter has come with 2.43.
  'query?query=temperature&time=1700010000&lookback_delta=1s': {
    status: 200,
    answer: { data: { result: [] } },
  },
  'query?query=up&lookback_delta=wide': failure(
    'error parsing lookback delta duration: cannot parse "wide" to a valid duration',
  ),
  // Other words.
  'query?query=up&time=tomorrow': failure(
    `invalid parameter "time": invalid time value for 'time': cannot parse "tomorrow" to a valid timestamp`,
  ),
  'series?match[]=up&start=a': failure(
    `invalid parameter "start": invalid time value for 'start': cannot parse "a" to a valid timestamp`,
  ),
  'label/job/values?end=a': failure(
    `invalid parameter "end": invalid time value for 'end': cannot parse "a" to a valid timestamp`,
  ),
  [`query?query=${q('up{a=~"("}')}`]: failure(
    'invalid parameter "query": 1:4: parse error: error parsing regexp: missing closing ): `(`',
  ),
  [`query_range?query=${q('up[5m]')}&${range}`]: failure(
    'invalid parameter "query": invalid expression type "range vector" for range query, must be Scalar or instant Vector',
  ),
  // Any UTF-8 is the name of a label since 3.0.
  'label/with-dash/values': { status: 200, answer: { status: 'success', data: [] } },
};

/** What an answer of 2.42 has become: fields that have come, and groups without rules that have gone. */
function sinceThen(body: unknown): unknown {
  const { data } = (body ?? {}) as { data?: Record<string, never[]> };
  if (data?.activeTargets && data.droppedTargets) {
    const counts: Record<string, number> = { app: 0, down: 0 };
    for (const { discoveredLabels } of data.droppedTargets as { discoveredLabels: { job: string } }[])
      counts[discoveredLabels.job]!++;
    const droppedTargets = data.droppedTargets.map((target: { discoveredLabels: { job: string } }) => ({
      ...target,
      scrapePool: target.discoveredLabels.job,
    }));
    return { ...(body as object), data: { ...data, droppedTargets, droppedTargetCounts: counts } };
  }
  if (data?.groups) {
    const groups = data.groups
      .map((group: { rules: object[] }) => ({
        ...group,
        rules: group.rules.map((rule) => ({ labels: {}, ...rule })),
      }))
      .filter(({ rules }) => rules.length > 0);
    return { ...(body as object), data: { groups } };
  }
  return body;
}

function parsed(text: string): unknown {
  return text.startsWith('{') ? JSON.parse(text) : text;
}

describeWith(['prometheus', 'promtool'], 'asked the same as Prometheus', () => {
  let folder = '';
  let target: Server;
  let prometheus: Program;
  let prometheusUrl = '';
  let app: TestApp;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'firedrill-prometheus-'));
    const data = join(folder, 'data.om');
    writeFileSync(data, openMetrics());
    writeFileSync(join(folder, 'rules.yml'), rules);
    mkdirSync(join(folder, 'tsdb'));
    await execa('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', data, join(folder, 'tsdb')]);
    target = createServer((_, response) =>
      response.setHeader('content-type', 'text/plain; version=0.0.4').end(exposed),
    ).listen(0, '127.0.0.1');
    await once(target, 'listening');
    const { port } = target.address() as AddressInfo;
    const yaml = `global:
  scrape_interval: 1s
  evaluation_interval: 1s
  external_labels:
    region: here
rule_files:
- rules.yml
scrape_configs:
- job_name: app
  static_configs:
  - targets:
    - 127.0.0.1:${port}
    - dropped.example.test:80
    labels:
      env: test
  relabel_configs:
  - source_labels: [__address__]
    regex: dropped.*
    action: drop
- job_name: down
  static_configs:
  - targets:
    - 127.0.0.1:1
`;
    const file = join(folder, 'prometheus.yml');
    app = await startApp({
      store: await importOpenMetrics(data),
      config: await configOf(folder, yaml),
    });
    const own = await freePort();
    prometheusUrl = `http://127.0.0.1:${own}`;
    prometheus = await startProgram(
      [
        'prometheus',
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(folder, 'tsdb')}`,
        `--web.listen-address=127.0.0.1:${own}`,
        '--storage.tsdb.retention.time=100y',
      ],
      `${prometheusUrl}/-/ready`,
    );
    for (const url of [app.url, prometheusUrl]) await steady(url);
  }, 60_000);

  afterAll(async () => {
    await prometheus?.stop();
    await stopApps();
    target?.closeAllConnections();
    target?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Waits until targets were scraped and rules evaluated. */
  async function steady(url: string): Promise<void> {
    const get = async (path: string) => JSON.stringify(await (await fetch(`${url}/api/v1/${path}`)).json());
    for (let attempt = 0; attempt < 400; attempt++) {
      const alerts = await get('alerts');
      const targets = await get('targets');
      const evaluated = alerts.includes('AlwaysFiring') && alerts.includes('Pending');
      const rules = await get('rules');
      // The broken rule fails once both targets were scraped.
      if (evaluated && rules.includes('"health":"err"') && !/"health":"unknown"/.test(targets + rules))
        return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${url} evaluates nothing: ${await get('rules')} ${await get('targets')}`);
  }

  async function ask(url: string, path: string) {
    const response = await fetch(`${url}${path}`);
    const text = await response.text();
    const type = response.headers.get('content-type');
    return { status: response.status, type, text };
  }

  test.each(queries)('%s', async (path) => {
    const theirs = await ask(prometheusUrl, `/api/v1/${path}`);
    expect(await ask(app.url, `/api/v1/${path}`)).toEqual(theirs);
  });

  test.each([...lists.map((path) => `/api/v1/${path}`), ...outside])('%s', async (path) => {
    const [ours, theirs] = [await ask(app.url, path), await ask(prometheusUrl, path)];
    expect({ ...ours, text: comparable(parsed(ours.text)) }).toEqual({
      ...theirs,
      text: comparable(sinceThen(parsed(theirs.text))),
    });
  });

  test.each([
    `query?query=http_requests_total&${instant}`,
    `query?query=${q('sum(http_requests_total) + count(temperature)')}&${instant}`,
    `query_range?query=http_requests_total&${range}`,
    // Off the samples: before 3.0 a window had both of its ends.
    `query_range?query=${q('rate(http_requests_total[5m])')}&${range}`,
    `query_range?query=${q('http_requests_total + on (job) group_left () (latency_bucket{le="0.1"} @ 1700009000)')}&${range}`,
    `query_range?query=1&${range}`,
  ])('the samples of %s are counted alike', async (path) => {
    const counts = async (url: string) => {
      const { text } = await ask(url, `/api/v1/${path}&stats=true`);
      const { timings, samples } = JSON.parse(text).data.stats;
      return {
        timings: Object.keys(timings),
        samples: samples.totalQueryableSamples,
        peak: samples.peakSamples > 0,
      };
    };
    expect(await counts(app.url)).toEqual(await counts(prometheusUrl));
  });

  test.each(Object.entries(changed))('%s, which has changed since', async (path, { status, answer }) => {
    const theirs = await ask(prometheusUrl, `/api/v1/${path}`);
    const ours = await ask(app.url, `/api/v1/${path}`);
    expect({ status: ours.status, answer: parsed(ours.text) }).toMatchObject({ status, answer });
    // When Debian has a newer one, the row has had its day.
    expect(parsed(theirs.text)).not.toMatchObject(answer);
  });
});
