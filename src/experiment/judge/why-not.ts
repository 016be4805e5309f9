// Why an alert that should have fired could not: nothing to look at, a comparison that stayed false, or not true for
// long enough. The first reason that holds is the one to repair first.

import { nearest, UserError } from '../../base/diagnostics.ts';
import { humanDuration } from '../../base/duration.ts';
import { Labels } from '../../base/labels.ts';
import type { Expr } from '../../promql/ast.ts';
import { parseExpr } from '../../promql/parser.ts';
import type { PlannedRule } from '../timeline.ts';
import type { Evidence } from '../verdict.ts';
import { type DeadSelector, deadSelectorsOf } from './alive.ts';
import { explainFalse } from './explain/explain.ts';
import type { FalseExpr } from './explain/part.ts';
import { eventsOf } from './facts.ts';
import type { AlertCase } from './finding.ts';
import { isTrue, stepsOf, type Window } from './readings.ts';
import { lengthMs } from './stretches.ts';

export interface WhyNot {
  /** Without a capital letter and a full stop, to stand in a sentence. */
  readonly sentence: string;
  readonly evidence: readonly Evidence[];
}

export function whyNot(alert: AlertCase, fromMs: number, toMs: number): WhyNot {
  const { spec, rules, facts } = alert;
  const rule = rules[0];
  if (!rule) return noRule(alert);
  const stranger = otherInstance(alert);
  if (stranger) return { sentence: stranger, evidence: ruleEvidence(rule) };
  const failed = eventsOf(facts.events, 'rule.failed').find((event) => event.rule === spec.name);
  if (failed)
    return { sentence: `its rule could not be evaluated: ${failed.reason}`, evidence: ruleEvidence(rule) };
  const dead = rules.flatMap((each) => deadSelectorsOf(each, facts, alert.recording));
  if (dead.length > 0) return nothingToLookAt(rule, dead);
  const parsed = parseExpr(rule.expr, facts);
  if (!parsed.ok)
    return { sentence: `its expression is not valid: ${parsed.error.message}`, evidence: ruleEvidence(rule) };
  try {
    const window = { fromMs, toMs, stepMs: rule.evaluationIntervalMs, features: facts.features };
    return whyNotTrue(alert, rule, parsed.expr, window);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { sentence: `its expression fails on this data: ${error.message}`, evidence: ruleEvidence(rule) };
  }
}

/** It fired, with the labels that the entry asks for, but for something else than what was broken. */
function otherInstance({ spec, facts, injectedAt }: AlertCase): string | undefined {
  const other = eventsOf(facts.events, 'alert.firing').find(
    ({ at, alert, labels }) =>
      at >= injectedAt &&
      alert === spec.name &&
      Object.entries(spec.labels).every(([name, value]) => labels[name] === value),
  );
  return other && `it fired only for ${Labels.from(other.labels)}, whose labels are not those of the target`;
}

function noRule({ spec, facts }: AlertCase): WhyNot {
  const names = new Set(
    facts.events.flatMap((event) => ('alert' in event && event.alert !== spec.name ? [event.alert] : [])),
  );
  const similar = nearest(spec.name, names);
  const hint = similar === undefined ? '' : `; there is one named ${similar}`;
  return { sentence: `no rule with this name and these labels is loaded${hint}`, evidence: [] };
}

function nothingToLookAt(rule: PlannedRule, dead: readonly DeadSelector[]): WhyNot {
  const [first] = dead;
  return {
    sentence: `its selector ${first!.text} returned no series: ${first!.why}`,
    evidence: [
      ...ruleEvidence(rule),
      ...dead.map(({ text, why }) => ({ label: 'no series', value: `${text}: ${why}` })),
    ],
  };
}

function whyNotTrue(alert: AlertCase, rule: PlannedRule, expr: Expr, window: Window): WhyNot {
  const evidence = ruleEvidence(rule);
  if (alert.history.pending.length > 0) return notLongEnough(alert, rule, expr, window);
  const truths = stepsOf(alert.recording, expr, window).filter((step) => isTrue(expr, step));
  if (truths.length === 0) {
    const reason = explainFalse(expr, falseExpr(alert, rule, window));
    return { sentence: reason.sentence, evidence: [...evidence, ...reason.evidence] };
  }
  const times = truths.length === 1 ? 'once' : `at ${truths.length} readings`;
  const sentence = `its expression was true in the recording ${times}, but no evaluation made it pending`;
  return { sentence, evidence: [...evidence, { label: 'true', value: times, at: truths[0]!.at }] };
}

/** It was pending; what ended the longest time is the other half of the answer. */
function notLongEnough(alert: AlertCase, rule: PlannedRule, expr: Expr, window: Window): WhyNot {
  const longest = alert.history.pending
    .map(({ from, to }) => ({ from, to: to ?? alert.facts.endedAt, open: to === null }))
    .reduce((best, one) => (lengthMs(one) > lengthMs(best) ? one : best));
  const length = humanDuration(lengthMs(longest));
  const asked = humanDuration(rule.forMs);
  const moment = { ...window, fromMs: longest.to, toMs: longest.to };
  const ended =
    longest.open || stepsOf(alert.recording, expr, moment).some((step) => isTrue(expr, step))
      ? []
      : [
          {
            label: 'ended when',
            value: explainFalse(expr, falseExpr(alert, rule, moment)).sentence,
            at: longest.to,
          },
        ];
  return {
    sentence: `it was pending for ${length} at a time, and its "for" asks for ${asked}`,
    evidence: [
      ...ruleEvidence(rule),
      { label: 'longest pending', value: `${length} of ${asked}`, at: longest.from },
      ...ended,
    ],
  };
}

function falseExpr({ recording, facts }: AlertCase, rule: PlannedRule, window: Window): FalseExpr {
  return { text: rule.expr, recording, window, scrapeIntervalMs: facts.plan?.scrapeIntervalMs ?? 0 };
}

function ruleEvidence(rule: PlannedRule): Evidence[] {
  const wait = rule.forMs > 0 ? ` for ${humanDuration(rule.forMs)}` : '';
  return [{ label: 'rule', value: `${rule.expr}${wait}` }];
}
