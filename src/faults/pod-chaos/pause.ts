// `pod-failure`: the target's processes are stopped until the undo. New ones that join the target meanwhile (a
// supervisor of somebody else's replaces one) are stopped too.

import type { Clock } from '../../base/clock.ts';
import type { ActiveFault, ExtendLease } from '../fault.ts';
import { LeaseEndedError } from '../leases/journal.ts';
import { continueProcess } from '../leases/steps/continue.ts';
import { isStopped, type ProcessStat, processKey, statOf } from '../targets/process/proc.ts';
import type { ProcessId, ProcessTargetHandle } from '../targets/target.ts';
import { stopFamily } from './stop-family.ts';

const lookEveryMs = 200;

export async function pause(
  target: ProcessTargetHandle,
  clock: Clock,
  extend: ExtendLease,
): Promise<ActiveFault> {
  const stopped: ProcessId[] = [];
  await stopFamily(await target.processes(), clock, extend, stopped);
  const ending = new AbortController();
  const watching = stopNewcomers(target, stopped, clock, extend, ending.signal);
  return {
    hits: () => stopped.length,
    missing: () => missing(target),
    async undo() {
      ending.abort();
      await watching;
      await Promise.all(stopped.map((id) => continueProcess(id, { clock, graceMs: 0 })));
    },
    async verifyUndone() {
      const still = stopped.map(statOf).filter((stat) => stat !== undefined && isStopped(stat));
      if (still.length > 0) return { undone: false, left: still.map((stat) => describeStopped(stat!)) };
      return { undone: true, evidence: stopped.map(describeNow).join(', ') || 'nothing was stopped' };
    },
  };
}

// A process that somebody else continues stays continued: stopping it once is the fault, and doing so again after
// the lease was undone from outside would be one that nobody takes back.
async function stopNewcomers(
  target: ProcessTargetHandle,
  stopped: ProcessId[],
  clock: Clock,
  extend: ExtendLease,
  ending: AbortSignal,
): Promise<void> {
  const known = new Set(stopped.map(processKey));
  for (;;) {
    await clock.sleep(lookEveryMs, ending);
    if (ending.aborted) return;
    try {
      const fresh = (await target.processes()).filter((id) => !known.has(processKey(id)));
      for (const id of fresh) known.add(processKey(id));
      if (fresh.length > 0) await stopFamily(fresh, clock, extend, stopped);
    } catch (error) {
      // The lease was undone by the watchdog: the fault is over.
      if (error instanceof LeaseEndedError) return;
      // The target may not be touched as it is now; `missing` tells of what runs.
    }
  }
}

async function missing(target: ProcessTargetHandle): Promise<string | undefined> {
  const stats = (await target.processes()).map(statOf).filter((stat) => stat !== undefined);
  if (stats.length === 0) return `target ${target.name} has no process any more`;
  const running = stats.find((stat) => !isStopped(stat));
  return running && `process ${running.pid} of target ${target.name} is in state ${running.state}`;
}

function describeStopped({ pid, state }: ProcessStat): string {
  return `process ${pid} is still stopped (state ${state}): kill -CONT ${pid}`;
}

function describeNow(id: ProcessId): string {
  const stat = statOf(id);
  return stat ? `state of process ${id.pid} is ${stat.state}` : `process ${id.pid} is gone`;
}
