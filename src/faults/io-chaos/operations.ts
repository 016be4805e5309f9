// IOChaos names operations as FUSE does, so a file system is asked for them by these names. Some are never asked for:
// the kernel answers them itself (access, locks), or waits for no answer (forget, release).

import { type IoChaosSpec, type IoMethod, ioMethods } from './spec.ts';

const neverAsked: readonly IoMethod[] = [
  'forget',
  'release',
  'releasedir',
  'access',
  'getlk',
  'setlk',
  'bmap',
];

const asked = ioMethods.filter((method) => !neverAsked.includes(method));
const making: readonly IoMethod[] = ['create', 'mkdir', 'mknod', 'symlink', 'link'];

/** What each action can be done to. */
const operationsOf: Readonly<Record<IoChaosSpec['action'], readonly IoMethod[]>> = {
  latency: asked,
  fault: asked,
  attrOverride: ['lookup', 'getattr', 'setattr', ...making],
  // Never what is written: it would stay on the disk.
  mistake: ['read'],
  diskFull: ['write', 'statfs', ...making],
  readOnly: ['open', 'write', 'setattr', 'unlink', 'rmdir', 'rename', 'setxattr', 'removexattr', ...making],
};

export interface OperationChoice {
  readonly operations: readonly IoMethod[];
  /** Operations that were asked for by name and to which the action cannot be done. */
  readonly impossible: readonly IoMethod[];
}

/** The operations that a fault acts on; without `methods`, all that it can act on. */
export function chooseOperations({
  action,
  methods,
}: Pick<IoChaosSpec, 'action' | 'methods'>): OperationChoice {
  const possible = operationsOf[action];
  if (methods.length === 0) return { operations: possible, impossible: [] };
  return {
    operations: possible.filter((method) => methods.includes(method)),
    impossible: methods.filter((method) => !possible.includes(method)),
  };
}
