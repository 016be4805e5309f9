// Stops processes and whatever they fork while they are being stopped.

import type { Clock } from '../../base/clock.ts';
import type { ExtendLease } from '../fault.ts';
import type { UndoStep } from '../leases/lease.ts';
import { Family, processes } from '../targets/process/family.ts';
import { isStopped, type ProcessStat, processKey, statOf } from '../targets/process/proc.ts';
import { sendSignal } from '../targets/process/signal.ts';
import type { ProcessId } from '../targets/target.ts';

/** A process stops when it next leaves the kernel; uninterruptible sleep (D) may take this long. */
const stopMsMax = 2000;
const lookEveryMs = 5;
/** Parents are stopped before their children, so each round finds fewer; more rounds than this means nothing stops. */
const roundsMax = 100;

/**
 * Every process is in the lease before it is stopped, and in `stopped` from then on, also when a later one fails. One
 * that was stopped already is left as it is: who stopped it decides when it goes on.
 */
export async function stopFamily(
  first: readonly ProcessId[],
  clock: Clock,
  extend: ExtendLease,
  stopped: ProcessId[] = [],
): Promise<void> {
  const family = new Family(processes(first));
  const seen = new Set<string>();
  for (let round = 0; round < roundsMax; round++) {
    const fresh = family.look().filter((stat) => !seen.has(processKey(stat)));
    if (fresh.length === 0) return;
    for (const stat of fresh) seen.add(processKey(stat));
    const running = fresh.filter((stat) => !isStopped(stat)).map(idOf);
    await extend(toContinue(running));
    for (const id of running) if (sendSignal(id, 'SIGSTOP') === 'sent') stopped.push(id);
    await untilStopped(running, clock);
  }
}

export function toContinue(ids: readonly ProcessId[]): UndoStep[] {
  return ids.map((process) => ({ type: 'continue', process }));
}

export function runningOnes(ids: readonly ProcessId[]): ProcessId[] {
  return ids.filter((id) => {
    const stat = statOf(id);
    return stat !== undefined && !isStopped(stat);
  });
}

async function untilStopped(ids: readonly ProcessId[], clock: Clock): Promise<void> {
  for (let waitedMs = 0; waitedMs < stopMsMax && runningOnes(ids).length > 0; waitedMs += lookEveryMs)
    await clock.sleep(lookEveryMs);
}

function idOf({ pid, startTime }: ProcessStat): ProcessId {
  return { pid, startTime };
}
