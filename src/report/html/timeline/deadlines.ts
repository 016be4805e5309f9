// When an alert owes something: by when it must fire, be told and be over.

import type { AlertSpec } from '../../../experiment/model.ts';
import type { Verdict } from '../../../experiment/verdict.ts';

export interface Deadline {
  readonly what: 'fires' | 'notifies' | 'resolves';
  readonly atMs: number;
  /** `must fire`. */
  readonly text: string;
}

/**
 * `fires` and `notifies` count from the breach (`rings`: from the injection), `resolves` from the undo. Without that
 * event the alert owes nothing of the kind.
 */
export function deadlinesOf(
  alert: AlertSpec,
  breachedAt: number | null,
  bounds: Pick<Verdict['times'], 'injected' | 'undone'>,
): Deadline[] {
  if (alert.expect === 'quiet' || alert.expect === 'any') return [];
  const from = alert.expect === 'rings' ? bounds.injected : breachedAt;
  const deadlines: Deadline[] = [];
  const add = (what: Deadline['what'], start: number | null, withinMs: number | undefined, text: string) => {
    if (start !== null && withinMs !== undefined) deadlines.push({ what, atMs: start + withinMs, text });
  };
  add('fires', from, alert.firesWithinMs, 'must fire');
  add('notifies', from, alert.notifies?.withinMs, 'must be told');
  if (from !== null) add('resolves', bounds.undone, alert.resolvesWithinMs, 'must be resolved');
  return deadlines;
}
