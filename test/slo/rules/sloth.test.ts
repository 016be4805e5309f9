import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { SimpleObjective } from '../../../src/slo/objective.ts';
import { readObjectives } from '../../../src/slo/read.ts';
import { builtInWindows, burnRateFactor, readAlertWindows } from '../../../src/slo/rules/alert-windows.ts';
import { floatText, ruleFilesYaml } from '../../../src/slo/rules/rule-groups.ts';
import { slothRuleFiles } from '../../../src/slo/rules/sloth.ts';
import { conformance, conformanceFolder } from '../../support/conformance.ts';
import { describeWith } from '../../support/requires.ts';

const folder = conformanceFolder('sloth');

function objectivesOf(file: string, text: string): SimpleObjective[] {
  const { objectives, diagnostics } = readObjectives([{ file, text }], { features: new Set() });
  expect(diagnostics).toEqual([]);
  return objectives.filter((objective) => objective.kind === 'simple');
}

const documentsOf = (text: string) => parseAllDocuments(text).map((document) => document.toJS() as unknown);

const options = { windows: builtInWindows[0]!, labels: {}, version: 'dev', optimised: true };

describeWith([conformance('sloth')], 'the rules that Sloth generates', () => {
  it.each([
    'getting-started',
    'home-wifi',
    'k8s-getting-started',
    'kubernetes-apiserver',
    'multifile',
    'no-alerts',
    'openslo-getting-started',
    'raw-home-wifi',
  ])('are equal, as parsed, for %s', (name) => {
    const objectives = objectivesOf(name, readFileSync(join(folder, 'in', `${name}.yml`), 'utf8'));
    const files = slothRuleFiles(objectives, { ...options, labels: { cmd: 'examplesgen.sh' } });
    const expected = documentsOf(readFileSync(join(folder, 'out', `${name}.yml`), 'utf8'));
    expect(documentsOf(ruleFilesYaml(files))).toEqual(expected);
  });

  it.each([
    ['google-30d', ['14.4', '6', '3', '1']],
    ['google-28d', ['13.44', '5.6000000000000005', '2.8000000000000003', '0.9333333333333333']],
    ['7d', ['13.44', '3.5', '1.4000000000000001', '0.98']],
  ])('alert on the burn rates of %s, with their texts', (name, factors) => {
    const read = readAlertWindows(name, readFileSync(join(folder, 'windows', `${name}.yaml`), 'utf8'));
    if (!read.ok) throw new Error(JSON.stringify(read.diagnostics));
    const { page, ticket, periodMs } = read.value;
    const windows = [page.quick, page.slow, ticket.quick, ticket.slow];
    expect(windows.map((window) => floatText(burnRateFactor(window, periodMs)))).toEqual(factors);
  });
});

const text = `version: prometheus/v1
service: shop
slos:
  - name: orders
    objective: 99.9999
    sli: { events: { error_query: 'sum(rate(e[{{.window}}]))', total_query: 'sum(rate(t[{{ .window }}]))' } }
    alerting: { name: Orders, ticket_alert: { disable: true } }
`;

describe('rules in the style of Sloth', () => {
  it('cover another period with its own windows', () => {
    const [file] = slothRuleFiles(objectivesOf('slo.yaml', text), {
      ...options,
      windows: builtInWindows[1]!,
    });
    if (!file || !('groups' in file)) throw new Error('no groups');
    const [slis, meta, alerts] = file.groups;
    expect(slis!.rules.at(-1)).toMatchObject({
      record: 'slo:sli_error:ratio_rate4w',
      labels: { sloth_window: '4w' },
    });
    expect(meta!.rules[2]).toMatchObject({ expr: 'vector(28)' });
    expect(alerts!.rules).toHaveLength(1);
    // As Go writes a number below 1e-4.
    expect(alerts!.rules[0]!.expr).toContain('> (13.44 * 1.0000000000331967e-06))');
  });

  it('ask the SLI itself over the whole period when they shall not be optimised', () => {
    const [file] = slothRuleFiles(objectivesOf('slo.yaml', text), { ...options, optimised: false });
    if (!file || !('groups' in file)) throw new Error('no groups');
    expect(file.groups[0]!.rules.at(-1)!.expr).toBe('(sum(rate(e[30d])))\n/\n(sum(rate(t[30d])))\n');
  });
});
