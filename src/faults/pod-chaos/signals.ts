// The driver for process targets: signals, each to a process that is known by pid and start time.

import type { DriverPlan, FaultDriver, FaultRequest } from '../fault.ts';
import type { UndoStep } from '../leases/lease.ts';
import { maySignal } from '../targets/process/signal.ts';
import type { ProcessTargetHandle } from '../targets/target.ts';
import { kill, restartMsMax } from './kill.ts';
import { pause } from './pause.ts';
import type { PodChaosSpec } from './pod-chaos.ts';
import { runningOnes, toContinue } from './stop-family.ts';

export const signals: FaultDriver<PodChaosSpec> = {
  name: 'signals',

  async probe({ target, spec, declared }) {
    if (spec.by === 'freezer')
      return {
        usable: false,
        reason: 'the freezer was asked for',
        remedy: 'leave `by` out',
        otherTarget: true,
      };
    if (target.type !== 'process')
      return {
        usable: false,
        reason: `target ${target.name} is a proxy, which has no processes`,
        remedy: 'name a process target, or use NetworkChaos on the proxy',
      };
    const comesBack = declared.type === 'port' || (declared.type === 'command' && declared.restart);
    if (spec.action === 'restart' && !comesBack)
      return {
        usable: false,
        reason: `nobody would start target ${target.name} again`,
        remedy: 'declare it with process.command and `restart: true`, or by the port of a supervised server',
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
    const again = spec.action === 'restart';
    const whom = spec.action === 'container-kill' ? 'the first process' : 'every process';
    return {
      what: `${again ? 'restarts' : spec.signal ? `sends ${spec.signal} to` : 'kills'} ${whom} of ${target.name}`,
      how: describeSignals(spec),
      undo: `none (one-shot): whoever supervises the target starts it again${again ? ', within 30s' : ''}`,
      survivesCrash: 'nothing of ours; the processes stay dead',
      hits: spec.signal && spec.gracePeriod === 0 ? 'processes signalled' : 'processes killed',
    };
  },

  injectMs: ({ spec }) => spec.gracePeriod * 1000 + (spec.action === 'restart' ? restartMsMax : 0),

  // A kill stops the family for an instant before it kills it, and must not leave it stopped.
  async undoSteps(request): Promise<readonly UndoStep[]> {
    return toContinue(runningOnes(await processTarget(request).processes()));
  },

  async inject(request, _prepared, extend) {
    const target = processTarget(request);
    return request.spec.action === 'pod-failure'
      ? await pause(target, request.clock, extend)
      : await kill(target, request.spec, request.clock, extend);
  },
};

function describeSignals({ signal, gracePeriod }: PodChaosSpec): string {
  if (gracePeriod === 0) return signal ?? 'SIGKILL';
  return `${signal ?? 'SIGTERM'}, and SIGKILL after ${gracePeriod}s to what is left`;
}

function processTarget({ target }: FaultRequest<PodChaosSpec>): ProcessTargetHandle {
  if (target.type !== 'process') throw new Error('the probe refuses targets without processes');
  return target;
}
