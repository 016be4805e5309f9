// Each alert of the experiment beside the rules that it names: how they route, and how long they take at worst.

import type { LabelRecord } from '../../base/labels.ts';
import { printExpr } from '../../promql/printer.ts';
import { selectorsOf } from '../../promql/walk.ts';
import { predictRule } from '../judge/predict.ts';
import type { AlertSpec } from '../model.ts';
import { burnPairsOf, detectionMs } from '../projection/burn-pairs.ts';
import type { PlannedAlert, PlannedRecording, PlannedRule } from '../timeline.ts';
import { type KnownRule, longestRangeMs } from './known-rule.ts';

type Route = PlannedRule['routes'][number];

/** Where the routing tree sends an alert with these labels; empty without an Alertmanager. */
export type Routing = (labels: LabelRecord) => readonly Route[];

export function planAlerts(
  specs: readonly AlertSpec[],
  rules: readonly KnownRule[],
  routing: Routing,
  scrapeIntervalMs: number,
  recordings: readonly PlannedRecording[] = [],
): PlannedAlert[] {
  return specs.map((spec) => ({
    name: spec.name,
    labels: spec.labels,
    rules: rules
      .filter((rule) => rule.name === spec.name && !contradicts(rule.labels, spec.labels))
      .map((rule) => planRule(rule, spec, routing, scrapeIntervalMs, recordings)),
  }));
}

function planRule(
  rule: KnownRule,
  spec: AlertSpec,
  routing: Routing,
  scrapeIntervalMs: number,
  recordings: readonly PlannedRecording[],
): PlannedRule {
  const routes = routing({ ...spec.labels, ...rule.labels, alertname: rule.name });
  const rangeMs = longestRangeMs(rule.expr);
  // Of several receivers the slowest bounds when all that should know are told.
  const prediction = predictRule({
    ...rule,
    scrapeIntervalMs,
    rangeMs: rangeMs > 0 ? rangeMs : windowsFullAfterMs(rule, recordings),
    groupWaitMs: Math.max(0, ...routes.map((route) => route.groupWaitMs)),
    groupIntervalMs: Math.max(0, ...routes.map((route) => route.groupIntervalMs)),
  });
  return {
    group: rule.group,
    file: rule.file,
    expr: rule.exprText,
    labels: rule.labels,
    annotations: rule.annotations,
    forMs: rule.forMs,
    keepFiringForMs: rule.keepFiringForMs,
    evaluationIntervalMs: rule.evaluationIntervalMs,
    ...(rule.upstreamEvaluationMs > 0 ? { upstreamEvaluationMs: rule.upstreamEvaluationMs } : {}),
    selectors: selectorsOf(rule.expr).map((use) => ({
      text: printExpr(use.selector),
      onlyInAbsent: use.onlyInAbsent,
    })),
    longestRangeMs: rangeMs,
    routes,
    worstFiringMs: prediction.worstFiringMs,
    worstNotifiedMs: prediction.worstNotifiedMs,
  };
}

/** Of a burn-rate alert on recorded ratios: until a total outage has filled enough of their windows. */
function windowsFullAfterMs({ expr }: KnownRule, recordings: readonly PlannedRecording[]): number {
  const pairs = burnPairsOf(expr, recordings);
  const ms = pairs ? detectionMs(pairs, 1) : 0;
  return Number.isFinite(ms) ? Math.round(ms) : 0;
}

/** A rule whose own labels give another value to a label that the entry names cannot be the one that is meant. */
function contradicts(ruleLabels: LabelRecord, specLabels: LabelRecord): boolean {
  return Object.entries(specLabels).some(
    ([name, value]) =>
      ruleLabels[name] !== undefined && !ruleLabels[name].includes('{{') && ruleLabels[name] !== value,
  );
}
