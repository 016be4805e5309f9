// Thresholds of k6 over the values that indicators have in the evaluated time.

import type { Querier } from '../../../promql/querier.ts';
import { curveOf } from '../ask.ts';
import type { GateCheck } from '../gate-report.ts';
import { evaluateK6Threshold, type K6Threshold } from './threshold.ts';

export interface NamedThreshold {
  readonly name: string;
  readonly query: string;
  readonly threshold: K6Threshold;
}

export async function runThreshold(
  { name, query, threshold }: NamedThreshold,
  querier: Querier,
  fromMs: number,
  toMs: number,
  stepMs: number,
): Promise<GateCheck> {
  const steps = Math.floor((toMs - fromMs) / stepMs) + 1;
  const curve = await curveOf(querier, query, fromMs, toMs, steps);
  const base = { name, query, bounds: [threshold.text] };
  if (!curve)
    return {
      ...base,
      verdict: 'inconclusive',
      value: null,
      curve: [],
      reason: 'several series where one is needed',
    };
  const result = evaluateK6Threshold(
    threshold,
    curve.filter((value) => value !== null),
  );
  if ('missing' in result)
    return { ...base, verdict: 'inconclusive', value: null, curve, reason: result.missing };
  const { met, value, count } = result;
  return { ...base, verdict: met ? 'pass' : 'fail', value, curve, reason: `of ${count} values` };
}
