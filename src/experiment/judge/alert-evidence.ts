// The hops of one alert with their times, in the order in which they happen.

import { humanDuration } from '../../base/duration.ts';
import type { AlertSpec } from '../model.ts';
import type { AlertVerdict, Evidence } from '../verdict.ts';
import type { AlertHistory, Interval, Told } from './alert-history.ts';
import type { RunFacts } from './facts.ts';

export function alertEvidence(
  spec: AlertSpec,
  history: AlertHistory,
  breached: number | null,
  facts: RunFacts,
  predicted: AlertVerdict['predicted'],
): Evidence[] {
  const { injectedAt } = facts;
  if (injectedAt === null) return [];
  const from = spec.expect === 'rings' ? injectedAt : breached;
  const after = (at: number) =>
    from === null
      ? `${offset(at - injectedAt)} the injection`
      : `${offset(at - from)} ${spec.expect === 'rings' ? 'the injection' : 'the breach'}`;
  const later = <T extends Interval>(interval: T) => interval.from >= injectedAt;
  const pending = history.pending.find(later);
  const firing = history.firing.find(later);
  const told = firstTold(history.told.filter(({ at }) => at >= injectedAt));
  const resolvedAt = firing ? (history.firing.at(-1)!.to ?? null) : null;
  return [
    ...(breached === null
      ? []
      : [{ label: 'breach', value: `${offset(breached - injectedAt)} the injection`, at: breached }]),
    ...(pending ? [{ label: 'pending', value: after(pending.from), at: pending.from }] : []),
    ...(firing ? [{ label: 'firing', value: after(firing.from), at: firing.from }] : []),
    ...told.map((each) => ({
      label: `${each.status === 'firing' ? 'told' : 'told resolved'} ${each.receiver}`,
      value: after(each.at),
      at: each.at,
    })),
    ...(resolvedAt === null
      ? []
      : [{ label: 'resolved', value: sinceUndo(resolvedAt, facts), at: resolvedAt }]),
    ...(predicted === null
      ? []
      : [
          {
            label: 'worst case',
            value: `firing ${humanDuration(predicted.firingMs)}, told ${humanDuration(predicted.notifiedMs)} after the breach`,
          },
        ]),
  ];
}

/** For each receiver the first notification of each status. */
function firstTold(told: readonly Told[]): Told[] {
  const seen = new Set<string>();
  return told.filter(({ receiver, status }) => {
    const key = `${receiver} ${status}`;
    return !seen.has(key) && seen.add(key);
  });
}

function offset(ms: number): string {
  return ms < 0 ? `${humanDuration(-ms)} before` : `${humanDuration(ms)} after`;
}

function sinceUndo(at: number, { undoneAt }: RunFacts): string {
  return undoneAt === null ? 'before the undo' : `${offset(at - undoneAt)} the undo`;
}
