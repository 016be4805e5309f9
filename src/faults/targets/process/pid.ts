// `process.pid`: one process that runs already, and its descendants.

import { UserError } from '../../../base/diagnostics.ts';
import type { Guard } from '../guard.ts';
import type { ProcessTargetHandle } from '../target.ts';
import { Family, processes } from './family.ts';
import { identify } from './proc.ts';
import { runningTarget, type TargetIdentity } from './running.ts';

/** FD505 when there is no such process, FD506 and FD51x when it must not be acted on. */
export function pidTarget(identity: TargetIdentity, pid: number, guard: Guard): ProcessTargetHandle {
  const root = identify(pid);
  if (!root) throw UserError.of('FD505', `target ${identity.name}: there is no process ${pid}`);
  const family = new Family(processes([root]));
  return runningTarget(identity, guard, () => family.look());
}
