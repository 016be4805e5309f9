import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../../src/base/diagnostics.ts';
import type { Objective } from '../../../src/slo/objective.ts';
import { readObjectives } from '../../../src/slo/read.ts';
import { sliOver } from '../../../src/slo/sli-over.ts';

const off: ReadonlySet<never> = new Set();

function read(
  texts: Readonly<Record<string, string>> | string,
  features: ReadonlySet<'openslo-v2alpha'> = off,
) {
  const files = typeof texts === 'string' ? { 'slo.yaml': texts } : texts;
  return readObjectives(
    Object.entries(files).map(([file, text]) => ({ file, text })),
    { features },
  );
}

/** `file:line:column severity CODE: message <expected>` of each. */
function told(...[texts, features]: Parameters<typeof read>): string[] {
  return read(texts, features).diagnostics.map((diagnostic) => {
    const [first = ''] = formatDiagnostic(diagnostic).split('\n');
    return diagnostic.expected === undefined ? first : `${first} <${diagnostic.expected}>`;
  });
}

function only(text: string): Objective {
  const { objectives, diagnostics } = read(text);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(objectives).toHaveLength(1);
  return objectives[0]!;
}

const indicator = `{ metadata: { name: ok }, spec: { ratioMetric: { counter: true,
    good: { metricSource: { type: Prometheus, spec: { query: 'hits_total{code="200"}' } } },
    total: { metricSource: { type: Prometheus, spec: { query: hits_total } } } } } }`;

function slo(changes: Readonly<Record<string, string>> = {}, name = 'web'): string {
  const fields = {
    service: 'shop',
    indicator,
    timeWindow: '[{ duration: 28d, isRolling: true }]',
    budgetingMethod: 'Occurrences',
    objectives: '[{ target: 0.99950 }]',
    ...changes,
  };
  const lines = Object.entries(fields).filter(([, value]) => value !== '');
  return `apiVersion: openslo/v1
kind: SLO
metadata: { name: ${name} }
spec:
${lines.map(([key, value]) => `  ${key}: ${value}`).join('\n')}
`;
}

const threshold =
  '{ metadata: { name: lag }, spec: { thresholdMetric: { metricSource: { type: Prometheus, spec: { query: lag } } } } }';

describe('an SLO', () => {
  it('keeps the text of its target beside its value', () => {
    expect(only(slo())).toMatchObject({
      kind: 'simple',
      id: 'web',
      service: 'shop',
      target: { text: '0.99950', unit: 'ratio', ratio: 0.9995, percent: 99.95, errorBudget: 0.0005 },
      window: { type: 'rolling', durationMs: 28 * 86_400_000, text: '28d' },
      budgeting: { method: 'Occurrences' },
      origin: { format: 'openslo/v1', file: 'slo.yaml', place: { line: 3 } },
    });
  });

  it('with several targets becomes one objective for each', () => {
    const { objectives } = read(
      slo({ objectives: '[{ displayName: ours, target: 0.99 }, { targetPercent: 99.9 }]' }),
    );
    expect(objectives.map(({ id, index, displayName }) => [id, index, displayName])).toEqual([
      ['web-0', 0, 'ours'],
      ['web-1', 1, undefined],
    ]);
  });

  it('has a window on the calendar of its zone', () => {
    const calendar = '{ startTime: 2022-01-31 12:00:00, timeZone: America/New_York }';
    expect(only(slo({ timeWindow: `[{ duration: 1M, calendar: ${calendar} }]` })).window).toEqual({
      type: 'calendar',
      count: 1,
      unit: 'month',
      text: '1M',
      durationMs: 30 * 86_400_000,
      start: { year: 2022, month: 1, day: 31, hour: 12, minute: 0, second: 0 },
      zone: 'America/New_York',
    });
  });

  it('is a composite when its objectives have indicators', () => {
    const parts = `[{ target: 0.99, indicator: ${indicator}, compositeWeight: 2 },
    { target: 0.9, indicator: ${indicator} }]`;
    expect(only(slo({ indicator: '', objectives: parts }))).toMatchObject({
      kind: 'composite',
      id: 'web',
      parts: [
        { weight: 2, target: { ratio: 0.99 } },
        { weight: 1, target: { ratio: 0.9 } },
      ],
    });
  });

  it('takes what it names from other files, also through other names', () => {
    const { objectives, diagnostics } = read({
      'slo.yaml': slo({ indicator: '', indicatorRef: 'hits', alertPolicies: '[{ alertPolicyRef: page }]' }),
      'rest.json': JSON.stringify([
        {
          apiVersion: 'openslo/v1',
          kind: 'SLI',
          metadata: { name: 'hits' },
          spec: {
            ratioMetric: {
              rawType: 'failure',
              raw: { metricSource: { metricSourceRef: 'main', spec: { query: 'errors:ratio' } } },
            },
          },
        },
        {
          apiVersion: 'openslo/v1',
          kind: 'DataSource',
          metadata: { name: 'main' },
          spec: { type: 'Prometheus', connectionDetails: {} },
        },
      ]),
      'alerts.yaml': `apiVersion: openslo/v1
kind: AlertPolicy
metadata: { name: page }
spec:
  alertWhenBreaching: true
  conditions: [{ conditionRef: fast }]
  notificationTargets:
    - { kind: AlertNotificationTarget, metadata: { name: oncall }, spec: { target: pager } }
---
apiVersion: openslo/v1
kind: AlertCondition
metadata: { name: fast }
spec:
  severity: page
  condition: { kind: burnrate, op: gt, threshold: 14.4, lookbackWindow: 1h, alertAfter: 2m }
`,
    });
    expect(diagnostics).toEqual([]);
    expect(objectives[0]).toMatchObject({
      sli: { type: 'raw', rawType: 'failure', query: { form: 'value', source: { name: 'main' } } },
      alertPolicies: [
        {
          name: 'page',
          alertWhenBreaching: true,
          alertWhenResolved: false,
          conditions: [
            { name: 'fast', op: 'gt', threshold: 14.4, lookbackMs: 3_600_000, alertAfterMs: 120_000 },
          ],
          notificationTargets: [{ name: 'oncall', target: 'pager' }],
        },
      ],
    });
  });
});

