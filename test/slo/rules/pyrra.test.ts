import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Objective } from '../../../src/slo/objective.ts';
import { readObjectives } from '../../../src/slo/read.ts';
import { pyrraRuleFile, pyrraRuleObjects } from '../../../src/slo/rules/pyrra.ts';
import { increaseIntervalMs, pyrraWindows } from '../../../src/slo/rules/pyrra-windows.ts';
import { type GeneratedGroup, ruleFilesYaml } from '../../../src/slo/rules/rule-groups.ts';
import { conformance, conformanceFolder } from '../../support/conformance.ts';
import { describeWith } from '../../support/requires.ts';

function objectivesOf(...texts: readonly string[]): readonly Objective[] {
  const files = texts.map((text, index) => ({ file: `${index}.yaml`, text }));
  return readObjectives(files, { features: new Set() }).objectives;
}

const object = (name: string, indicator: string, more = 'target: "99", window: 28d') =>
  `apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata:
  name: ${name}
  namespace: shop
  labels: { prometheus: k8s, pyrra.dev/team: a }
  annotations: { pyrra.dev/runbook: http://runbook, other: x }
spec: { ${more}, indicator: ${indicator} }
`;

const errors = `{ ratio: { errors: { metric: 'hits_total{job="web",code=~"5.."}' }, total: { metric: 'hits_total{job="web"}' } } }`;
const grouped = `{ ratio: { errors: { metric: 'failed_total{job="web",path=~"/api.*"}' }, total: { metric: 'calls_total{job="web",path=~"/api.*"}' }, grouping: [path, job] } }`;
const latency = `{ latency: { success: { metric: 'wait_seconds_bucket{job="web",le="1"}' }, total: { metric: 'wait_seconds_count{job="web"}' } } }`;
const native = `{ latencyNative: { latency: 1s, total: { metric: 'wait_seconds{job="web"}' } } }`;
const gauge = '{ bool_gauge: { metric: \'up{instance!~"local.*"}\' } }';

const options = { labels: {}, generic: false, exactLe: true };

function groupsOf(objectives: readonly Objective[], more: Partial<typeof options> = {}): GeneratedGroup[] {
  const { files, diagnostics } = pyrraRuleFile(objectives, { ...options, ...more });
  expect(diagnostics).toEqual([]);
  const [file] = files;
  if (!file || !('groups' in file)) throw new Error('no groups');
  return [...file.groups];
}

/** Name and expression of each rule. */
const texts = ({ rules }: GeneratedGroup) =>
  rules.map((rule) => [('alert' in rule ? rule.alert : rule.record) as string, rule.expr]);

describe('the windows of Pyrra', () => {
  const minutes = (windowDays: number) =>
    pyrraWindows(windowDays * 86_400_000).map(({ forMs, longMs, shortMs }) =>
      [forMs, longMs, shortMs].map((ms) => ms / 60_000),
    );

  it.each([
    [
      28,
      [
        [2, 60, 5],
        [15, 360, 30],
        [60, 1440, 120],
        [180, 5760, 360],
      ],
    ],
    [
      7,
      [
        [1, 15, 1],
        [4, 90, 8],
        [15, 360, 30],
        [45, 1440, 90],
      ],
    ],
    [
      30,
      [
        [2, 64, 5],
        [16, 386, 32],
        [64, 1543, 129],
        [193, 6171, 386],
      ],
    ],
  ])('are shares of %d days, in whole minutes', (days, expected) => {
    expect(minutes(days)).toEqual(expected);
  });

  it('make the recordings of the whole window rarer the longer it is', () => {
    const seconds = [3, 7, 14, 21, 28, 35, 42, 49, 90].map(
      (days) => increaseIntervalMs(days * 86_400_000) / 1000,
    );
    expect(seconds).toEqual([30, 60, 90, 120, 150, 180, 210, 240, 240]);
  });
});

