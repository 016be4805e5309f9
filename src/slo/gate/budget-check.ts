// An objective as a gate on the future: enough of its error budget must be left, and at the rate at which it burns it must last until the
// deployment has ended.

import { coarseDuration, formatDuration, humanDuration } from '../../base/duration.ts';
import type { Querier } from '../../promql/querier.ts';
import type { Budget } from '../budget/budget.ts';
import { readBudgets } from '../budget/read-budget.ts';
import type { Objective } from '../objective.ts';
import { sliOver } from '../sli-over.ts';
import type { GateCheck } from './gate-report.ts';

export interface BudgetBounds {
  /** Share of the budget that must be left. */
  readonly leastLeft: number;
  /** From now to the end of the deployment. */
  readonly withinMs: number;
}

const curveStepMs = 3_600_000;
const curvePoints = 60;

/** One, or one for each group of an SLI that is grouped by labels. */
export async function checkBudgets(
  objective: Objective,
  querier: Querier,
  nowMs: number,
  bounds: BudgetBounds,
): Promise<GateCheck[]> {
  const budgets = await readBudgets(objective, querier, { atMs: nowMs, curveStepMs });
  const parts = objective.kind === 'simple' ? [objective] : objective.parts;
  const query = parts.map(({ sli }) => sliOver(sli, objective.window.durationMs)).join('; ');
  return budgets.map((budget) => ({ query, ...judged(budget, bounds) }));
}

function judged(budget: Budget, { leastLeft, withinMs }: BudgetBounds): Omit<GateCheck, 'query'> {
  const group = Object.values(budget.labels).join(', ');
  const { left } = budget;
  const base = {
    name: `${budget.displayName ?? budget.id}${group === '' ? '' : ` (${group})`}`,
    bounds: [`>= ${leastLeft} of the budget, to last ${formatDuration(withinMs)}`],
    curve: thinned(budget.curve.map((point) => point.left)),
    value: left,
  };
  if (left === null)
    return { ...base, verdict: 'inconclusive', reason: budget.problem ?? 'its budget is not known' };
  const known = budget.data.isPartial ? ` of ${coarseDuration(budget.data.knownMs)} of data` : '';
  const share = Number.isFinite(left) ? `${percentOf(left)} left${known}` : `nothing left${known}`;
  const outlook = outlookOf(budget);
  if (left < leastLeft)
    return { ...base, verdict: 'fail', reason: `${share}, less than ${percentOf(leastLeft)}${outlook}` };
  const inMs = budget.exhaustion?.inMs ?? Number.POSITIVE_INFINITY;
  return { ...base, verdict: inMs <= withinMs ? 'fail' : 'pass', reason: `${share}${outlook}` };
}

function percentOf(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

function outlookOf({ exhaustion, status }: Budget): string {
  if (status !== 'left' || !exhaustion || exhaustion.inMs === null) return '';
  return `, exhausted in ${humanDuration(exhaustion.inMs)} at the rate of ${exhaustion.over}`;
}

function thinned(values: readonly number[]): number[] {
  const every = Math.max(1, Math.ceil(values.length / curvePoints));
  return values.filter((_, i) => (values.length - 1 - i) % every === 0);
}
