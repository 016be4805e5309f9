// The way back from what several faults share, such as a redirect: each step is in the lease of every fault that needs
// it before what it takes back is done, so that the last of them can take it back, whoever came first.

import type { ExtendLease } from '../fault.ts';
import type { UndoStep } from './lease.ts';

export class SharedSteps {
  readonly #leases = new Set<ExtendLease>();
  readonly #steps: UndoStep[] = [];

  /** Into the leases of all who share. */
  readonly extend: ExtendLease = async (steps) => {
    this.#steps.push(...steps);
    for (const lease of this.#leases) await lease(steps);
  };

  /** From now on the lease has what was done before and what will be. */
  async join(lease: ExtendLease): Promise<void> {
    this.#leases.add(lease);
    if (this.#steps.length > 0) await lease([...this.#steps]);
  }

  leave(lease: ExtendLease): void {
    this.#leases.delete(lease);
  }
}
