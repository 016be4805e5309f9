// PodChaos on a container. `pod-failure` pauses it through its engine. A kill is a signal to its first process from
// outside, as a crash would be: its restart policy then acts, which it does not after the engine's own kill. Where we
// do not see its processes, or may not signal them, the engine kills it.

import type { Clock } from '../../../base/clock.ts';
import type { ActiveFault, DriverPlan, FaultDriver, FaultRequest } from '../../fault.ts';
import { unpauseContainer } from '../../leases/steps/containers.ts';
import type { InspectedContainer } from '../../targets/container/engine.ts';
import { containerOf, runningContainer, undoneBySteps } from '../../targets/container/fault.ts';
import { isAlive } from '../../targets/process/proc.ts';
import { maySignal, sendSignal } from '../../targets/process/signal.ts';
import type { ContainerTargetHandle, ProcessId } from '../../targets/target.ts';
import type { PodChaosSpec } from '../pod-chaos.ts';

const lookEveryMs = 20;
/** Time in which a killed container must have ended. */
const deathMsMax = 5000;

export const container: FaultDriver<PodChaosSpec> = {
  name: 'container',
  targets: ['container'],

  async probe(request) {
    const { action, signal, by } = request.spec;
    if (action === 'restart' || signal !== undefined || by === 'freezer')
      return {
        usable: false,
        reason: `a container takes no ${action === 'restart' ? 'action restart' : signal ? 'signal' : 'freezer'} here`,
        remedy: 'use ContainerChaos to restart it; pause and kill need neither `signal` nor `by`',
      };
    const running = await runningContainer(request);
    return running.usable ? { usable: true } : running;
  },

  plan(request): DriverPlan {
    const { container: id } = containerOf(request);
    if (request.spec.action === 'pod-failure')
      return {
        what: `pauses container ${id.name}`,
        how: `${id.runtime} freezes all its processes; connections are still accepted, but not answered`,
        undo: 'the engine lets it go on',
        survivesCrash: 'until the watchdog sees the runner die (at once) or hang (5s)',
        hits: 'containers paused',
      };
    const grace = request.spec.gracePeriod;
    return {
      what: `kills container ${id.name}`,
      how: `${grace > 0 ? `SIGTERM, and SIGKILL after ${grace}s` : 'SIGKILL'} to its first process, from outside, as in a crash`,
      undo: 'none (one-shot): its restart policy, or whoever supervises it, starts it again',
      survivesCrash: 'nothing of ours; the container stays dead unless its restart policy starts it',
      hits: 'containers killed',
    };
  },

  injectMs: ({ spec }) => (spec.action === 'pod-failure' ? 0 : spec.gracePeriod * 1000),

  async undoSteps(request) {
    const { container: id } = containerOf(request);
    return request.spec.action === 'pod-failure' ? [{ type: 'container-unpause', container: id }] : [];
  },

  async inject(request) {
    return request.spec.action === 'pod-failure'
      ? await pause(request)
      : await kill(containerOf(request), request.spec.gracePeriod, request.clock);
  },
};

async function pause(request: FaultRequest<PodChaosSpec>): Promise<ActiveFault> {
  const target = containerOf(request);
  const { container: id, engine } = target;
  await engine.pause(id.id);
  return {
    hits: () => 1,
    async missing() {
      const now = await target.inspect();
      return now?.State.Paused ? undefined : `container ${id.name} is ${now?.State.Status ?? 'gone'}`;
    },
    ...undoneBySteps(async () => [await unpauseContainer(id, { clock: request.clock, graceMs: 0 }, 0)]),
  };
}

async function kill(target: ContainerTargetHandle, graceSeconds: number, clock: Clock): Promise<ActiveFault> {
  const { container: id, engine } = target;
  const before = await target.inspect();
  const [first] = await target.processes();
  if (first && maySignal(first)) await killFromOutside(first, graceSeconds, clock);
  else if (graceSeconds > 0) await engine.stop(id.id, graceSeconds);
  else await engine.kill(id.id, 'SIGKILL');
  let killed = false;
  for (let waitedMs = 0; waitedMs < deathMsMax && !killed; waitedMs += lookEveryMs) {
    killed = hasEnded(before, await target.inspect());
    if (!killed) await clock.sleep(lookEveryMs);
  }
  return {
    hits: () => (killed ? 1 : 0),
    missing: async () => (killed ? undefined : `container ${id.name} still runs after SIGKILL`),
    undo: async () => {},
    verifyUndone: async () => ({ undone: true, evidence: 'one-shot: nothing to take back' }),
  };
}

// With the first process of a process namespace the kernel kills all others in it (pid_namespaces(7)).
async function killFromOutside(first: ProcessId, graceSeconds: number, clock: Clock): Promise<void> {
  if (graceSeconds > 0) sendSignal(first, 'SIGTERM');
  for (let waitedMs = 0; waitedMs < graceSeconds * 1000 && isAlive(first); waitedMs += lookEveryMs)
    await clock.sleep(lookEveryMs);
  sendSignal(first, 'SIGKILL');
}

/** It does not run, or runs in a new life: its restart policy may be quicker than our look. */
function hasEnded(before: InspectedContainer | undefined, now: InspectedContainer | undefined): boolean {
  return !now?.State.Running || now.State.StartedAt !== before?.State.StartedAt;
}
