import type { FaultKind } from '../fault.ts';
import { changedFile } from './drivers/changed-file.ts';
import { failingDependency } from './drivers/dependency.ts';
import { changedEnvironment } from './drivers/environment.ts';
import { heldConnections } from './drivers/held-connections.ts';
import { type ProcessChaosSpec, processChaosSchema } from './spec.ts';

/** A process finds a file gone, unreadable, wrong or expired, its variables or what it calls wrong, or its connections used up. */
export const processChaos: FaultKind<ProcessChaosSpec> = {
  kind: 'ProcessChaos',
  schema: processChaosSchema,
  isOneShot: () => false,
  drivers: [changedFile, changedEnvironment, failingDependency, heldConnections],
};
