// The verdicts on an alert whose time was not up: by itself, by our undo, or because the run ended.

import { humanDuration } from '../../base/duration.ts';
import { type AlertCase, type AlertFinding, type RingDuty, right, unproven } from './finding.ts';
import { whyNot } from './why-not.ts';

/** `how` says what the end of the breach came before: `before it rang`. */
export function excused({ title }: AlertCase, duty: RingDuty, how: string): AlertFinding {
  const length = humanDuration(duty.until! - duty.from);
  const allowed = humanDuration(lastDue(duty) - duty.from);
  const reason = `${title} is excused: the breach ended by itself after ${length}, ${how}, and it had ${allowed} to tell of it.`;
  return right('excused', reason);
}

export function cutShort({ title }: AlertCase, what: string): AlertFinding {
  return unproven('cut-short', `${title} cannot be judged: ${what}.`);
}

/** ` and had 12s left`, for a deadline that lies behind the end of the run. */
export function dueIn(due: number | null, endedAt: number): string {
  return due === null || due <= endedAt ? '' : ` and had ${humanDuration(due - endedAt)} left`;
}

export function underpowered(alert: AlertCase, duty: RingDuty, verb: 'fire' | 'be told'): AlertFinding {
  const { title, injectedAt } = alert;
  const due = lastDue(duty);
  const owed = verb === 'fire' ? duty.firesBy : due;
  const lasted = humanDuration(duty.until! - duty.from);
  const needed = humanDuration(due - injectedAt);
  const reason = `${title} had ${humanDuration(owed - duty.from)} to ${verb}, but the fault was undone ${lasted} after ${duty.fromWhat}; a fault of at least ${needed} would prove it.`;
  const fault = { label: 'fault needed', value: `at least ${needed}` };
  if (verb === 'be told') return unproven('underpowered', reason, [fault]);
  const until = whyNot(alert, duty.from, duty.until!);
  return unproven('underpowered', reason, [
    fault,
    { label: 'until the undo', value: until.sentence, at: duty.until! },
    ...until.evidence,
  ]);
}

function lastDue(duty: RingDuty): number {
  return Math.max(duty.firesBy, duty.notifiesBy ?? duty.firesBy);
}
