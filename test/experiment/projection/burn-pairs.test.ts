// Minutes to detect a burn, from rules in Sloth's style through our own recogniser, beside the reference table and beside
// the rules themselves, evaluated on generated outages.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Labels } from '../../../src/base/labels.ts';
import { HeldSeries } from '../../../src/experiment/history/held-series.ts';
import { firstFiring } from '../../../src/experiment/history/replay.ts';
import {
  burnPairsOf,
  detectionMs,
  leastErrorRatio,
  pairDetectionMs,
} from '../../../src/experiment/projection/burn-pairs.ts';
import type { PlannedRecording } from '../../../src/experiment/timeline.ts';
import { allFeatures } from '../../../src/promql/features.ts';
import { parseExpr } from '../../../src/promql/parser.ts';
import { readRuleFile } from '../../../src/rules/file.ts';
import type { Rule } from '../../../src/rules/model.ts';
import { readObjectives } from '../../../src/slo/read.ts';
import { builtInWindows } from '../../../src/slo/rules/alert-windows.ts';
import { ruleFilesYaml } from '../../../src/slo/rules/rule-groups.ts';
import { slothRuleFiles } from '../../../src/slo/rules/sloth.ts';

const minute = 60_000;

/** The rules that we generate for a Sloth file with this objective. */
function slothRules(percent: number): Rule[] {
  const text = `version: prometheus/v1
service: shop
slos:
  - name: requests
    objective: ${percent}
    sli:
      events:
        error_query: sum(rate(requests_total{code=~"5.."}[{{.window}}]))
        total_query: sum(rate(requests_total[{{.window}}]))
    alerting:
      name: ShopErrors
      page_alert: {}
      ticket_alert: {}
`;
  const { objectives } = readObjectives([{ file: '/slo.yaml', text }], { features: new Set() });
  const simple = objectives.filter((objective) => objective.kind === 'simple');
  const options = { windows: builtInWindows[0]!, labels: {}, version: 'dev', optimised: true };
  const file = readRuleFile('/rules.yaml', ruleFilesYaml(slothRuleFiles(simple, options)));
  if (!file.ok) throw new Error(file.diagnostics.map(({ message }) => message).join('; '));
  return file.value.groups.flatMap(({ rules }) => rules);
}

function recordingsOf(rules: readonly Rule[]): PlannedRecording[] {
  return rules
    .filter(({ kind }) => kind === 'recording')
    .map(({ name, exprText: expr, labels }) => ({ name, expr, labels, evaluationIntervalMs: minute }));
}

function pairsOf(percent: number) {
  const rules = slothRules(percent);
  const recordings = recordingsOf(rules);
  return rules
    .filter(({ kind }) => kind === 'alerting')
    .flatMap(({ expr }) => burnPairsOf(expr, recordings) ?? []);
}

// Reference: minutes at 100 %, 50 % and 10 % of errors; null for never.
const table: [number, [number, string, (number | null)[]][]][] = [
  [
    99.9,
    [
      [14.4, '1h', [0.86, 1.73, 8.64]],
      [6, '6h', [2.16, 4.32, 21.6]],
      [3, '1d', [4.32, 8.64, 43.2]],
      [1, '3d', [4.32, 8.64, 43.2]],
    ],
  ],
  [
    99,
    [
      [14.4, '1h', [8.64, 17.3, null]],
      [6, '6h', [21.6, 43.2, 216]],
      [3, '1d', [43.2, 86.4, 432]],
      [1, '3d', [43.2, 86.4, 432]],
    ],
  ],
  [
    95,
    [
      [14.4, '1h', [43.2, null, null]],
      [6, '6h', [108, 216, null]],
      [3, '1d', [216, 432, null]],
      [1, '3d', [216, 432, 2160]],
    ],
  ],
];

