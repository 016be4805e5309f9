import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRuleFile } from '../../../src/rules/file.ts';
import { lintRuleFile } from '../../../src/rules/lint/lint.ts';
import { conformance, conformanceFolder } from '../../support/conformance.ts';
import { describeWith } from '../../support/requires.ts';
import { alertOf, linesOf, verdictsOn } from './support.ts';

const errors = 'sum(rate(http_requests_total{code=~"5.."}[5m]))';
const total = 'sum(rate(http_requests_total[5m]))';
/** With a companion, so that nothing but the comparison is to be told of. */
const ratio = `(${errors} or vector(0)) / ${total}`;
const good = 'sum(rate(http_requests_total{handler="/"}[5m])) / sum(rate(http_requests_total[5m]))';

describe('a comparison that is never true', () => {
  it.each([
    ['up > 1', 'FD310 error'],
    ['1 < up', 'FD310 error'],
    ['up{job="a"} == 2', 'FD310 error'],
    ['hour() > 24', 'FD310 error'],
    ['count by (job) (up) == 0', 'FD310 error'],
    ['count(up == 0) / count(up) * 100 > 100', 'FD310 error'],
    ['absent(up) == 0', 'FD310 error'],
    ['avg_over_time(up[1h]) > 1.5', 'FD310 error'],
    [`${good} > 14.4 * 0.1`, 'FD310 error'],
    [`1 - ${good} > 1`, 'FD310 error'],
    ['job:slo_errors:ratio_rate5m{slo="x"} > (14.4 * 0.1)', 'FD310 warning'],
    ['up > 1 or foo > 1', 'FD310 warning'],
    ['foo > 1 and up > 1', 'FD310 error'],
    ['foo > 1 unless up > 1', 'FD310 warning'],
    ['sum by (job) (up > 1)', 'FD310 error'],
    ['rate(x_bucket{le="0.3"}[5m]) / ignoring(le) rate(x_count[5m]) > 5', 'FD310 error'],
    ['sum(x_total) < 0', 'FD310 warning'],
    ['clamp_max(foo, 5) > 6', 'FD310 error'],
  ])('is found in %s', async (expr, expected) => {
    expect(await verdictsOn(expr)).toBe(expected);
  });

  it.each([
    'up >= 1',
    'up == 0',
    'up != 1',
    'sum(up) > 1',
    'sum by (job) (up) / count by (job) (up) < 0.5',
    `${good} >= 1`,
    `${good} > 14.4 * 0.01`,
    `${good} * 100 > 14.4`,
    'rate(errors_total[5m]) / rate(requests_total[5m]) > 1.5',
    'namespace_memory:commitment:ratio > 1.5',
    'job:slo_errors:ratio_rate5m > (14.4 * 0.001)',
    'count(up == 0) or vector(0) == 0',
    'delta(temperature[5m]) < 0',
    'foo - bar < 0',
    'sum(rate(a_total{x="1"}[5m])) / sum(rate(a_total{y="2"}[5m])) > 5',
    'sum(rate(a_total{x="1"}[10m])) / sum(rate(a_total[5m])) > 1.5',
    'sum by (a) (rate(a_total[5m])) / ignoring(a) group_left sum(rate(a_total{b="1"}[5m])) > 2',
    'predict_linear(node_filesystem_free_bytes[1h], 4 * 3600) < 0',
    'time() - timestamp(foo) < 0',
    'scalar(up) * foo > 5',
    'sum(kube_pod_status_phase{phase="Failed"}) / sum(kube_pod_status_phase) > 0.1',
    '(vector(1) and on() hour() > 20) > 0',
  ])('is not found in %s', async (expr) => {
    expect(await verdictsOn(expr)).toBe('');
  });

  it('is told with the way out, and with its place in a block of text', async () => {
    const text = `groups:
  - name: slo
    rules:
      - record: slo:errors:share
        expr: ${good}
      - alert: Burn
        expr: |
          foo > 0
          and
          slo:errors:share > (14.4 * 0.1)
`;
    expect(await linesOf(text)).toEqual([
      'FD310 error 10:11 never true: the left side is between 0 and 1, the right side is 1.44, with > between them: the alert can never fire',
    ]);
  });

  it('is looked for in rules that read each other without end, and in no time', async () => {
    const rule = (name: string, expr: string) =>
      `      - { record: ${name}, expr: ${JSON.stringify(expr)} }\n`;
    const names = Array.from({ length: 60 }, (_, i) => `r${i}`);
    const rules = names.map((name, i) =>
      rule(
        name,
        Array(30)
          .fill(names[i + 1] ?? 'r0')
          .join(' + '),
      ),
    );
    const text = `groups:\n  - name: g\n    rules:\n${rules.join('')}      - { alert: A, expr: r0 > 1 }\n`;
    const started = performance.now();
    expect(await linesOf(text)).toEqual([]);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('is followed through recording rules, whatever their order', async () => {
    const text = `groups:
  - name: g
    rules:
      - { alert: A, expr: b > 2 }
      - { record: b, expr: c * 2 }
      - { record: c, expr: avg(up) }
      - { alert: D, expr: d > 2 }
      - { record: d, expr: avg(up) }
      - { record: d, expr: foo, labels: { a: b } }
`;
    expect((await linesOf(text)).map((line) => line.slice(0, 16))).toEqual(['FD310 error 4:27']);
  });

  it('is the other side of a percentage that a ratio is below of', async () => {
    expect(await verdictsOn(`${good} < 99`)).toBe('FD310 warning');
    expect(await verdictsOn(`${good} < 0.99`)).toBe('');
    expect(await verdictsOn(`foo > 1 and ${good} < 99`)).toBe('');
  });
});

describe('matchers that exclude each other', () => {
  it.each([
    '{a="x",a="y"}',
    '{a="x",a!="x"}',
    '{a=~"x|y",a=~"z|w"}',
    '{a=~"x|y",a!~"(x|y|z)"}',
    '{a=~"foo.*",a=~"bar.*"}',
    '{a=~"prod-.+",a="dev-1"}',
    '{a!~".*"}',
    '{a="",a=~".+"}',
  ])('are found in foo%s', async (matchers) => {
    expect(await verdictsOn(`foo${matchers}`)).toBe('FD311 error');
  });

  it.each([
    '{a="x",b="y"}',
    '{a=~"x|y",a!="x"}',
    '{a=~"foo.*",a=~"foobar.*"}',
    '{a=~"fo*.*",a=~"f.*"}',
    '{a=~"foo|bar.*",a=~"bar.*"}',
    '{a=~"(?i)foo",a="FOO"}',
    '{a=~".*",a=~"x.*"}',
    '{a!="",a!="x"}',
    '{a!~".+"}',
  ])('are not found in foo%s', async (matchers) => {
    expect(await verdictsOn(`foo${matchers}`)).toBe('');
  });

  it('leave an alert that can fire by another way with a warning', async () => {
    expect(await verdictsOn('foo{a="x",a="y"} or bar')).toBe('FD311 warning');
    expect(await verdictsOn('absent(foo{a="x",a="y"})')).toBe('FD311 warning');
  });
});

describe('times', () => {
  it('of a for are at least one scrape', async () => {
    expect(await linesOf(alertOf('foo', { for: '5s' }))).toEqual([
      'FD312 warning 6:14 for: 5s is shorter than the scrape interval of 15s: one sample decides',
    ]);
    expect(await verdictsOn('foo', { for: '15s' })).toBe('');
    expect(await verdictsOn('foo', { for: '0s' })).toBe('');
  });

  it('are those of the group where it is evaluated more often than the default', async () => {
    const often = alertOf('rate(foo_total[4s]) > 0', { for: '2s' }).replace(
      '- name: g',
      '- name: g\n    interval: 1s',
    );
    expect(await linesOf(often)).toEqual([]);
    expect(await linesOf(often, { scrapeIntervalMs: 15_000 })).toHaveLength(2);
  });

  it('of a range are at least four scrapes', async () => {
    expect(await linesOf(alertOf('sum(rate(foo_total[45s])) > 0'))).toEqual([
      'FD313 warning 5:25 a range of 45s holds fewer than 4 scrapes, one every 15s',
    ]);
    expect(await verdictsOn('rate(foo_total[1m])')).toBe('');
    expect(await verdictsOn('max_over_time(foo[30s])')).toBe('');
    expect(await linesOf(alertOf('rate(foo_total[2m])'), { scrapeIntervalMs: 60_000 })).toHaveLength(1);
  });
});

describe('counters and gauges', () => {
  it.each([
    ['rate(process_resident_memory_bytes[5m]) > 0', 'FD314 warning'],
    ['increase(node_filesystem_avail_bytes[1h]) > 0', 'FD314 warning'],
    ['rate(node_vmstat_oom_kill[5m]) > 0', ''],
    ['rate(foo_total[5m]) > 0', ''],
    ['rate(job:foo:sum[5m]) > 0', ''],
    ['delta(foo_total[5m]) > 0', 'FD315 warning'],
    ['deriv(foo_bucket[5m]) > 0', 'FD315 warning'],
    ['delta(container_count[5m]) > 0', ''],
    ['delta(foo_count[5m]) > 0 and on() rate(foo_bucket[5m]) > 0', 'FD315 warning'],
    ['delta(temperature_celsius[5m]) > 0', ''],
    ['predict_linear(foo_total[5m], 60) > 0', ''],
  ])('%s: %s', async (expr, expected) => {
    expect(await verdictsOn(expr)).toBe(expected);
  });

  it('are known better from metadata', async () => {
    const types = new Map([
      ['jobs_total', 'gauge'],
      ['oom_kills', 'counter'],
      ['size', 'histogram'],
    ]);
    const series = {
      find: async () => [],
      metricNames: async () => [],
      typeOf: (name: string) => types.get(name),
    };
    const codes = async (expr: string) =>
      (await linesOf(alertOf(expr), { series }))
        .map((line) => line.slice(0, 5))
        .filter((code) => code !== 'FD321');
    expect(await codes('rate(jobs_total[5m])')).toEqual(['FD314']);
    expect(await codes('delta(jobs_total[5m])')).toEqual([]);
    expect(await codes('delta(oom_kills[5m])')).toEqual(['FD315']);
    expect(await codes('delta(size_count[5m])')).toEqual(['FD315']);
  });
});

describe('errors that are born with the first one', () => {
  it.each([
    [`${errors} / ${total} > 0.05`, 'FD316 warning'],
    [`100 * ${errors} / ${total} > 5`, 'FD316 warning'],
    ['sum(rate(a_total{grpc_code!="OK"}[5m])) / sum(rate(a_total[5m])) > 0.1', 'FD316 warning'],
    [`${ratio} > 0.05`, ''],
    [`(${errors} / ${total} or vector(0)) > 0.05`, ''],
    ['sum(rate(errors_total[5m])) / sum(rate(requests_total[5m])) > 0.1', ''],
    ['sum(rate(a_total{code=~"2.."}[5m])) / sum(rate(a_total[5m])) < 0.9', ''],
    [`${errors} / ${total} > 0.05 or absent(http_requests_total)`, ''],
  ])('%s: %s', async (expr, expected) => {
    expect(await verdictsOn(expr)).toBe(expected);
  });

  it('are told once a file, where they stand first', async () => {
    const again = `      - alert: B\n        expr: ${JSON.stringify(`${errors} / ${total} > 0.1`)}\n`;
    expect(await linesOf(alertOf(`${errors} / ${total} > 0.05`) + again)).toEqual([
      'FD316 warning 5:25 http_requests_total may have no series for code=~"5.." before the first error: the ratio has no value then, and the first error is not counted',
    ]);
  });

  it('are watched by a companion in the same file', async () => {
    const companion = '      - alert: Gone\n        expr: absent(http_requests_total)\n';
    expect(await linesOf(alertOf(`${errors} / ${total} > 0.05`) + companion)).toEqual([]);
  });
});

describe('joins', () => {
  it.each([
    'sum by (job) (a) / sum by (instance) (b)',
    'sum by (job, code) (a) / sum by (job) (b)',
    'sum(a) / sum by (job) (b)',
    'sum by (job) (a) > on(instance) b',
    'sum by (job) (a) and sum(b)',
    'sum by (job) (a) / ignoring(code) sum by (job, pod) (b)',
  ])('lose series in %s', async (expr) => {
    expect(await verdictsOn(expr)).toBe('FD317 warning');
  });

  it.each([
    'sum by (job) (a) / sum by (job) (b)',
    'sum by (job, code) (a) / ignoring(code) group_left sum by (job) (b)',
    'sum by (job, code) (a) / on(job) group_left sum by (job) (b)',
    'a / sum by (job) (b)',
    'sum by (job) (a) or sum(b)',
    'sum by (job) (a) > 5',
    'sum by (job) (a) * on() group_left sum(b)',
    'sum by (job) (a) / on(job) group_left(pod) b',
    'topk(5, a) / b',
    'sum by (job) (label_replace(a, "job", "$1", "x", "(.*)")) / sum by (job) (b)',
    'sum(a) / scalar(sum(b))',
  ])('keep series in %s', async (expr) => {
    expect(await verdictsOn(expr)).toBe('');
  });
});

describe('labels that a template reads', () => {
  const summary = (text: string) => ({ annotations: { summary: text } });
  const instance = summary('{{ $labels.instance }} is down');

  it('are dropped by an aggregation', async () => {
    expect(await linesOf(alertOf('sum by (job) (up) == 0', instance))).toEqual([
      'FD318 warning 6:37 the label instance is never there: sum by (job) drops it',
    ]);
  });

  it.each([
    ['sum without (instance) (up) == 0', instance, 'FD318 warning'],
    ['absent(up{job="x"})', instance, 'FD318 warning'],
    ['a / on(job) b', instance, 'FD318 warning'],
    ['a / ignoring(instance) b', instance, 'FD318 warning'],
    ['sum(a)', summary('{{ .Labels.job }}'), 'FD318 warning'],
    ['sum(a)', summary('{{ index $labels "job" }}'), 'FD318 warning'],
    ['sum(a)', { labels: { team: '{{ $labels.team }}' } }, 'FD318 warning'],
    ['up == 0', instance, ''],
    ['absent(up{instance="x"})', instance, ''],
    ['topk(1, up)', instance, ''],
    ['sum by (instance) (up) == 0', instance, ''],
    ['sum by (job) (up) == 0 or up', instance, ''],
    ['sum by (job) (a) * on(job) group_left(instance) b', instance, ''],
    ['a and on(job) b', instance, ''],
    ['histogram_quantile(0.9, sum by (le, job) (rate(a_bucket[5m]))) > 1', summary('{{ $labels.job }}'), ''],
    ['count_values("instance", sum(a))', instance, ''],
    ['sum(a)', summary('{{ if $labels.job }}{{ $labels.job }}{{ end }}'), ''],
    ['sum(a)', summary('{{ with $labels.job }}of {{ . }}{{ end }}'), ''],
    ['sum(a)', summary('{{ range query "up" }}{{ .Labels.job }}{{ end }}'), ''],
  ])('%s with %j: %s', async (expr, more, expected) => {
    expect(await verdictsOn(expr, more)).toBe(expected);
  });
});

describeWith([conformance('alert-rules')], 'published rules', () => {
  it('have few findings, each of which holds', { timeout: 60_000 }, async () => {
    const counts: Record<string, number> = {};
    for (const entry of readdirSync(conformanceFolder('alert-rules'), {
      recursive: true,
      withFileTypes: true,
    })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const text = readFileSync(path, 'utf8');
      const read = readRuleFile(path, text);
      if (!read.ok) throw new Error(`${path} was refused`);
      const found = await lintRuleFile(read.value, text, { files: [read.value] });
      for (const { code, severity } of found) {
        const key = `${code} ${severity}`;
        counts[key] = (counts[key] ?? 0) + 1;
      }
    }
    expect(counts).toEqual({
      'FD305 warning': 3,
      'FD310 error': 2,
      'FD311 error': 2,
      'FD315 warning': 2,
      'FD316 warning': 32,
      'FD318 warning': 224,
    });
  });
});
