// Undoes a lease that somebody else opened, and says in the journal how it went.

import type { Journal } from './journal.ts';
import type { Lease } from './lease.ts';
import { type UndoContext, undoLease } from './undo.ts';

const roundsMax = 5;

/**
 * Its owner may still add steps meanwhile (each is on disk before it acts), so the lease is undone again until the
 * record has not grown. Returns the lease as it stands afterwards.
 */
export async function undoAndSettle(
  journal: Journal,
  lease: Lease,
  context: UndoContext,
  reason: string,
): Promise<Lease> {
  let current = lease;
  for (let round = 0; round < roundsMax; round++) {
    const outcome = await undoLease(current, context);
    const latest = await journal.read(lease.id);
    if (latest && latest.undo.length > current.undo.length) {
      current = latest;
      continue;
    }
    const settled = outcome.undone
      ? ({ state: 'undone', reason: `${reason}: ${outcome.evidence}` } as const)
      : ({ state: 'stuck', reason: outcome.left.join('; ') } as const);
    await journal.settle(lease.id, settled.state, settled.reason);
    return { ...current, ...settled };
  }
  return current;
}
