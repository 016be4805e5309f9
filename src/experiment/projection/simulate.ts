// A rule that has no closed form, before anything is broken: its own expression evaluated over some time of health, and then
// over the fault at its full strength. That is only known of metrics that say whether something is up.

import { Labels, metricName } from '../../base/labels.ts';
import type { Expr } from '../../promql/ast.ts';
import type { Features } from '../../promql/features.ts';
import { selectorsOf } from '../../promql/walk.ts';
import { HeldSeries } from '../history/held-series.ts';
import { firstFiring } from '../history/replay.ts';
import { windowsOf } from '../history/windows.ts';
import type { PlannedRecording, PlannedRule } from '../timeline.ts';

/** 1 while all is well, 0 while it is not: Prometheus's own, blackbox_exporter's, and what exporters call theirs. */
const upNames = /^(up|probe_success)$|_(up|healthy|success)$/;

export interface Simulating {
  readonly rule: Pick<PlannedRule, 'expr' | 'labels' | 'forMs' | 'evaluationIntervalMs'>;
  readonly expr: Expr;
  readonly recordings: readonly PlannedRecording[];
  readonly scrapeIntervalMs: number;
  /** The share of the targets that the fault takes down, (0, 1]. */
  readonly share: number;
  readonly features: Features;
}

/** Targets that are made up, so that a share of them can be down. */
const targets = 10;
const simulatedMsMax = 7 * 86_400_000;
const stepsMax = 20_000;

/**
 * Milliseconds from the fault to the firing, `for` included; Infinity when it stays silent until its windows are full.
 * Undefined where the rule reads anything else.
 */
export function simulatedFiringMs(simulating: Simulating): number | undefined {
  const { rule, expr, recordings, scrapeIntervalMs, share, features } = simulating;
  const { windows, recordings: read } = windowsOf([expr], recordings, -1);
  // Recording rules and earlier times would need a history of their own.
  if (read.length > 0 || selectorsOf(expr).some(({ offsetMs, selector }) => offsetMs !== 0 || selector.at))
    return undefined;
  const examples = new Map<string, Labels>();
  for (const { selector } of selectorsOf(expr)) {
    const labels = exampleOf(selector);
    if (!labels) return undefined;
    examples.set(labels.key, labels);
  }
  const reachMs = Math.max(5 * 60_000, ...windows.map((window) => window.reachMs));
  const everyMs = rule.evaluationIntervalMs;
  const lengthMs = reachMs + rule.forMs + 2 * everyMs;
  if (lengthMs > simulatedMsMax || lengthMs / Math.min(everyMs, scrapeIntervalMs) > stepsMax)
    return undefined;
  const zeroMs = 2 * simulatedMsMax;
  const at = firstFiring({
    ...{ rule, recordings: [], windows: [], features, fromMs: zeroMs, toMs: zeroMs + lengthMs },
    history: upSeries(examples.values(), zeroMs - reachMs, zeroMs, scrapeIntervalMs, 0),
    live: upSeries(examples.values(), zeroMs + scrapeIntervalMs, zeroMs + lengthMs, scrapeIntervalMs, share),
    counts: () => true,
  });
  return at === null ? Number.POSITIVE_INFINITY : at - zeroMs;
}

/** What the matchers ask for; undefined where they ask for a pattern, or for another kind of metric. */
function exampleOf(
  selector: Parameters<typeof selectorsOf>[0] & { kind: 'vectorSelector' },
): Labels | undefined {
  const own: Record<string, string> = {};
  for (const { name, operator, value } of selector.matchers) {
    if (operator === '=') own[name] = value;
    else if (operator === '=~' && /^[\w|-]+$/.test(value)) own[name] = value.split('|')[0]!;
    else if (operator === '=~') return undefined;
  }
  return upNames.test(own[metricName] ?? '') ? Labels.from(own) : undefined;
}

function upSeries(
  examples: Iterable<Labels>,
  fromMs: number,
  toMs: number,
  everyMs: number,
  downShare: number,
): HeldSeries {
  const series = new HeldSeries();
  const length = Math.max(1, Math.floor((toMs - fromMs) / everyMs) + 1);
  const column = { times: Float64Array.from({ length }, (_, i) => fromMs + i * everyMs), length };
  for (const labels of examples)
    for (let target = 0; target < targets; target++) {
      const isDown = target < Math.round(downShare * targets);
      const own = labels.get('instance') === '' ? labels.with({ instance: `simulated-${target}` }) : labels;
      if (!series.get(own)) series.add(own, column, new Float64Array(length).fill(isDown ? 0 : 1));
    }
  return series;
}
