import { describe, expect, it } from 'vitest';
import { Labels } from '../../src/base/labels.ts';
import { createMatcher } from '../../src/base/matcher.ts';
import { instantQuery } from '../../src/promql/engine.ts';
import { parseExpr } from '../../src/promql/parser.ts';
import { GroupEvaluator } from '../../src/rules/group.ts';
import {
  bucketsFromSpans,
  type NativeHistogram,
  noBuckets,
} from '../../src/telemetry/metrics/native-histogram.ts';
import { stale } from '../../src/telemetry/metrics/series.ts';
import { GroupRun, groupOptions, groupsOf } from './support.ts';

const alert = (more: string) => `
groups:
  - name: g
    rules:
      - alert: Down
        expr: x == 1
        ${more}
`;

function values(run: GroupRun, expression: string, minute: number): Record<string, number> {
  const parsed = parseExpr(expression);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const result = instantQuery(run.store, parsed.expr, minute * 60_000);
  if (result.type !== 'vector') throw new Error('not a vector');
  return Object.fromEntries(result.samples.map(({ labels, value }) => [labels.toString(), value]));
}

describe('alerting rules', () => {
  it('go from pending to firing to resolved', () => {
    const run = new GroupRun(alert('for: 2m'));
    const seen: string[] = [];
    [0, 1, 1, 1, 1, 0, 0].forEach((value, minute) => {
      run.set(minute, { 'x{a="1"}': value });
      seen.push(...run.transitions(minute).map((text) => `${minute} ${text}`));
    });
    expect(seen).toEqual(['1 pending {a="1"}', '3 firing {a="1"}', '5 resolved {a="1"}']);
  });

  it('drop a pending alert whose condition ends, and start anew', () => {
    const run = new GroupRun(alert('for: 2m'));
    const seen: string[] = [];
    [1, 1, 0, 1, 1, 1].forEach((value, minute) => {
      run.set(minute, { x: value });
      seen.push(...run.transitions(minute).map((text) => `${minute} ${text}`));
    });
    expect(seen).toEqual(['0 pending {}', '2 dropped {}', '3 pending {}', '5 firing {}']);
  });

  it('fire at once without for', () => {
    const run = new GroupRun(alert('annotations: {summary: "at {{ $value }}"}'));
    run.set(0, { 'x{a="1"}': 1, 'x{a="2"}': 0 });
    const { transitions } = run.evaluate(0);
    expect(transitions).toHaveLength(1);
    expect(transitions[0]).toMatchObject({
      kind: 'firing',
      alert: 'Down',
      value: 1,
      activeAt: 0,
      annotations: { summary: 'at 1' },
      group: 'g',
      file: 'rules.yml',
    });
    expect(transitions[0]!.labels.toRecord()).toEqual({ alertname: 'Down', a: '1' });
  });

  it('keep firing for a while, and from anew when the condition was back', () => {
    const run = new GroupRun(alert('keep_firing_for: 2m'));
    const seen: string[] = [];
    [1, 0, 1, 0, 0, 0].forEach((value, minute) => {
      run.set(minute, { x: value });
      seen.push(...run.transitions(minute).map((text) => `${minute} ${text}`));
    });
    expect(seen).toEqual(['0 firing {}', '5 resolved {}']);
  });

  it('write ALERTS and ALERTS_FOR_STATE, ended by stale markers', () => {
    const run = new GroupRun(alert('for: 1m'));
    [1, 1, 0].forEach((value, minute) => {
      run.set(minute, { 'x{a="1"}': value });
      run.evaluate(minute);
      if (minute === 0)
        expect(values(run, 'ALERTS', 0)).toEqual({
          'ALERTS{a="1", alertname="Down", alertstate="pending"}': 1,
        });
      if (minute === 1)
        expect(values(run, '{__name__=~"ALERTS.*"}', 1)).toEqual({
          'ALERTS{a="1", alertname="Down", alertstate="firing"}': 1,
          'ALERTS_FOR_STATE{a="1", alertname="Down"}': 0,
        });
    });
    expect(values(run, '{__name__=~"ALERTS.*"}', 2)).toEqual({});
    const states = run.store
      .select([createMatcher('alertstate', '=', 'pending')], 0, 600_000)
      .map((view) => [...view.states.subarray(view.first - view.offset, view.last - view.offset)]);
    expect(states[0]).toContain(stale);
  });

  it('refuse two alerts of one labelset, and keep the states they had', () => {
    const run = new GroupRun(alert('labels: {a: same}'));
    run.set(0, { 'x{a="1"}': 1 });
    run.evaluate(0);
    run.set(1, { 'x{a="1"}': 1, 'x{a="2"}': 1 });
    const { failures, transitions } = run.evaluate(1);
    expect(failures).toEqual([
      {
        rule: 'Down',
        reason: 'vector contains metrics with the same labelset after applying alert labels',
      },
    ]);
    expect(transitions).toEqual([]);
    expect(run.evaluator.activeAlerts()).toHaveLength(1);
  });

  it('forget everything over their limit', () => {
    const text = alert('labels: {severity: page}').replace('name: g', 'name: g\n    limit: 2');
    const run = new GroupRun(text);
    run.set(0, { 'x{a="1"}': 1, 'x{a="2"}': 1 });
    expect(run.transitions(0)).toHaveLength(2);
    run.set(1, { 'x{a="1"}': 1, 'x{a="2"}': 1, 'x{a="3"}': 1 });
    const { failures, transitions } = run.evaluate(1);
    expect(failures).toEqual([{ rule: 'Down', reason: 'exceeded limit of 2 with 3 alerts' }]);
    expect(transitions.map(({ kind }) => kind)).toEqual(['resolved', 'resolved']);
    expect(run.evaluator.activeAlerts()).toEqual([]);
  });

  it('report an expression that fails, and evaluate the other rules', () => {
    const run = new GroupRun(`
groups:
  - name: g
    rules:
      - record: joined
        expr: x + on(a) group_left y
      - alert: Fine
        expr: x > 0
`);
    run.set(0, { 'x{a="1"}': 1, 'y{a="1",b="1"}': 1, 'y{a="1",b="2"}': 1 });
    const { failures, transitions } = run.evaluate(0);
    expect(failures).toHaveLength(1);
    expect(failures[0]!.reason).toMatch(/found duplicate series/);
    expect(transitions.map(({ alert: name }) => name)).toEqual(['Fine']);
  });

  it('may query in a template, and say where one fails', () => {
    const run = new GroupRun(
      alert(`annotations:
          others: '{{ range query "x" }}{{ .Labels.a }}={{ .Value }} {{ end }}'
          broken: '{{ query "x +" }}'`),
    );
    run.set(0, { 'x{a="1"}': 1 });
    expect(run.evaluate(0).transitions[0]!.annotations).toEqual({
      others: '1=1 ',
      broken: '<error expanding template: error calling query: unexpected end of input>',
    });
  });
});

