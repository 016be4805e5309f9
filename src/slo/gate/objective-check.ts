// An objective as a gate: over the evaluated time, its indicator has to be at its target.

import type { Querier } from '../../promql/querier.ts';
import type { SimpleObjective } from '../objective.ts';
import { sliOver } from '../sli-over.ts';
import { measureAt } from './ask.ts';
import type { GateCheck } from './gate-report.ts';

export async function checkObjective(
  objective: SimpleObjective,
  querier: Querier,
  fromMs: number,
  toMs: number,
): Promise<GateCheck> {
  const query = sliOver(objective.sli, toMs - fromMs);
  const measured = await measureAt(querier, query, toMs);
  const { ratio, errorBudget } = objective.target;
  const base = { name: objective.displayName ?? objective.id, query, bounds: [`>= ${ratio}`], curve: [] };
  if ('missing' in measured)
    return { ...base, verdict: 'inconclusive', value: null, reason: measured.missing };
  const burnRate = errorBudget === 0 ? Number.POSITIVE_INFINITY : (1 - measured.value) / errorBudget;
  const isMet = measured.value >= ratio;
  return {
    ...base,
    verdict: isMet ? 'pass' : 'fail',
    value: measured.value,
    reason: `its error budget burned at ${Number(burnRate.toPrecision(3))} times the rate that lasts`,
  };
}