describe('rules in the style of Pyrra', () => {
  it('of a ratio count, watch for a missing metric, and alert four times', () => {
    const [increase, burn, ...none] = groupsOf(objectivesOf(object('web', errors)));
    expect(none).toEqual([]);
    expect(increase).toEqual({
      name: 'web-increase',
      interval: '2m30s',
      rules: [
        {
          record: 'hits:increase4w',
          expr: 'sum by (code) (increase(hits_total{job="web"}[4w]))',
          labels: { job: 'web', slo: 'web', team: 'a' },
        },
        {
          alert: 'SLOMetricAbsent',
          expr: 'absent(hits_total{job="web"}) == 1',
          for: '10m',
          labels: { job: 'web', severity: 'critical', slo: 'web', team: 'a' },
          annotations: { runbook: 'http://runbook' },
        },
      ],
    });
    expect(burn).toMatchObject({ name: 'web', interval: '30s' });
    expect(burn!.rules).toHaveLength(11);
    expect(burn!.rules[0]).toEqual({
      record: 'hits:burnrate5m',
      expr: 'sum(rate(hits_total{code=~"5..",job="web"}[5m])) / sum(rate(hits_total{job="web"}[5m]))',
      labels: { job: 'web', slo: 'web', team: 'a' },
    });
    expect(burn!.rules[7]).toEqual({
      alert: 'ErrorBudgetBurn',
      expr: 'hits:burnrate5m{job="web",slo="web"} > (14 * (1-0.99)) and hits:burnrate1h{job="web",slo="web"} > (14 * (1-0.99))',
      for: '2m0s',
      labels: {
        exhaustion: '2d',
        job: 'web',
        long: '1h',
        severity: 'critical',
        short: '5m',
        slo: 'web',
        team: 'a',
      },
      annotations: { runbook: 'http://runbook' },
    });
    expect(burn!.rules[10]).toMatchObject({
      for: '3h0m0s',
      labels: { exhaustion: '4w', severity: 'warning', long: '4d', short: '6h' },
    });
  });

  it('keep the labels of the grouping, and matchers of several values only there', () => {
    const [increase, burn] = groupsOf(objectivesOf(object('api', grouped, 'target: "99.9", window: 28d')));
    expect(texts(increase!)).toEqual([
      ['calls:increase4w', 'sum by (job, path) (increase(calls_total{job="web",path=~"/api.*"}[4w]))'],
      ['SLOMetricAbsent', 'absent(calls_total{job="web",path=~"/api.*"}) == 1'],
      ['failed:increase4w', 'sum by (job, path) (increase(failed_total{job="web",path=~"/api.*"}[4w]))'],
      ['SLOMetricAbsent', 'absent(failed_total{job="web",path=~"/api.*"}) == 1'],
    ]);
    expect(burn!.rules[7]!.labels).toEqual({
      exhaustion: '2d',
      long: '1h',
      severity: 'critical',
      short: '5m',
      slo: 'api',
      team: 'a',
    });
    // 99.9 / 100 in doubles, as upstream has it.
    expect(burn!.rules[7]!.expr).toBe(
      'calls:burnrate5m{job="web",path=~"/api.*",slo="api"} > (14 * (1-0.9990000000000001)) and calls:burnrate1h{job="web",path=~"/api.*",slo="api"} > (14 * (1-0.9990000000000001))',
    );
  });

  it('of a latency subtract the bucket, and print durations as Prometheus does', () => {
    const [increase, burn] = groupsOf(objectivesOf(object('wait', latency, 'target: "99.5", window: 28d')));
    expect(increase!.rules.map(({ labels }) => labels.le)).toEqual([undefined, '1', undefined, '1']);
    expect(increase!.rules[2]).toMatchObject({ for: '6m' });
    expect(texts(burn!)[0]).toEqual([
      'wait_seconds:burnrate5m',
      '(sum(rate(wait_seconds_count{job="web"}[5m])) - sum(rate(wait_seconds_bucket{job="web",le="1"}[5m]))) / sum(rate(wait_seconds_count{job="web"}[5m]))',
    ]);
    expect(burn!.rules[7]).toMatchObject({ for: '2m' });
  });

  it('also match the bucket as Prometheus 3 names it, unless it shall be exact', () => {
    const objectives = objectivesOf(object('wait', latency));
    const bucketsOf = (exactLe: boolean) =>
      texts(groupsOf(objectives, { exactLe })[1]!)[0]![1]!.match(/le=~?"[^ ]*"/)![0];
    expect(bucketsOf(false)).toBe('le=~"1(\\\\.0)?"');
    expect(bucketsOf(true)).toBe('le="1"');
  });

  it('of a native histogram ask for the share below the limit', () => {
    const [increase, burn] = groupsOf(objectivesOf(object('wait', native)));
    const all = 'sum(increase(wait_seconds{job="web"}[4w]))';
    expect(texts(increase!)).toEqual([
      ['wait_seconds:increase4w', `histogram_count(${all})`],
      ['wait_seconds:increase4w', `histogram_fraction(0, 1, ${all}) * histogram_count(${all})`],
    ]);
    expect(increase!.rules[1]!.labels).toMatchObject({ le: '1' });
    expect(texts(burn!)[0]![1]).toBe('1 - histogram_fraction(0, 1, sum(rate(wait_seconds{job="web"}[5m])))');
  });

  it('of a gauge count samples', () => {
    const [increase, burn, generic] = groupsOf(objectivesOf(object('up', gauge)), { generic: true });
    expect(texts(increase!).slice(0, 2)).toEqual([
      ['up:count4w', 'sum by (instance) (count_over_time(up{instance!~"local.*"}[4w]))'],
      ['up:sum4w', 'sum by (instance) (sum_over_time(up{instance!~"local.*"}[4w]))'],
    ]);
    expect(texts(burn!)[7]![1]).toMatch(/^up:burnrate5m\{slo="up"\} > \(14 \* \(1-0\.99\)\) and /);
    expect(texts(generic!).slice(2)).toEqual([
      [
        'pyrra_availability',
        'sum(up:sum4w{instance!~"local.*",slo="up"}) / sum(up:count4w{instance!~"local.*",slo="up"})',
      ],
      ['pyrra_requests:rate5m', 'sum(up:count4w{instance!~"local.*",slo="up"})'],
      [
        'pyrra_errors:rate5m',
        'sum(up:count4w{instance!~"local.*",slo="up"}) - sum(up:sum4w{instance!~"local.*",slo="up"})',
      ],
    ]);
  });

  it('add up five minutes over the window when performance counts more', () => {
    const settings = 'target: "99", window: 28d, performanceOverAccuracy: true';
    const [increase] = groupsOf(objectivesOf(object('wait', latency, settings)));
    expect(texts(increase!)).toEqual([
      ['wait_seconds:increase5m', 'sum(increase(wait_seconds_count{job="web"}[5m]))'],
      ['wait_seconds:increase5m', 'sum(increase(wait_seconds_bucket{job="web",le="1"}[5m]))'],
      ['SLOMetricAbsent', 'absent(wait_seconds_count{job="web"}) == 1'],
      ['SLOMetricAbsent', 'absent(wait_seconds_bucket{job="web",le="1"}) == 1'],
      ['wait_seconds:increase4w', 'sum(sum_over_time(wait_seconds:increase5m{job="web",le=""}[4w:5m]))'],
      ['wait_seconds:increase4w', 'sum(sum_over_time(wait_seconds:increase5m{job="web",le="1"}[4w:5m]))'],
    ]);
  });

  it('have a group of generic names, with the description where it is asked for', () => {
    const settings =
      'target: "99", window: 28d, description: Hits, ruleOutput: { enableDescriptionAsLabel: true }';
    const generic = groupsOf(objectivesOf(object('web', errors, settings)), { generic: true })[2]!;
    expect(generic.name).toBe('web-generic');
    expect(generic.rules[0]!.labels).toEqual({ description: 'Hits', slo: 'web', team: 'a' });
    expect(texts(generic)).toEqual([
      ['pyrra_objective', '0.99'],
      ['pyrra_window', '2419200'],
      [
        'pyrra_availability',
        '1 - sum(hits:increase4w{code=~"5..",job="web",slo="web"} or vector(0)) / sum(hits:increase4w{job="web",slo="web"})',
      ],
      ['pyrra_requests:rate5m', 'sum(rate(hits_total{job="web"}[5m]))'],
      ['pyrra_errors:rate5m', 'sum(rate(hits_total{code=~"5..",job="web"}[5m])) or vector(0)'],
    ]);
  });

  it('have no generic group when they are grouped, which is told', () => {
    const { files, diagnostics } = pyrraRuleFile(objectivesOf(object('api', grouped)), {
      ...options,
      generic: true,
    });
    expect(diagnostics).toMatchObject([{ code: 'FD857', severity: 'warning' }]);
    expect(files[0]).toMatchObject({ groups: [{ name: 'api-increase' }, { name: 'api' }] });
  });

  it('leave out what alerting switches off, under the names that it gives', () => {
    const off = 'target: "99", window: 28d, alerting: { burnrates: false, absent: false }';
    const groups = groupsOf(objectivesOf(object('web', errors, off)));
    expect(groups.flatMap(({ rules }) => rules).filter((rule) => 'alert' in rule)).toEqual([]);
    const named =
      'target: "99", window: 28d, alerting: { name: Burn, absentName: Gone, severities: { absent: low, slowBurn: info } }';
    const alerts = groupsOf(objectivesOf(object('web', errors, named)))
      .flatMap(({ rules }) => rules)
      .flatMap((rule) => ('alert' in rule ? [[rule.alert, rule.labels.severity]] : []));
    expect(alerts).toEqual([
      ['Gone', 'low'],
      ['Burn', 'critical'],
      ['Burn', 'critical'],
      ['Burn', 'info'],
      ['Burn', 'warning'],
    ]);
  });

  it('become objects of the operator, two where performance counts more', () => {
    const settings =
      'target: "99", window: 28d, performanceOverAccuracy: true, partial_response_strategy: warn, ruleOutput: { shortRulesLabels: { at: near }, longRulesLabels: { at: far } }';
    const objectives = objectivesOf(object('web', errors), object('fast', errors, settings));
    const { files } = pyrraRuleObjects(objectives, options);
    const seen = files.map((file) => ('kind' in file ? file : undefined)!);
    expect(seen.map(({ metadata }) => [metadata.namespace, metadata.name, metadata.labels])).toEqual([
      ['shop', 'web', { prometheus: 'k8s', 'pyrra.dev/team': 'a' }],
      ['shop', 'fast-short', { prometheus: 'k8s', 'pyrra.dev/team': 'a', at: 'near' }],
      ['shop', 'fast-long', { prometheus: 'k8s', 'pyrra.dev/team': 'a', at: 'far' }],
    ]);
    expect(
      seen.map(({ spec }) =>
        spec.groups.map(({ name, interval, partial_response_strategy }) => [
          name,
          interval,
          partial_response_strategy,
        ]),
      ),
    ).toEqual([
      [
        ['web-increase', '2m30s', 'abort'],
        ['web', '30s', 'abort'],
      ],
      [
        ['fast-increase', '30s', 'warn'],
        ['fast', '30s', 'warn'],
      ],
      [['fast-increase', '2m30s', 'warn']],
    ]);
  });
});

