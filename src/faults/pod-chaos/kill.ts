// `pod-kill`: every process that the target has now is killed, and their children; what a supervisor starts in their
// place is left alone.

import type { Clock } from '../../base/clock.ts';
import type { ActiveFault, ExtendLease } from '../fault.ts';
import { Family, processes } from '../targets/process/family.ts';
import { processKey } from '../targets/process/proc.ts';
import { sendSignal } from '../targets/process/signal.ts';
import type { ProcessTargetHandle } from '../targets/target.ts';
import { stopFamily } from './stop-family.ts';

const lookEveryMs = 20;
/** Time in which a killed process must be gone; one in uninterruptible sleep may stay longer. */
const deathMsMax = 3000;

export async function kill(
  target: ProcessTargetHandle,
  graceMs: number,
  clock: Clock,
  extend: ExtendLease,
): Promise<ActiveFault> {
  const family = new Family(processes(await target.processes()));
  const victims = new Set<string>();
  const look = () => {
    const members = family.look();
    for (const member of members) victims.add(processKey(member));
    return members;
  };
  target.expectExit?.();
  if (graceMs > 0) for (const member of look()) sendSignal(member, 'SIGTERM');
  for (let waitedMs = 0; waitedMs < graceMs && look().length > 0; waitedMs += lookEveryMs)
    await clock.sleep(lookEveryMs);

  // Stopped first, so that nobody forks while the others die.
  await stopFamily(look(), clock, extend);
  for (const member of look()) sendSignal(member, 'SIGKILL');
  for (let waitedMs = 0; waitedMs < deathMsMax && look().length > 0; waitedMs += lookEveryMs)
    await clock.sleep(lookEveryMs);
  const survivors = look();

  return {
    hits: () => victims.size - survivors.length,
    missing: async () =>
      victims.size === 0
        ? `target ${target.name} had no process to kill`
        : survivors[0] && `process ${survivors[0].pid} survived SIGKILL in state ${survivors[0].state}`,
    undo: async () => {},
    verifyUndone: async () => ({ undone: true, evidence: 'one-shot: nothing to take back' }),
  };
}
