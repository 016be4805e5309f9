// What the drill would cost of a budget of 30 days, at the service's own traffic, and how long an outage may be before
// somebody is paged: the two figures that say whether the alerts fit the budget.

import { parseExpr } from '../../promql/parser.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import type { AlertSpec, Experiment } from '../model.ts';
import { burnPairsOf, detectionMs } from '../projection/burn-pairs.ts';
import type { PlannedRule } from '../timeline.ts';
import type { ObjectiveCost } from '../verdict.ts';
import { type Budgeted, budgetedOf, budgetPeriodMs } from './budgeted.ts';
import type { RunFacts } from './facts.ts';
import type { ObjectiveFinding } from './objective-finding.ts';
import { forTicksMs } from './predict.ts';

/** One for each objective with a budget whose data are there; none when nothing was injected. */
export function costsOf(
  experiment: Experiment,
  facts: RunFacts,
  recording: Queryable,
  findings: readonly ObjectiveFinding[],
): ObjectiveCost[] {
  const { injectedAt } = facts;
  if (injectedAt === null) return [];
  return findings.flatMap((finding) => {
    const budgeted = budgetedOf(finding.spec, facts, recording);
    const spent = budgeted && spentIn(budgeted, facts, injectedAt, endOf(finding, facts));
    return spent ? [{ ...spent, ...pagingOutages(experiment, facts, finding.spec.name) }] : [];
  });
}

/** The drill's part of the run: to the recovery of an objective that broke, else to when the fault was gone. */
function endOf({ verdict }: ObjectiveFinding, { undoneAt, endedAt }: RunFacts): number {
  if (verdict.times.breached !== null) return verdict.times.recovered ?? endedAt;
  return undoneAt ?? endedAt;
}

function spentIn(
  budgeted: Budgeted,
  facts: RunFacts,
  fromMs: number,
  toMs: number,
): Omit<ObjectiveCost, 'pagesAfter' | 'unpagedMs'> | undefined {
  const { objective, errorBudget } = budgeted;
  const badShare = budgeted.badShare(fromMs, toMs);
  if (badShare === undefined) return undefined;
  const events = budgeted.events(fromMs, toMs);
  const before = budgeted.events(facts.baselineAt ?? facts.startedAt, fromMs);
  const baselineMs = fromMs - (facts.baselineAt ?? facts.startedAt);
  const badMs = badShare * (toMs - fromMs);
  // A fault also takes traffic away: what the budget is of is what the service has without it.
  const expected = before && (before.total / baselineMs) * budgetPeriodMs * errorBudget;
  const budgetShare = expected && events ? events.bad / expected : badMs / (budgetPeriodMs * errorBudget);
  return {
    objective,
    errorBudget,
    lengthMs: toMs - fromMs,
    badMs,
    badEvents: events ? Math.round(events.bad) : null,
    events: events ? Math.round(events.total) : null,
    budgetShare,
    wholeOutageMs: budgetPeriodMs * errorBudget,
  };
}

/** Of a total outage, over the alerts that guard the objective and notify; all that guard it where none does. */
function pagingOutages(
  { alerts }: Experiment,
  { plan, features }: RunFacts,
  objective: string,
): Pick<ObjectiveCost, 'pagesAfter' | 'unpagedMs'> {
  const guards = alerts
    .map((spec, entry) => ({ spec, rules: plan?.alerts[entry]?.rules ?? [] }))
    .filter(({ spec, rules }) => spec.guards.includes(objective) && rules.length > 0 && owesRinging(spec));
  const paging = guards.filter(({ spec }) => spec.notifies !== undefined);
  const lengths = (paging.length > 0 ? paging : guards).flatMap(({ spec, rules }) =>
    rules.map((rule) => {
      const parsed = parseExpr(rule.expr, { features });
      const pairs = parsed.ok ? burnPairsOf(parsed.expr, plan?.recordings ?? []) : undefined;
      const detectedMs = pairs && Math.round(detectionMs(pairs, 1));
      return { alert: spec.name, ...outageFor(rule, plan!.scrapeIntervalMs, detectedMs) };
    }),
  );
  const soonest = lengths.toSorted((a, b) => a.leastMs - b.leastMs)[0];
  const most = Math.min(...lengths.map(({ mostMs }) => mostMs));
  return {
    pagesAfter:
      soonest && Number.isFinite(soonest.leastMs) ? { alert: soonest.alert, ms: soonest.leastMs } : null,
    unpagedMs: lengths.length > 0 && Number.isFinite(most) ? most : null,
  };
}

function owesRinging({ expect }: AlertSpec): boolean {
  return expect === 'follows' || expect === 'rings';
}

/** With every tick at its best moment, and at its worst: the shortest that may fire, the longest that may not. */
function outageFor(
  rule: PlannedRule,
  scrapeIntervalMs: number,
  detectedMs: number | undefined,
): { readonly leastMs: number; readonly mostMs: number } {
  const waitMs = forTicksMs(rule.forMs, rule.evaluationIntervalMs);
  if (detectedMs === undefined) return { leastMs: waitMs, mostMs: rule.worstFiringMs };
  const ticksMs = scrapeIntervalMs + (rule.upstreamEvaluationMs ?? 0) + rule.evaluationIntervalMs;
  return { leastMs: detectedMs + waitMs, mostMs: detectedMs + ticksMs + waitMs };
}
