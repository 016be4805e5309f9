// Two runs never act on one process: what each did could then no longer be told apart, or be undone in order.

import { isSame } from '../targets/process/proc.ts';
import type { ProcessId } from '../targets/target.ts';
import type { Boot } from './boot.ts';
import type { Lease } from './lease.ts';
import { ownPidNamespace, seenFromHere } from './pid-namespace.ts';

/** The leases, not undone, that hold one of these processes. Targets that a run starts itself never conflict. */
export function conflicting(leases: readonly Lease[], processes: readonly ProcessId[], boot: Boot): Lease[] {
  return leases.filter(
    (lease) =>
      lease.state !== 'undone' &&
      lease.owner.bootId === boot.id &&
      lease.processes?.some((held) => processes.some((process) => isHeld(held, process, lease))),
  );
}

function isHeld(held: ProcessId, process: ProcessId, { owner: { pidNamespace } }: Lease): boolean {
  if (pidNamespace === undefined || pidNamespace === ownPidNamespace()) return isSame(held, process);
  const seen = seenFromHere(held, pidNamespace);
  return typeof seen !== 'string' && isSame(seen, process);
}
