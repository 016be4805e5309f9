// A limit that runs out, asked of a source.

import { formatDuration } from '../../base/duration.ts';
import type { Querier } from '../../promql/querier.ts';
import { curveOf } from './ask.ts';
import type { GateCheck } from './gate-report.ts';
import { type Limit, limitOutlook } from './limit.ts';

const steps = 60;

/** The trend is taken from the `lookbackMs` before `nowMs`. */
export async function checkLimit(
  limit: Limit,
  querier: Querier,
  nowMs: number,
  lookbackMs: number,
): Promise<GateCheck> {
  const { expression, floor, needs, withinMs } = limit;
  const fromMs = nowMs - lookbackMs;
  const curve = await curveOf(querier, expression, fromMs, nowMs, steps + 1);
  const base = {
    name: expression,
    query: expression,
    bounds: [
      `> ${floor} for ${formatDuration(withinMs)}${needs > 0 ? `, of which ${needs} are needed` : ''}`,
    ],
  };
  if (!curve)
    return {
      ...base,
      verdict: 'inconclusive',
      value: null,
      curve: [],
      reason: 'several series where one is needed',
    };
  const stepMs = Math.floor(lookbackMs / steps);
  const points = curve.flatMap((value, index) =>
    value === null ? [] : [{ atMs: fromMs + index * stepMs, value }],
  );
  const { status, reason, now, emptyInMs } = limitOutlook(limit, points);
  const empty =
    emptyInMs === undefined
      ? ''
      : `; by this trend nothing is left in ${formatDuration(Math.round(emptyInMs / 60_000) * 60_000)}`;
  return {
    ...base,
    verdict: status === 'no-data' ? 'inconclusive' : status,
    value: now ?? null,
    curve,
    reason: `${reason}${empty}`,
  };
}