describe('a query of a ratio', () => {
  it.each([
    ['hits_total', '', 'sum(rate(hits_total[5m]))'],
    ['sum(hits)', 'counter: true,', 'sum(rate(hits[5m]))'],
    ['hits', '', 'sum(sum_over_time(hits[5m]))'],
    ['hits_total', 'counter: false,', 'sum(sum_over_time(hits_total[5m]))'],
    ['sum(rate(hits_total[1m]))', 'counter: true,', 'sum_over_time((sum(rate(hits_total[1m])))[5m:])'],
    ['sum(increase(hits[{{ .window }}]))', '', 'sum(increase(hits[5m]))'],
  ])('%s (%s) speaks of a window', (query, counter, expected) => {
    const metric = `{ metricSource: { type: Thanos, spec: { query: '${query}' } } }`;
    const objective = only(
      slo({
        indicator: `{ metadata: { name: x }, spec: { ratioMetric: { ${counter} bad: ${metric}, total: ${metric} } } }`,
      }),
    );
    if (objective.kind !== 'simple') throw new Error('not simple');
    expect(sliOver(objective.sli, 300_000)).toContain(expected);
  });
});

describe('a mistake', () => {
  it.each<[string, string, string[]]>([
    [
      'in the middle of a query',
      slo({ indicator: indicator.replace('hits_total } }', "'sum(hits_total' } }") }),
      ['slo.yaml:8:78: error FD201: unclosed left parenthesis'],
    ],
    [
      'in a key',
      slo({ objectives: '[{ target: 0.9, timeSliceWindwo: 1m }]' }),
      ['slo.yaml:11:31: error FD106: unknown key "timeSliceWindwo" in spec.objectives[0] <timeSliceWindow>'],
    ],
    [
      'in several places',
      slo({ service: '', budgetingMethod: 'Occurences', timeWindow: '[{ duration: 4x, isRolling: true }]' }),
      [
        'slo.yaml:5:3: error FD107: spec.service is required <a string>',
        'slo.yaml:8:28: error FD112: spec.timeWindow[0].duration: "4x" is no duration <a whole number and one of m, h, d, w, M, Q, Y, such as 5m or 4w>',
        'slo.yaml:9:20: error FD105: spec.budgetingMethod is "Occurences" <Occurrences (of Occurrences, Timeslices, RatioTimeslices)>',
      ],
    ],
    [
      'of a target of 100 %',
      slo({ objectives: '[{ target: 1 }]' }),
      ['slo.yaml:11:26: error FD105: spec.objectives[0].target is the number 1 <less than 1>'],
    ],
    [
      'of two targets',
      slo({ objectives: '[{ target: 0.9, targetPercent: 90 }]' }),
      [
        'slo.yaml:11:16: error FD851: spec.objectives[0]: has both target and targetPercent <exactly one of target, targetPercent>',
      ],
    ],
    [
      'of a slice that the method needs',
      slo({ budgetingMethod: 'Timeslices', objectives: '[{ target: 0.9, timeSliceWindow: 1m }]' }),
      [
        'slo.yaml:11:16: error FD107: spec.objectives[0].timeSliceTarget: is required with budgetingMethod: Timeslices <a ratio above 0, at most 1>',
      ],
    ],
    [
      'of a threshold without its limit',
      slo({ indicator: threshold }),
      [
        'slo.yaml:9:16: error FD107: spec.objectives[0].op is required with a thresholdMetric <lte, gte, lt or gt>',
        'slo.yaml:9:16: error FD107: spec.objectives[0].value is required with a thresholdMetric <a number>',
      ],
    ],
    [
      'of a zone that is not there',
      slo({
        timeWindow: '[{ duration: 1M, calendar: { startTime: 2022-02-30 12:00:00, timeZone: Mars/Base } }]',
      }),
      [
        'slo.yaml:9:55: error FD105: spec.timeWindow[0].calendar.startTime: "2022-02-30 12:00:00" is no date and time <a date and time without a zone, such as 2022-01-01 12:00:00>',
        'slo.yaml:9:86: error FD105: spec.timeWindow[0].calendar.timeZone: "Mars/Base" is no time zone <an IANA name such as America/New_York>',
      ],
    ],
    [
      'of a name that is not defined',
      slo({ indicator: '', indicatorRef: 'hits' }),
      ['slo.yaml:9:17: error FD110: the SLI "hits" is not defined <a file that defines it>'],
    ],
    [
      'of a kind',
      'apiVersion: openslo/v1\nkind: Slo\n',
      ['slo.yaml:2:7: error FD105: openslo/v1 has no kind "Slo" <SLO>'],
    ],
    [
      'of what is missing as a whole',
      'apiVersion: openslo/v1\nkind: SLO\nmetadata: { name: web }\n',
      ['slo.yaml:1:1: error FD107: spec is required <a mapping>'],
    ],
    [
      'of a label',
      slo().replace('{ name: web }', '{ name: web, labels: { -a: b } }'),
      [
        'slo.yaml:3:34: error FD850: metadata.labels: the key "-a" is not possible here <letters, digits, `-`, `_` and `.`, at most 63, not a sign first or last>',
      ],
    ],
  ])('%s is told where it stands', (_name, text, expected) => {
    expect(told(text)).toEqual(expected);
  });

  it('of a name in two files names both places', () => {
    expect(told({ 'a.yaml': slo(), 'b.yaml': slo() })).toEqual([
      'b.yaml:3:19: error FD111: the SLO "web" is there twice; the first is in a.yaml:3',
    ]);
  });

  it('of SLOs that stand for each other as SLIs names the circle', () => {
    const texts = {
      'a.yaml': slo({ indicator: '', indicatorRef: 'b' }, 'a'),
      'b.yaml': slo({ indicator: '', indicatorRef: 'a' }, 'b'),
    };
    expect(told(texts)).toEqual([
      'a.yaml:9:17: error FD854: SLOs refer to each other in a circle: "b" -> "a" -> "b" <the name of an SLI>',
      'b.yaml:9:17: error FD854: SLOs refer to each other in a circle: "a" -> "b" -> "a" <the name of an SLI>',
    ]);
  });
});

