import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readObjectives } from '../../../src/slo/read.ts';
import { sliOver } from '../../../src/slo/sli-over.ts';
import { conformance, conformanceFolder } from '../../support/conformance.ts';
import { describeWith } from '../../support/requires.ts';

function read(text: string) {
  return readObjectives([{ file: 'slo.yaml', text }], { features: new Set() });
}

const ratio = '{ ratio: { errors: { metric: \'e{code="5"}\' }, total: { metric: e } } }';

const object = (spec: string, metadata = '{ name: web, namespace: shop }') =>
  `apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata: ${metadata}\nspec: ${spec}\n`;

const withIndicator = (indicator: string) => object(`{ target: "99", window: 4w, indicator: ${indicator} }`);

const folder = conformanceFolder('pyrra');

describeWith([conformance('pyrra')], 'the examples of Pyrra', () => {
  it('are accepted without a word', () => {
    const names = readdirSync(folder);
    expect(names).toHaveLength(14);
    for (const name of names) {
      const text = readFileSync(join(folder, name), 'utf8');
      const { objectives, diagnostics } = readObjectives([{ file: name, text }], { features: new Set() });
      expect(diagnostics).toEqual([]);
      expect(objectives.map(({ name: own }) => `slo-${own}.yaml`)).toEqual([name]);
    }
  });
});

