import type { FaultKind } from '../fault.ts';
import { changedFile } from './drivers/changed-file.ts';
import { heldConnections } from './drivers/held-connections.ts';
import { type ProcessChaosSpec, processChaosSchema } from './spec.ts';

/** A process finds a file gone, unreadable, wrong or expired, or its connections used up. */
export const processChaos: FaultKind<ProcessChaosSpec> = {
  kind: 'ProcessChaos',
  schema: processChaosSchema,
  isOneShot: () => false,
  drivers: [changedFile, heldConnections],
};
