import type { FaultKind } from '../fault.ts';
import { onContainers } from '../targets/container/process-view.ts';
import { fullDisk } from './drivers/full-disk.ts';
import { fuse } from './drivers/fuse.ts';
import { readOnlyMount } from './drivers/read-only-mount.ts';
import { strace } from './drivers/strace.ts';
import { type IoChaosSpec, ioChaosSchema } from './spec.ts';

/** Files answer late, wrongly or not at all; a disk is full or read-only. */
export const ioChaos: FaultKind<IoChaosSpec> = {
  kind: 'IOChaos',
  schema: ioChaosSchema,
  isOneShot: () => false,
  onHost: ({ action }) =>
    action === 'diskFull'
      ? []
      : [
          {
            code: 'FD105',
            message: `action ${action} is of a process; on the machine itself it takes diskFull`,
          },
        ],
  drivers: [fuse, strace, fullDisk, readOnlyMount, onContainers(strace)],
};
