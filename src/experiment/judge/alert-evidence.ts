// The hops of one alert with their times, in the order in which they happen.

import { humanDuration } from '../../base/duration.ts';
import type { AlertSpec } from '../model.ts';
import type { AlertVerdict, Evidence } from '../verdict.ts';
import type { Told } from './alert-history.ts';
import type { RunFacts } from './facts.ts';
import { around, sinceUndo } from './moments.ts';

export function alertEvidence(
  spec: AlertSpec,
  times: AlertVerdict['times'],
  told: readonly Told[],
  facts: RunFacts,
  predicted: AlertVerdict['predicted'],
): Evidence[] {
  const { injectedAt } = facts;
  if (injectedAt === null) return [];
  const fromInjection = (at: number) => around(at - injectedAt, 'the injection');
  const { breached } = times;
  const after =
    spec.expect === 'rings' || breached === null
      ? fromInjection
      : (at: number) => around(at - breached, 'the breach');
  const fact = (label: string, at: number | null, value: (at: number) => string): Evidence[] =>
    at === null ? [] : [{ label, value: value(at), at }];
  return [
    ...fact('breach', breached, fromInjection),
    ...fact('pending', times.pending, after),
    ...fact('firing', times.firing, after),
    ...firstTold(told).flatMap(({ receiver, status, at }) =>
      fact(`${status === 'firing' ? 'told' : 'told resolved'} ${receiver}`, at, after),
    ),
    ...fact('resolved', times.resolved, (at) => sinceUndo(at, facts)),
    ...(predicted === null ? [] : [{ label: 'worst case', value: worstCaseWords(predicted) }]),
  ];
}

function worstCaseWords({ firingMs, notifiedMs }: NonNullable<AlertVerdict['predicted']>): string {
  return `firing ${humanDuration(firingMs)}, told ${humanDuration(notifiedMs)} after the condition is true`;
}

/** For each receiver the first notification of each status. */
function firstTold(told: readonly Told[]): Told[] {
  const seen = new Set<string>();
  return told.filter(({ receiver, status }) => {
    const key = `${receiver} ${status}`;
    return !seen.has(key) && seen.add(key);
  });
}
