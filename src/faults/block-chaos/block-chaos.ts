import type { FaultKind } from '../fault.ts';
import { onContainers } from '../targets/container/process-view.ts';
import { blkio } from './drivers/blkio.ts';
import { type BlockChaosSpec, blockChaosSchema } from './spec.ts';

/** A block device gives a target only so much. */
export const blockChaos: FaultKind<BlockChaosSpec> = {
  kind: 'BlockChaos',
  schema: blockChaosSchema,
  isOneShot: () => false,
  drivers: [blkio, onContainers(blkio)],
};
