// What a verdict owes to what the windows held before the fault. A rule that reads a trend, an age, an earlier time or an
// absence needs real data for it; a burn-rate alert is judged with three histories, and must not depend on which it had.

import { UserError } from '../../base/diagnostics.ts';
import { humanDuration } from '../../base/duration.ts';
import { parseExpr } from '../../promql/parser.ts';
import { selectorsOf } from '../../promql/walk.ts';
import { type BurnRate, burnRateOf } from '../history/burn-rate.ts';
import { realDataNeeds } from '../history/needed.ts';
import { firstFiring } from '../history/replay.ts';
import { Supposition } from '../history/supposed.ts';
import { windowsOf } from '../history/windows.ts';
import type { PlannedRule } from '../timeline.ts';
import { instanceFilter } from './alert-history.ts';
import { breachDuty, faultDuty } from './duty.ts';
import { eventsOf } from './facts.ts';
import { type AlertCase, type AlertFinding, unproven } from './finding.ts';

/** Verdicts that rest on when the alert fired, or that it did not. */
const restsOnTime: ReadonlySet<AlertFinding['verdict']> = new Set([
  'rang',
  'early',
  'quiet',
  'excused',
  'missed',
  'late',
  'false-alarm',
  'unresolved',
  'let-go',
  'flapping',
  'underpowered',
  'would-ring',
]);

/** The finding, or that it cannot be known with the data that there are. */
export function withHistory(alert: AlertCase, finding: AlertFinding): AlertFinding {
  if (!restsOnTime.has(finding.verdict)) return finding;
  try {
    for (const rule of alert.rules) {
      const found = historyNeeded(alert, rule) ?? historySensitive(alert, rule, finding);
      if (found) return found;
    }
    return finding;
  } catch (error) {
    // An expression that fails on supposed data says nothing about the real ones.
    if (error instanceof UserError) return finding;
    throw error;
  }
}

function historyNeeded(alert: AlertCase, rule: PlannedRule): AlertFinding | undefined {
  const parsed = parseExpr(rule.expr, alert.facts);
  const needs = parsed.ok ? realDataNeeds(parsed.expr) : [];
  if (!parsed.ok || needs.length === 0) return undefined;
  const until = alert.facts.undoingAt ?? alert.facts.endedAt;
  const realMs = Math.max(0, until - realSince(alert, parsed.expr));
  const need = needs.find(({ lengthMs }) => lengthMs > realMs);
  if (!need) return undefined;
  const reason = `${alert.title} reads ${need.what} over ${humanDuration(need.lengthMs)}, and there are real data of ${humanDuration(realMs)}: only a system with that history can tell.`;
  return unproven('history-needed', reason, [
    { label: 'reads', value: `${need.what} over ${humanDuration(need.lengthMs)}` },
    { label: 'real data', value: humanDuration(realMs) },
  ]);
}

/** Since when what the rule selects was really measured: by this run, or by what its history was read from. */
function realSince(alert: AlertCase, expr: Parameters<typeof selectorsOf>[0]): number {
  const { facts, live } = alert;
  const real = eventsOf(facts.events, 'history.warmed')[0]?.real?.sinceMs;
  const begins = selectorsOf(expr).flatMap(({ matchers }) =>
    live
      .select(matchers, Number.NEGATIVE_INFINITY, facts.endedAt)
      .map(({ column, first }) => column.times[first]!),
  );
  return Math.min(real ?? facts.endedAt, ...begins);
}

interface Firing {
  readonly history: string;
  /** Unix milliseconds; null when it stayed silent to the end of the run. */
  readonly at: number | null;
}

function historySensitive(
  alert: AlertCase,
  rule: PlannedRule,
  finding: AlertFinding,
): AlertFinding | undefined {
  // What was projected has no time that a history could change; what was not proven stays so.
  if (finding.verdict === 'would-ring' || finding.verdict === 'underpowered') return undefined;
  const parsed = parseExpr(rule.expr, alert.facts);
  const burn = parsed.ok ? burnRateOf(parsed.expr, alert.facts.plan?.recordings ?? []) : undefined;
  const supposed = burn && supposedFirings(alert, rule, burn);
  if (!supposed) return undefined;
  const firings = [{ history: 'as observed', at: alert.history.firing[0]?.from ?? null }, ...supposed];
  const outcome = outcomesOf(alert);
  if (new Set(firings.map(({ at }) => outcome(at))).size < 2) return undefined;
  const words = firings.map(({ history, at }) => `${history} ${whenWords(alert, at)}`);
  const reason = `${alert.title} depends on what its windows held before the fault: ${words.join(', ')}. In production it may be any of them.`;
  return unproven(
    'history-sensitive',
    reason,
    firings.map(({ history, at }) => ({
      label: history,
      value: whenWords(alert, at),
      ...(at === null ? {} : { at }),
    })),
  );
}

function supposedFirings(alert: AlertCase, rule: PlannedRule, burn: BurnRate): Firing[] | undefined {
  const { facts, live, injectedAt, experiment, spec } = alert;
  const parsed = parseExpr(rule.expr, facts);
  if (!parsed.ok) return undefined;
  const recordings = facts.plan?.recordings ?? [];
  // The run itself covers nothing of what was before it.
  const windows = windowsOf([parsed.expr], recordings, 0);
  const warmed = eventsOf(facts.events, 'history.warmed')[0];
  const { endedAt: toMs, features } = facts;
  const supposition = new Supposition({
    burn,
    plan: { ...windows, lengthMsMax: null, samplesMax: experiment.history?.samplesMax ?? samplesMax },
    ...{ live, injectedAtMs: injectedAt, endedAtMs: toMs, seed: experiment.seed, features },
    steadyFromMs: warmed?.steadyFromMs ?? facts.baselineAt ?? facts.startedAt,
  });
  const counts = instanceFilter(spec, experiment);
  const firings = ([0, 1] as const).map((burnRate): Firing | undefined => {
    const history = supposition.at(burnRate);
    return (
      history && {
        history: burnRate === 0 ? 'with a clean history' : 'with one that burns exactly its budget',
        at: firstFiring({
          ...{ rule, ...windows, history, live, features, fromMs: injectedAt, toMs },
          counts: (labels) => counts(spec.name, labels),
        }),
      }
    );
  });
  const known = firings.filter((firing) => firing !== undefined);
  return known.length < firings.length ? undefined : known;
}

const samplesMax = 20_000_000;

/** What a firing at some time means for the alert: the same word is the same verdict. */
function outcomesOf(alert: AlertCase): (at: number | null) => 'silent' | 'in time' | 'late' {
  const { spec, facts } = alert;
  const duty =
    spec.expect === 'rings' ? faultDuty(alert) : spec.expect === 'follows' ? breachDuty(alert) : undefined;
  const due = duty?.firesBy ?? facts.endedAt;
  return (at) => (at === null ? 'silent' : at <= due ? 'in time' : 'late');
}

function whenWords({ injectedAt }: AlertCase, at: number | null): string {
  return at === null ? 'it never fires' : `it fires ${humanDuration(at - injectedAt)} after the injection`;
}