describe('where the specification contradicts itself', () => {
  it.each<[string, string, string]>([
    ['a window that is missing is 30 days', slo({ timeWindow: '' }), 'there is no timeWindow'],
    [
      '1m is a minute',
      slo({ timeWindow: '[{ duration: 1m, calendar: { startTime: 2022-01-01 00:00:00, timeZone: UTC } }]' }),
      '1m is read as a minute',
    ],
    ['op on a ratio means nothing', slo({ objectives: '[{ target: 0.9, op: gt }]' }), 'op means nothing'],
    [
      'a slice without a unit is in minutes',
      slo({ budgetingMethod: 'RatioTimeslices', objectives: '[{ target: 0.9, timeSliceWindow: 5 }]' }),
      '5 is read as minutes',
    ],
    ['alertPolicies may be empty', slo({ alertPolicies: 'null' }), 'alertPolicies is empty'],
    ['a name may have capitals', slo({}, 'Web'), 'the name "Web" is kept'],
  ])('%s, and a warning says so', (_name, text, message) => {
    const { objectives, diagnostics } = read(text);
    expect(objectives).toHaveLength(1);
    expect(diagnostics.map(({ code, severity }) => [code, severity])).toEqual([['FD852', 'warning']]);
    expect(diagnostics[0]?.message).toContain(message);
  });

  it('a slice target of 0 is refused, as the schema has it', () => {
    const objectives = '[{ target: 0.9, timeSliceTarget: 0, timeSliceWindow: 1m }]';
    expect(told(slo({ budgetingMethod: 'Timeslices', objectives }))).toEqual([
      'slo.yaml:11:48: error FD105: spec.objectives[0].timeSliceTarget is the number 0 <more than 0>',
    ]);
  });
});

