// What both the tests and the programs that they start use; it must not need vitest.

import { systemBoot } from '../../../src/faults/leases/boot.ts';
import { Journal } from '../../../src/faults/leases/journal.ts';
import type { Lease } from '../../../src/faults/leases/lease.ts';

export function journalIn(state: string): Journal {
  return new Journal({ state, uid: process.getuid!(), boot: systemBoot });
}

/** A lease of a dead owner, unless said otherwise. */
export function exampleLease(changes: Partial<Lease> = {}): Lease {
  return {
    id: 'run-a.001',
    run: 'run-a',
    fault: 'pod-chaos',
    target: 'app',
    state: 'active',
    createdAt: Date.now(),
    expiresAtBootMs: systemBoot.nowMs() + 60_000,
    expiresAt: Date.now() + 60_000,
    owner: { pid: 999_999, startTime: 1, bootId: systemBoot.id },
    undo: [],
    ...changes,
  };
}
