// The ratio over the whole period that Sloth averages from short ratios, and what it reads when there is no counter of errors before the
// first error. docs/slo.md tells these numbers.

import { expect, it } from 'vitest';
import { Labels } from '../../../src/base/labels.ts';
import { instantQuery } from '../../../src/promql/engine.ts';
import { readRuleFile } from '../../../src/rules/file.ts';
import { GroupEvaluator } from '../../../src/rules/group.ts';
import { readObjectives } from '../../../src/slo/read.ts';
import { builtInWindows } from '../../../src/slo/rules/alert-windows.ts';
import { ruleFilesYaml } from '../../../src/slo/rules/rule-groups.ts';
import { slothRuleFiles } from '../../../src/slo/rules/sloth.ts';
import { SeriesStore } from '../../../src/telemetry/metrics/store.ts';

const minuteMs = 60_000;
const startMs = Date.UTC(2026, 0, 1);
const healthyMinutes = 1440;
const brokenMinutes = 10;

const { objectives } = readObjectives(
  [
    {
      file: 'slo.yaml',
      text: `version: prometheus/v1
service: shop
slos:
  - name: calls
    objective: 99.9
    sli: { events: { error_query: 'sum(rate(errors_total[{{.window}}]))', total_query: 'sum(rate(calls_total[{{.window}}]))' } }
    alerting: { page_alert: { disable: true }, ticket_alert: { disable: true } }
`,
    },
  ],
  { features: new Set() },
);

/**
 * The ratio of 30 days after a day without errors and ten minutes in which every call fails; `isLate`: the counter of
 * errors has no series before the first.
 */
function ratioOfThirtyDays(optimised: boolean, isLate: boolean): number {
  const simple = objectives.filter((objective) => objective.kind === 'simple');
  const windows = builtInWindows[0]!;
  const files = slothRuleFiles(simple, { windows, labels: {}, version: 'x', optimised });
  const read = readRuleFile('rules.yaml', ruleFilesYaml(files));
  if (!read.ok) throw new Error(JSON.stringify(read.diagnostics));
  const [slis] = read.value.groups;
  const ruleOf = (window: string) => slis!.rules.find(({ name }) => name.endsWith(`ratio_rate${window}`))!;
  const group = new GroupEvaluator(
    { ...slis!, rules: [ruleOf('5m')] },
    { defaultIntervalMs: minuteMs, externalLabels: {}, externalUrl: '', offset: 'none' },
  );
  const store = new SeriesStore();
  const calls = Labels.from({ __name__: 'calls_total' });
  const errors = Labels.from({ __name__: 'errors_total' });
  const lastMs = startMs + (healthyMinutes + brokenMinutes - 1) * minuteMs;
  for (let atMs = startMs; atMs <= lastMs; atMs += minuteMs) {
    const minute = (atMs - startMs) / minuteMs;
    const bad = Math.max(0, minute - healthyMinutes + 1) * 600;
    const samples = [{ labels: calls, value: (minute + 1) * 600 }];
    if (!isLate || bad > 0) samples.push({ labels: errors, value: bad });
    store.appendBatch({ source: 'scrape', atMs, samples });
    group.evaluate(atMs, store, (batch) => store.appendBatch(batch));
  }
  const result = instantQuery(store, ruleOf('30d').expr, lastMs);
  if (result.type !== 'vector' || result.samples.length !== 1) throw new Error('not one ratio');
  return Number(result.samples[0]!.value.toFixed(4));
}

// 10 of 1450 minutes are 0.69 %.
it('without a series of errors before the first one, the optimised ratio is of the bad minutes alone', () => {
  expect(ratioOfThirtyDays(true, true)).toBe(0.8333);
  // A rate needs two samples: the first bad minute is in neither.
  expect(ratioOfThirtyDays(false, true)).toBe(0.0066);
});

it('with a series from the start, the optimised ratio is of all minutes', () => {
  expect(ratioOfThirtyDays(true, false)).toBe(0.0055);
  expect(ratioOfThirtyDays(false, false)).toBe(0.0069);
});