describe('an object of Pyrra', () => {
  it('is read with its settings, and with the defaults of what it leaves out', () => {
    const { objectives, diagnostics } = read(
      object(
        `{ target: "99.90", window: 2w, description: Orders, indicator: ${ratio}, alerting: { absent: false, name: Burn, severities: { fastBurn: page } }, performanceOverAccuracy: true, ruleOutput: { longRulesLabels: { to: thanos } }, partial_response_strategy: warn }`,
        '{ name: web, namespace: shop, labels: { pyrra.dev/team: a, role: rules, pyrra.dev/service: web-shop }, annotations: { pyrra.dev/runbook: "http://r" } }',
      ),
    );
    expect(diagnostics).toEqual([]);
    expect(objectives[0]).toMatchObject({
      id: 'web',
      service: 'web-shop',
      description: 'Orders',
      target: { text: '99.90', errorBudget: 0.001 },
      window: { type: 'rolling', durationMs: 14 * 86_400_000 },
      pyrra: {
        alerting: {
          burnrates: true,
          absent: false,
          name: 'Burn',
          absentName: 'SLOMetricAbsent',
          severities: { absent: 'critical', fastBurn: 'page', slowBurn: 'warning' },
        },
        performanceOverAccuracy: true,
        ruleOutput: { longRulesLabels: { to: 'thanos' }, shortRulesLabels: {} },
        partialResponseStrategy: 'warn',
        propagatedLabels: { team: 'a', service: 'web-shop' },
        propagatedAnnotations: { runbook: 'http://r' },
      },
    });
  });

  it.each([
    [ratio, '1 - ((sum(rate(e{code="5"}[5m]))) or (sum(rate(e[5m]))) * 0) / (sum(rate(e[5m])))'],
    [
      '{ latency: { success: { metric: \'l_bucket{le="0.5"}\' }, total: { metric: l_count }, grouping: [path] } }',
      '((sum by (path) (rate(l_bucket{le="0.5"}[5m]))) or (sum by (path) (rate(l_count[5m]))) * 0) / (sum by (path) (rate(l_count[5m])))',
    ],
    [
      '{ latencyNative: { latency: 250ms, total: { metric: l } } }',
      '(histogram_fraction(0, 0.25, sum(rate(l[5m]))))',
    ],
    [
      '{ bool_gauge: { metric: up, grouping: [job] } }',
      '(sum by (job) (sum_over_time(up[5m])) / sum by (job) (count_over_time(up[5m])))',
    ],
  ])('with the indicator %s measures it', (indicator, promql) => {
    const [objective] = read(withIndicator(indicator)).objectives;
    if (objective?.kind !== 'simple') throw new Error('no objective');
    expect(sliOver(objective.sli, 300_000).replaceAll(/\s+/g, ' ')).toBe(promql);
  });

  it.each<[string, string, [string, number, number]]>([
    [
      'an unknown key',
      object(`{ target: "99", windw: 4w, window: 4w, indicator: ${ratio} }`),
      ['FD106', 4, 23],
    ],
    [
      'no name',
      object(`{ target: "99", window: 4w, indicator: ${ratio} }`, '{ namespace: a }'),
      ['FD107', 3, 11],
    ],
    ['a target above 100', object(`{ target: "101", window: 4w, indicator: ${ratio} }`), ['FD105', 4, 17]],
    ['a target below 0', object(`{ target: "-1", window: 4w, indicator: ${ratio} }`), ['FD105', 4, 17]],
    ['an unknown unit', object(`{ target: "99", window: 2t, indicator: ${ratio} }`), ['FD112', 4, 31]],
    ['no indicator', withIndicator('{}'), ['FD851', 4, 46]],
    ['two indicators', withIndicator(`{ bool_gauge: { metric: up }, ${ratio.slice(1)}`), ['FD851', 4, 46]],
    ['a text that is no PromQL', withIndicator("{ bool_gauge: { metric: 'foo{' } }"), ['FD201', 4, 75]],
    [
      'an aggregation',
      withIndicator("{ ratio: { errors: { metric: e }, total: { metric: 'sum(t)' } } }"),
      ['FD853', 4, 98],
    ],
    ['a modifier', withIndicator('{ bool_gauge: { metric: up offset 5m } }'), ['FD853', 4, 70]],
    ['no name of a metric', withIndicator('{ bool_gauge: { metric: \'{job="a"}\' } }'), ['FD853', 4, 71]],
    [
      'a latency without its limit',
      withIndicator('{ latency: { success: { metric: b_bucket }, total: { metric: b_count } } }'),
      ['FD853', 4, 78],
    ],
    [
      'a limit that is no number',
      withIndicator('{ latency: { success: { metric: \'b_bucket{le="x"}\' }, total: { metric: b_count } } }'),
      ['FD853', 4, 79],
    ],
    [
      'a limit that is no duration',
      withIndicator('{ latencyNative: { latency: soon, total: { metric: l } } }'),
      ['FD112', 4, 74],
    ],
  ])('with %s is refused at its place', (_what, text, expected) => {
    const { objectives, diagnostics } = read(text);
    expect(objectives).toEqual([]);
    expect(diagnostics.map(({ code, at }) => [code, at?.line, at?.column])).toEqual([expected]);
  });

  it.each<[string, string, [string, string]]>([
    [
      'no namespace',
      object(`{ target: "99", window: 4w, indicator: ${ratio} }`, '{ name: web }'),
      ['FD858', 'namespace'],
    ],
    ['a share of 1', object(`{ target: "0.999", window: 4w, indicator: ${ratio} }`), ['FD858', '0.999 %']],
    [
      'a target that is a number',
      object(`{ target: 99, window: 4w, indicator: ${ratio} }`),
      ['FD858', 'quotes'],
    ],
    ['a target of 100', object(`{ target: "100", window: 4w, indicator: ${ratio} }`), ['FD856', '100 %']],
    ['a window of a day', object(`{ target: "99", window: 1d, indicator: ${ratio} }`), ['FD857', '0s']],
    [
      '`disabled`',
      object(`{ target: "99", window: 4w, indicator: ${ratio}, alerting: { disabled: true } }`),
      ['FD858', 'deprecated'],
    ],
    [
      'errors that are all',
      withIndicator('{ ratio: { errors: { metric: e }, total: { metric: e } } }'),
      ['FD858', 'the same'],
    ],
    [
      'a bucket that is none',
      withIndicator('{ latency: { success: { metric: \'b{le="1"}\' }, total: { metric: b_count } } }'),
      ['FD858', '_bucket'],
    ],
    [
      'a count that is none',
      withIndicator('{ latency: { success: { metric: \'b_bucket{le="1"}\' }, total: { metric: b } } }'),
      ['FD858', '_count'],
    ],
  ])('with %s is taken with a warning', (_what, text, [code, words]) => {
    const { objectives, diagnostics } = read(text);
    expect(objectives).toHaveLength(1);
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]).toMatchObject({ code, severity: 'warning' });
    expect(diagnostics[0]!.message).toContain(words);
  });

  it('has a name of its own', () => {
    const text = withIndicator(ratio);
    const { diagnostics } = read(`${text}---\n${text}`);
    expect(diagnostics.map(({ code }) => code)).toEqual(['FD111']);
  });

  it('no longer alerts when alerts are off by either name', () => {
    for (const off of ['{ disabled: true }', '{ burnrates: false }']) {
      const { objectives } = read(
        object(`{ target: "99", window: 4w, indicator: ${ratio}, alerting: ${off} }`),
      );
      expect(objectives[0]!.pyrra!.alerting).toMatchObject({ burnrates: false, absent: true });
    }
  });
});