const openslo = (good: string, total: string, more = '') => `apiVersion: openslo/v1
kind: SLO
metadata: { name: web }
spec:
  service: shop
  indicator:
    metadata: { name: ok }
    spec:
      ratioMetric:
        counter: true
        ${good}
        total: { metricSource: { type: Prometheus, spec: { query: '${total}' } } }
  timeWindow: [{ duration: 28d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ displayName: Good, target: 0.999 ${more} }]
`;

const query = (side: string, promql: string) =>
  `${side}: { metricSource: { type: Prometheus, spec: { query: '${promql}' } } }`;

const sloth = (error: string, total: string) => `version: prometheus/v1
service: shop
slos:
  - { name: web, objective: 99.9, sli: { events: { error_query: '${error}', total_query: '${total}' } } }
`;

describe('objectives of other formats in the style of Pyrra', () => {
  it.each([
    ['OpenSLO', openslo(query('bad', 'hits_total{code="500"}'), 'sum(hits_total)'), 'web', '0.999'],
    [
      'Sloth',
      sloth('sum(rate(hits_total{code="500"}[{{.window}}]))', '(sum(rate(hits_total[{{.window}}])))'),
      'shop-web',
      '0.9990000000000001',
    ],
  ])('%s: a ratio of bare counters', (_format, text, slo, target) => {
    const [increase, burn] = groupsOf(objectivesOf(text), { labels: { env: 'ci' } });
    expect(texts(increase!)[0]).toEqual(
      expect.arrayContaining([expect.stringContaining('sum by (code) (increase(hits_total[')]),
    );
    expect(burn!.rules[0]).toMatchObject({
      record: 'hits:burnrate5m',
      expr: 'sum(rate(hits_total{code="500"}[5m])) / sum(rate(hits_total[5m]))',
      labels: { env: 'ci', slo },
    });
    const alert = burn!.rules.find((rule) => 'alert' in rule)!;
    expect(alert.expr).toContain(`{slo="${slo}"} > (14 * (1-${target}))`);
  });

  it('OpenSLO: a bucket and its count', () => {
    const text = openslo(query('good', 'wait_bucket{le="0.5"}'), 'wait_count');
    const [, burn] = groupsOf(objectivesOf(text));
    expect(burn!.rules[0]!.expr).toBe(
      '(sum(rate(wait_count[5m])) - sum(rate(wait_bucket{le="0.5"}[5m]))) / sum(rate(wait_count[5m]))',
    );
  });

  it.each([
    ['good events without a bucket', openslo(query('good', 'ok_total'), 'hits_total'), 'bare selectors'],
    [
      'more than a counter',
      sloth('sum(rate(a[{{.window}}])) + sum(rate(b[{{.window}}]))', 'sum(rate(t[{{.window}}]))'),
      'bare selectors',
    ],
    ['an average', sloth('avg(rate(e[{{.window}}]))', 'sum(rate(t[{{.window}}]))'), 'bare selectors'],
    [
      'time slices',
      openslo(query('bad', 'e_total'), 't_total', ', timeSliceTarget: 0.9, timeSliceWindow: 1m').replace(
        'Occurrences',
        'Timeslices',
      ),
      'Timeslices',
    ],
    [
      'a calendar',
      openslo(query('bad', 'e_total'), 't_total').replace(
        '{ duration: 28d, isRolling: true }',
        '{ duration: 1M, isRolling: false, calendar: { startTime: 2026-01-01 00:00:00, timeZone: UTC } }',
      ),
      'rolling',
    ],
    ['a short window', object('web', errors, 'target: "99", window: 67h'), '0s'],
  ])('with %s are refused with the reason', (_what, text, reason) => {
    const objectives = objectivesOf(text);
    expect(objectives).toHaveLength(1);
    const { files, diagnostics } = pyrraRuleFile(objectives, options);
    expect(files).toEqual([]);
    expect(diagnostics).toMatchObject([{ code: 'FD857', severity: 'error' }]);
    expect(diagnostics[0]!.message).toContain(reason);
  });
});

