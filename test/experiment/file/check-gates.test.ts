import { expect, it } from 'vitest';
import { checkFile } from '../../../src/experiment/file/check.ts';

const check = (text: string) => checkFile({ file: 'x.yaml', text, env: {}, files: { read: async () => '' } });

it.each([
  [
    'keptn-slo',
    'spec_version: "1.0"\nobjectives: [{ sli: a, pass: [{ criteria: ["<5"] }] }]\ntotal_score: { pass: "90%" }\n',
  ],
  ['keptn-sli', 'spec_version: "1.0"\nindicators: { a: up }\n'],
  [
    'analysis-template',
    'apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: { name: x }\nspec:\n  args: [{ name: least }]\n  metrics: [{ name: a, successCondition: "result[0] > {{args.least}}", provider: { prometheus: { query: up } } }]\n',
  ],
  [
    'alert-windows',
    'apiVersion: sloth.slok.dev/v1\nkind: AlertWindows\nspec:\n  sloPeriod: 7d\n  page: { quick: { errorBudgetPercent: 8, shortWindow: 5m, longWindow: 1h }, slow: { errorBudgetPercent: 12.5, shortWindow: 30m, longWindow: 6h } }\n  ticket: { quick: { errorBudgetPercent: 20, shortWindow: 2h, longWindow: 1d }, slow: { errorBudgetPercent: 42, shortWindow: 6h, longWindow: 3d } }\n',
  ],
])('a file of the kind %s is known and checked', async (kind, text) => {
  expect(await check(text)).toEqual({ kind, diagnostics: [] });
  const wrong = await check(text.replace(/(criteria|indicators|provider|quick):/, '$1s:'));
  expect(wrong.diagnostics.map(({ code }) => code)).not.toEqual([]);
});
