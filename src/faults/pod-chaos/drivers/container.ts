// PodChaos on a container. `pod-failure` pauses it through its engine. A kill is a signal to its first process from
// outside, as a crash would be: its restart policy then acts, which it does not after the engine's own kill. Where we
// do not see its processes, or may not signal them, the engine kills it.

import type { Clock } from '../../../base/clock.ts';
import type { ActiveFault, DriverPlan, FaultDriver, FaultRequest } from '../../fault.ts';
import { unpauseContainer } from '../../leases/steps/containers.ts';
import { containerOf, inspected, runningContainer, undoneBySteps } from '../../targets/container/fault.ts';
import { isAlive } from '../../targets/process/proc.ts';
import { maySignal, sendSignal } from '../../targets/process/signal.ts';
import type { ContainerTargetHandle } from '../../targets/target.ts';
import type { PodChaosSpec } from '../pod-chaos.ts';

const lookEveryMs = 20;
/** Time in which a killed container must have ended. */
const deathMsMax = 5000;

export const container: FaultDriver<PodChaosSpec> = {
  name: 'container',
  targets: ['container'],

  async probe(request) {
    if (request.spec.by === 'signals')
      return {
        usable: false,
        reason: 'an engine pauses a container by the freezer of its control group',
        remedy: 'leave `by` out',
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
    if (request.spec.action === 'restart')
      return {
        what: `restarts container ${id.name}`,
        how: `its stop signal, SIGKILL after ${request.spec.gracePeriod}s, and a start, all by ${id.runtime}`,
        undo: 'none (one-shot): it is started as part of the fault, also when Firedrill dies',
        survivesCrash: 'nothing',
        hits: 'containers restarted',
      };
    return {
      what: `kills container ${id.name}`,
      how: `${describeSignals(request.spec)} to its first process, from outside, as in a crash`,
      undo: 'none (one-shot): its restart policy, or whoever supervises it, starts it again',
      survivesCrash: 'nothing of ours; the container stays dead unless its restart policy starts it',
      hits: isDeadly(request.spec) ? 'containers killed' : 'containers signalled',
    };
  },

  injectMs: ({ spec }) => (spec.action === 'pod-failure' ? 0 : spec.gracePeriod * 1000),

  async undoSteps(request) {
    const { container: id } = containerOf(request);
    const { action, gracePeriod } = request.spec;
    if (action === 'pod-failure') return [{ type: 'container-unpause', container: id }];
    if (action !== 'restart') return [];
    const { startedAt } = await lifeOf(containerOf(request));
    // A restart that our death finds half-way is completed by the engine, or by this step when that dies too.
    return [{ type: 'container-start', container: id, startedAt, graceSeconds: gracePeriod }];
  },

  async inject(request) {
    if (request.spec.action === 'pod-failure') return await pause(request);
    const target = containerOf(request);
    const before = await lifeOf(target);
    if (request.spec.action === 'restart')
      await target.engine.restart(target.container.id, request.spec.gracePeriod);
    else await sendSignals(target, request.spec, request.clock);
    // Without SIGKILL the program may do with its signal what it likes.
    const hit = !isDeadly(request.spec) || (await hasEnded(target, before.startedAt, request.clock));
    return {
      hits: () => (hit ? 1 : 0),
      missing: async () => (hit ? undefined : `container ${target.container.name} still runs`),
      undo: async () => {},
      verifyUndone: async () => ({ undone: true, evidence: 'one-shot: nothing to take back' }),
    };
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

/** Whether it must have ended afterwards. */
function isDeadly({ action, signal, gracePeriod }: PodChaosSpec): boolean {
  return action === 'restart' || gracePeriod > 0 || (signal ?? 'SIGKILL') === 'SIGKILL';
}

function describeSignals({ signal, gracePeriod }: PodChaosSpec): string {
  return gracePeriod > 0
    ? `${signal ?? 'SIGTERM'}, and SIGKILL after ${gracePeriod}s`
    : (signal ?? 'SIGKILL');
}

/** With the first process of a process namespace the kernel kills all others in it (pid_namespaces(7)). */
async function sendSignals(
  { container: { id }, engine, processes }: ContainerTargetHandle,
  { signal, gracePeriod }: PodChaosSpec,
  clock: Clock,
): Promise<void> {
  const [first] = await processes();
  const send = async (name: NodeJS.Signals) => {
    if (first && maySignal(first)) sendSignal(first, name);
    else await engine.kill(id, name);
  };
  if (gracePeriod === 0) return await send(signal ?? 'SIGKILL');
  await send(signal ?? 'SIGTERM');
  const isRunning = async () => (first ? isAlive(first) : (await engine.inspect(id))?.State.Running);
  for (let waitedMs = 0; waitedMs < gracePeriod * 1000 && (await isRunning()); waitedMs += lookEveryMs)
    await clock.sleep(lookEveryMs);
  if (await isRunning()) await send('SIGKILL');
}

async function lifeOf(target: ContainerTargetHandle): Promise<{ readonly startedAt: string }> {
  return { startedAt: (await inspected(target)).State.StartedAt };
}

/** It does not run, or runs in a new life: its restart policy may be quicker than our look. */
async function hasEnded(target: ContainerTargetHandle, startedAt: string, clock: Clock): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < deathMsMax; waitedMs += lookEveryMs) {
    const now = await target.inspect();
    if (!now?.State.Running || now.State.StartedAt !== startedAt) return true;
    await clock.sleep(lookEveryMs);
  }
  return false;
}