describe('minutes to detect', () => {
  test.each(table)('with a target of %s %%, from the rules of Sloth', (percent, rows) => {
    const pairs = pairsOf(percent);
    expect(pairs).toHaveLength(4);
    for (const [index, [factor, , minutes]] of rows.entries()) {
      const pair = pairs[index]!;
      expect(pair[0]!.factor).toBeCloseTo(factor, 9);
      expect(pair).toHaveLength(2);
      const found = [1, 0.5, 0.1].map((errorRatio) => pairDetectionMs(pair, errorRatio) / minute);
      for (const [place, wanted] of minutes.entries()) {
        if (wanted === null) expect(found[place]).toBe(Number.POSITIVE_INFINITY);
        // Three digits, as the reference has them.
        else expect(Math.abs(found[place]! - wanted)).toBeLessThan(wanted * 0.01);
      }
    }
  });

  test('a budget that the factor exceeds can never be burnt so fast', () => {
    expect(pairsOf(90).map((pair) => leastErrorRatio(pair) >= 1)).toEqual([true, false, false, false]);
    expect(detectionMs([pairsOf(90)[0]!], 1)).toBe(Number.POSITIVE_INFINITY);
  });

  test.each([
    ['sum(rate(e[5m])) / sum(rate(t[5m])) > 0.05', [[5, 0.05]]],
    ['1 - sum(rate(good[10m])) / sum(rate(t[10m])) > (6 * 0.01)', [[10, 0.06]]],
    ['sum(rate(good[5m])) / sum(rate(t[5m])) < 0.99', [[5, 0.01]]],
    ['(sum(rate(e[5m])) / sum(rate(t[5m])) > 0.05) and on () sum(rate(t[5m])) > 1', [[5, 0.05]]],
    ['process_open_fds > 100', undefined],
    ['sum(rate(e[5m])) / sum(rate(t[5m])) > 0.05 or up == 0', undefined],
    ['sum(rate(e[5m])) / sum(rate(t[5m])) > 0.05 unless maintenance == 1', undefined],
  ])('%s', (text, wanted) => {
    const parsed = parseExpr(text);
    if (!parsed.ok) throw new Error(parsed.error.message);
    const pairs = burnPairsOf(parsed.expr, []);
    const seen = pairs?.[0]?.map(({ windowMs, threshold }) => [
      windowMs / minute,
      Number(threshold.toFixed(9)),
    ]);
    expect(seen).toEqual(wanted);
  });
});

describe('the closed form and the rule itself', () => {
  const scrapeMs = 15_000;
  const zeroMs = Date.UTC(2026, 0, 5);

  /** Counters that have gone on evenly for so long, and then for so long with failures. */
  function countersAround(errorRatio: number, beforeMs: number, afterMs: number) {
    const perScrape = 1000;
    const held = (
      code: string,
      share: (isOut: boolean) => number,
      from: number,
      to: number,
      start: number,
    ) => {
      const length = Math.floor((to - from) / scrapeMs) + 1;
      const times = Float64Array.from({ length }, (_, i) => from + i * scrapeMs);
      const isOut = from > zeroMs;
      const values = times.map((_, i) => start + (i + 1) * perScrape * share(isOut));
      return {
        labels: Labels.from({ __name__: 'requests_total', code }),
        column: { times, length },
        values,
      };
    };
    const history = new HeldSeries();
    const live = new HeldSeries();
    for (const [code, share] of [
      ['200', (isOut: boolean) => (isOut ? 1 - errorRatio : 1)],
      ['500', (isOut: boolean) => (isOut ? errorRatio : 0)],
    ] as const) {
      const before = held(code, share, zeroMs - beforeMs, zeroMs, 0);
      const after = held(code, share, zeroMs + scrapeMs, zeroMs + afterMs, before.values.at(-1)!);
      history.add(before.labels, before.column, before.values);
      live.add(after.labels, after.column, after.values);
    }
    return { history, live };
  }

  test('agree within one evaluation and the scrape before it', () => {
    fc.assert(
      fc.property(
        fc.record({
          budget: fc.constantFrom(0.001, 0.005, 0.01, 0.05),
          factor: fc.constantFrom(14.4, 6, 3, 1),
          longMinutes: fc.constantFrom(30, 60, 120),
          shortMinutes: fc.constantFrom(5, 10),
          errorRatio: fc.constantFrom(1, 0.5, 0.25, 0.1),
          evaluationMs: fc.constantFrom(30_000, minute),
          forMinutes: fc.constantFrom(0, 2),
        }),
        ({ budget, factor, longMinutes, shortMinutes, errorRatio, evaluationMs, forMinutes }) => {
          const ratio = (window: number) =>
            `sum(rate(requests_total{code="500"}[${window}m])) / sum(rate(requests_total[${window}m]))`;
          const expr = `${ratio(longMinutes)} > (${factor} * ${budget}) and ${ratio(shortMinutes)} > (${factor} * ${budget})`;
          const parsed = parseExpr(expr);
          if (!parsed.ok) throw new Error(parsed.error.message);
          const predictedMs = detectionMs(burnPairsOf(parsed.expr, [])!, errorRatio) + forMinutes * minute;
          const lookMs = (longMinutes + forMinutes + 5) * minute;
          const { history, live } = countersAround(errorRatio, (longMinutes + 5) * minute, lookMs);
          const at = firstFiring({
            rule: { expr, labels: {}, forMs: forMinutes * minute, evaluationIntervalMs: evaluationMs },
            ...{ recordings: [], windows: [], history, live, features: allFeatures },
            ...{ fromMs: zeroMs, toMs: zeroMs + lookMs },
            counts: () => true,
          });
          if (!Number.isFinite(predictedMs)) return at === null;
          const offMs = at! - zeroMs - predictedMs;
          return offMs > -scrapeMs - evaluationMs && offMs <= evaluationMs + 2 * scrapeMs;
        },
      ),
      { numRuns: 60 },
    );
  });
});
