// `firedrill undo`: finds the faults that a crash left behind, when neither their runner nor its watchdog lives any
// more, and takes them back.

import type { Clock } from '../../base/clock.ts';
import type { Diagnostic } from '../../base/diagnostics.ts';
import { removeAbandonedGroups } from '../kernel/cgroup2.ts';
import { removeAbandonedTrials } from '../trial-folder.ts';
import type { Journal } from './journal.ts';
import type { Lease } from './lease.ts';
import { undoAndSettle } from './settle.ts';
import { inUndoOrder } from './undo.ts';

export interface Recovery {
  /** Every lease that was not undone when we came, as it is now. */
  readonly leases: readonly Lease[];
  readonly problems: readonly Diagnostic[];
}

/** Time that processes get to end by themselves: nobody is waiting for them any more. */
const graceMs = 2000;

/** Leases of live runs are left alone; with `dryRun`, so are all. A lease that was stuck is tried again. */
export async function recover(
  journal: Journal,
  { dryRun, clock }: { dryRun: boolean; clock: Clock },
): Promise<Recovery> {
  const { leases: all, problems } = await journal.list();
  const open = all.filter((lease) => lease.state !== 'undone');
  if (dryRun) return { leases: open, problems };
  const context = { clock, graceMs, boot: journal.around.boot };
  const leases: Lease[] = [];
  // Faults before the targets that we started for them, the newest first.
  for (const lease of inUndoOrder(open)) {
    const unattended = lease.state === 'orphaned' || (await isUnattended(journal, lease));
    leases.push(unattended ? await undoAndSettle(journal, lease, context, 'found by undo') : lease);
  }
  removeAbandonedGroups();
  removeAbandonedTrials();
  await journal.prune(clock.now());
  return { leases, problems };
}

/** What was left by dead runs, also what could not be undone so far: every command warns of it. */
export async function orphans(journal: Journal): Promise<Lease[]> {
  const found: Lease[] = [];
  for (const lease of (await journal.list()).leases) {
    const isStuck = lease.state === 'stuck' && (await isUnattended(journal, lease));
    if (isStuck || lease.state === 'orphaned') found.push(lease);
  }
  return found;
}

async function isUnattended(journal: Journal, lease: Lease): Promise<boolean> {
  return !journal.isAttended(lease, await journal.runs.find(lease.run));
}