describe('what is sent to Alertmanager', () => {
  it('is sent when it fires, again after the resend delay, and when it has resolved', () => {
    const run = new GroupRun(alert('for: 1m'), { externalLabels: { region: 'eu', a: 'ignored' } });
    const sent: string[] = [];
    const ends: number[] = [];
    [1, 1, 1, 1, 1, 0, 0, 0].forEach((value, minute) => {
      run.set(minute, { 'x{a="1"}': value });
      for (const due of run.evaluate(minute).due) {
        sent.push(`${minute} ${due.startsAt / 60_000}-${due.endsAt / 60_000}`);
        ends.push(due.endsAt);
        expect(due.labels.toRecord()).toEqual({ alertname: 'Down', a: '1', region: 'eu' });
        expect(due.generatorUrl).toBe('http://prometheus.test:9090/graph?g0.expr=x+%3D%3D+1&g0.tab=1');
      }
    });
    // The delay of one minute must be exceeded, so with an interval of a minute every second evaluation sends.
    expect(sent).toEqual(['1 1-5', '3 1-7', '5 1-5', '7 1-5']);
  });

  it('repeats a resolved alert for 15 minutes', () => {
    const run = new GroupRun(alert('labels: {}'));
    let last = 0;
    for (let minute = 0; minute < 40; minute++) {
      run.set(minute, { x: minute === 0 ? 1 : 0 });
      if (run.evaluate(minute).due.length > 0) last = minute;
    }
    expect(last).toBe(15);
  });
});

describe('recording rules', () => {
  const recording = `
groups:
  - name: g
    query_offset: 1m
    rules:
      - record: a:sum
        expr: sum by (a) (x)
        labels: {from: rule}
      - record: total
        expr: sum(a:sum)
      - record: constant
        expr: 42
`;

  it('see what the rules before them recorded, and end what vanishes', () => {
    const run = new GroupRun(recording);
    run.set(0, { 'x{a="1",b="1"}': 1, 'x{a="1",b="2"}': 2, 'x{a="2"}': 5 });
    run.evaluate(1);
    expect(values(run, '{__name__=~"a:sum|total|constant"}', 0)).toEqual({
      'a:sum{a="1", from="rule"}': 3,
      'a:sum{a="2", from="rule"}': 5,
      total: 8,
      constant: 42,
    });
    run.set(1, { 'x{a="2"}': 6 });
    run.evaluate(2);
    expect(values(run, '{__name__=~"a:sum|total"}', 1)).toEqual({ 'a:sum{a="2", from="rule"}': 6, total: 6 });
  });
});

describe('evaluation times', () => {
  const group = groupsOf(alert('for: 1m').replace('name: g', 'name: g\n    interval: 30s'))[0]!;

  it('are multiples of the interval, each once, and missed ones are skipped', () => {
    const evaluator = new GroupEvaluator(group, groupOptions);
    expect(evaluator.intervalMs).toBe(30_000);
    expect(evaluator.nextAt(1000)).toBe(30_000);
    evaluator.evaluate(30_000, { select: () => [] }, () => {});
    expect(evaluator.nextAt(29_999.5)).toBe(60_000);
    expect(evaluator.nextAt(95_000)).toBe(120_000);
  });

  it('are spread over the interval by file and name, as stable as those', () => {
    const hashed = (name: string) =>
      new GroupEvaluator({ ...group, name }, { ...groupOptions, offset: 'hash' }).nextAt(0);
    const offsets = new Set(Array.from({ length: 50 }, (_, i) => hashed(`group ${i}`)));
    expect(offsets.size).toBeGreaterThan(45);
    for (const offset of offsets) expect(offset > 0 && offset <= 30_000).toBe(true);
    expect(hashed('a')).toBe(hashed('a'));
  });
});

it('records a native histogram as one', () => {
  const run = new GroupRun(`
groups:
  - name: g
    rules:
      - record: h:sum
        expr: sum(h)
`);
  const histogram: NativeHistogram = {
    schema: 0,
    count: 3,
    sum: 4,
    zeroThreshold: 0,
    zeroCount: 0,
    positive: bucketsFromSpans([{ offset: 0, length: 2 }], [1, 2]),
    negative: noBuckets,
    customBounds: undefined,
    resetHint: 'unknown',
  };
  const samples = ['a', 'b'].map((i) => ({ labels: Labels.from({ __name__: 'h', i }), value: 0, histogram }));
  run.store.appendBatch({ source: 'test', atMs: 0, samples });
  run.evaluate(0);
  expect(values(run, 'histogram_count({__name__="h:sum"})', 0)).toEqual({ '{}': 6 });
});