function promtoolTakes(yaml: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'firedrill-pyrra-'));
  try {
    const file = join(folder, 'rules.yaml');
    writeFileSync(file, yaml);
    const said = execFileSync('promtool', ['check', 'rules', '--lint=none', file], { encoding: 'utf8' });
    expect(said).toContain('SUCCESS');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const everything = ['99.9', '90'].flatMap((target) =>
  ['28d', '3d', '30d', '12w'].flatMap((window) =>
    [errors, grouped, latency, native, gauge].flatMap((indicator) =>
      ['', ', performanceOverAccuracy: true'].map((more) => ({ target, window, indicator, more })),
    ),
  ),
);

describeWith(['promtool'], 'promtool', () => {
  it('accepts the rules of every indicator, window and target', () => {
    const objectives = objectivesOf(
      ...everything.map(({ target, window, indicator, more }, index) =>
        object(`slo-${index}`, indicator, `target: "${target}", window: ${window}${more}`),
      ),
    );
    expect(objectives).toHaveLength(everything.length);
    const { files } = pyrraRuleFile(objectives, { labels: { env: 'ci' }, generic: true, exactLe: false });
    promtoolTakes(ruleFilesYaml(files));
  });
});

describeWith([conformance('pyrra'), 'promtool'], 'the examples of Pyrra', () => {
  it('become rules that promtool accepts', () => {
    const folder = conformanceFolder('pyrra');
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    const made = pyrraRuleFile(objectivesOf(...files), options);
    expect(made.diagnostics).toEqual([]);
    promtoolTakes(ruleFilesYaml(made.files));
  });
});
