// The driver for process targets: signals, each to a process that is known by pid and start time.

import type { DriverPlan, FaultDriver, FaultRequest } from '../fault.ts';
import type { UndoStep } from '../leases/lease.ts';
import { maySignal } from '../targets/process/signal.ts';
import type { ProcessTargetHandle } from '../targets/target.ts';
import { kill } from './kill.ts';
import { pause } from './pause.ts';
import type { PodChaosSpec } from './pod-chaos.ts';
import { runningOnes, toContinue } from './stop-family.ts';

export const signals: FaultDriver<PodChaosSpec> = {
  name: 'signals',

  async probe({ target }) {
    if (target.type !== 'process')
      return {
        usable: false,
        reason: `target ${target.name} is a proxy, which has no processes`,
        remedy: 'name a process target, or use NetworkChaos on the proxy',
      };
    const foreign = (await target.processes()).find((id) => !maySignal(id));
    if (!foreign) return { usable: true };
    return {
      usable: false,
      reason: `process ${foreign.pid} of target ${target.name} belongs to another user`,
      remedy: 'run as that user, or as root',
    };
  },

  plan({ spec, target }): DriverPlan {
    if (spec.action === 'pod-failure')
      return {
        what: `stops every process of ${target.name}`,
        how: 'SIGSTOP, children that are forked meanwhile included; connections are still accepted, but not answered',
        undo: 'SIGCONT to each process that was stopped',
        survivesCrash: 'until the watchdog sees the runner die (at once) or hang (5s)',
        hits: 'processes stopped',
      };
    const grace = spec.gracePeriod;
    return {
      what: `kills every process of ${target.name}`,
      how: grace > 0 ? `SIGTERM, and SIGKILL after ${grace}s to what is left` : 'SIGKILL',
      undo: 'none (one-shot): whoever supervises the target starts it again',
      survivesCrash: 'nothing of ours; the processes stay dead',
      hits: 'processes killed',
    };
  },

  injectMs: ({ spec }) => (spec.action === 'pod-kill' ? spec.gracePeriod * 1000 : 0),

  // pod-kill stops the family for an instant before it kills it, and must not leave it stopped.
  async undoSteps(request): Promise<readonly UndoStep[]> {
    return toContinue(runningOnes(await processTarget(request).processes()));
  },

  async inject(request, _prepared, extend) {
    const target = processTarget(request);
    return request.spec.action === 'pod-kill'
      ? await kill(target, request.spec.gracePeriod * 1000, request.clock, extend)
      : await pause(target, request.clock, extend);
  },
};

function processTarget({ target }: FaultRequest<PodChaosSpec>): ProcessTargetHandle {
  if (target.type !== 'process') throw new Error('the probe refuses targets without processes');
  return target;
}
