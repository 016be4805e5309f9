// `pod-kill`: every process that the target has now is killed, and their children; what a supervisor starts in their
// place is left alone. `container-kill`: only the first process, as a container's engine sees it. `restart`: all of
// them, and then somebody has to start the target again.

import type { Clock } from '../../base/clock.ts';
import type { ActiveFault, ExtendLease } from '../fault.ts';
import { Family, processes } from '../targets/process/family.ts';
import { isSame, type ProcessStat, processKey } from '../targets/process/proc.ts';
import { sendSignal } from '../targets/process/signal.ts';
import type { ProcessId, ProcessTargetHandle } from '../targets/target.ts';
import type { PodChaosSpec } from './pod-chaos.ts';
import { stopFamily } from './stop-family.ts';

const lookEveryMs = 20;
/** Time in which a killed process must be gone; one in uninterruptible sleep may stay longer. */
const deathMsMax = 3000;

/** Time in which a supervisor must have started the target again. */
export const restartMsMax = 30_000;

export async function kill(
  target: ProcessTargetHandle,
  { action, gracePeriod, signal }: PodChaosSpec,
  clock: Clock,
  extend: ExtendLease,
): Promise<ActiveFault> {
  const before = await target.processes();
  const family = new Family(processes(action === 'container-kill' ? before.slice(0, 1) : before));
  const victims = new Set<string>();
  const all = () => {
    const members = family.look();
    return action === 'container-kill' ? members.slice(0, 1).filter(isFirst(before[0])) : members;
  };
  const look = () => {
    const members = all();
    for (const member of members) victims.add(processKey(member));
    return members;
  };
  const graceMs = gracePeriod * 1000;
  const first = signal ?? (graceMs > 0 ? 'SIGTERM' : 'SIGKILL');
  target.expectExit?.();
  if (first !== 'SIGKILL') for (const member of look()) sendSignal(member, first);
  // What the signal does is up to the target: without a grace period nothing else is sent.
  if (first !== 'SIGKILL' && graceMs === 0) return spent(target, victims.size, async () => undefined);
  for (let waitedMs = 0; waitedMs < graceMs && look().length > 0; waitedMs += lookEveryMs)
    await clock.sleep(lookEveryMs);

  // Stopped first, so that nobody forks while the others die.
  if (action !== 'container-kill') await stopFamily(look(), clock, extend);
  for (const member of look()) sendSignal(member, 'SIGKILL');
  for (let waitedMs = 0; waitedMs < deathMsMax && look().length > 0; waitedMs += lookEveryMs)
    await clock.sleep(lookEveryMs);
  const survivors = look();

  const survived = async () =>
    survivors[0] && `process ${survivors[0].pid} survived SIGKILL in state ${survivors[0].state}`;
  if (action !== 'restart') return spent(target, victims.size - survivors.length, survived);
  const old = new Set(before.map(processKey));
  const isBack = async () =>
    (await target.processes().catch(() => [])).some((id) => !old.has(processKey(id)));
  let back = await isBack();
  for (let waitedMs = 0; waitedMs < restartMsMax && !back; waitedMs += lookEveryMs) {
    await clock.sleep(lookEveryMs);
    back = await isBack();
  }
  const notBack = `nobody has started target ${target.name} again within ${restartMsMax / 1000}s`;
  return spent(
    target,
    victims.size - survivors.length,
    async () => (await survived()) ?? (back ? undefined : notBack),
  );
}

function isFirst(first: ProcessId | undefined): (stat: ProcessStat) => boolean {
  return (stat) => first !== undefined && isSame(stat, first);
}

function spent(
  target: ProcessTargetHandle,
  hits: number,
  whyNot: () => Promise<string | undefined>,
): ActiveFault {
  return {
    hits: () => hits,
    missing: async () => (hits === 0 ? `target ${target.name} had no process to kill` : await whyNot()),
    undo: async () => {},
    verifyUndone: async () => ({ undone: true, evidence: 'one-shot: nothing to take back' }),
  };
}
