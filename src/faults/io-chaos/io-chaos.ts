import type { FaultKind } from '../fault.ts';
import { onContainers } from '../targets/container/process-view.ts';
import { fullDisk } from './drivers/full-disk.ts';
import { readOnlyMount } from './drivers/read-only-mount.ts';
import { strace } from './drivers/strace.ts';
import { type IoChaosSpec, ioChaosSchema } from './spec.ts';

/** Files answer late, wrongly or not at all; a disk is full or read-only. */
export const ioChaos: FaultKind<IoChaosSpec> = {
  kind: 'IOChaos',
  schema: ioChaosSchema,
  isOneShot: () => false,
  drivers: [strace, fullDisk, readOnlyMount, onContainers(strace)],
};