describe('v1alpha', () => {
  const text = `apiVersion: openslo/v1alpha
kind: SLO
metadata: { name: old }
spec:
  service: shop
  budgetingMethod: Occurrences
  timeWindows: [{ count: 30, unit: Day }]
  objectives:
    - target: 0.999
      ratioMetrics:
        good: { source: sloth, queryType: promql, query: 'sum(rate(ok[{{.window}}]))' }
        total: { source: sloth, queryType: promql, query: 'sum(rate(all[{{.window}}]))' }
`;

  it('is read as other tools write it', () => {
    expect(only(text)).toMatchObject({
      kind: 'simple',
      id: 'old',
      window: { type: 'rolling', durationMs: 30 * 86_400_000 },
      sli: { type: 'ratio', good: { form: 'placeholder' }, total: { form: 'placeholder' } },
      origin: { format: 'openslo/v1alpha' },
    });
  });

  it('has no kinds of later versions', () => {
    expect(told(text.replace('kind: SLO', 'kind: SLI'))).toEqual([
      'slo.yaml:2:7: error FD105: openslo/v1alpha has no kind "SLI" <SLO>',
    ]);
  });
});

describe('v2alpha', () => {
  const text = `apiVersion: openslo.com/v2alpha
kind: SLO
metadata: { name: new, labels: { team: shop } }
spec:
  serviceRef: shop
  sli:
    metadata: { name: lag }
    spec:
      thresholdMetric:
        dataSourceSpec: { type: Prometheus, connectionDetails: {} }
        spec: { query: lag }
  timeWindow: [{ duration: 4w, isRolling: true }]
  budgetingMethod: RatioTimeslices
  objectives:
    - { target: 0.9, op: lt, value: 5, timeSliceWindow: 5m }
    - { target: 0.99, op: lt, value: 50, timeSliceWindow: 5m }
`;

  it('is refused without its flag', () => {
    expect(told(text)).toEqual(['slo.yaml:1:13: error FD855: openslo.com/v2alpha is off']);
  });

  it('allows several thresholds on one metric', () => {
    const { objectives, diagnostics } = read(text, new Set(['openslo-v2alpha']));
    expect(diagnostics).toEqual([]);
    expect(objectives).toMatchObject([
      { id: 'new-0', sli: { type: 'threshold', op: 'lt', value: 5 }, budgeting: { sliceMs: 300_000 } },
      { id: 'new-1', sli: { type: 'threshold', op: 'lt', value: 50 } },
    ]);
  });
});

it('a query of another database leaves its SLO out, with a warning', () => {
  const { objectives, diagnostics } = read(slo({ indicator: indicator.replaceAll('Prometheus', 'Datadog') }));
  expect(objectives).toEqual([]);
  expect(diagnostics.map(({ code, severity }) => [code, severity])).toEqual([['FD853', 'warning']]);
});
