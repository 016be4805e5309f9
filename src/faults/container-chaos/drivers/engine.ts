// What the container's engine does itself when it is asked over its socket: no other right is needed.

import type { ActiveFault, DriverPlan, FaultDriver, FaultRequest, Usability } from '../../fault.ts';
import type { UndoStep } from '../../leases/lease.ts';
import { startContainer } from '../../leases/steps/containers.ts';
import type { InspectedContainer } from '../../targets/container/engine.ts';
import { containerOf, inspected, runningContainer, undoneBySteps } from '../../targets/container/fault.ts';
import { connectSteps, disconnect, whyNotDisconnect } from '../disconnect.ts';
import { limitHits, untilWatchdog, whatItDoes } from '../plan.ts';
import type { ContainerChaosSpec } from '../spec.ts';
import { formerLimits, update, whyNotUpdate } from '../update.ts';

export const engine: FaultDriver<ContainerChaosSpec> = {
  name: 'engine',
  targets: ['container'],

  async probe(request) {
    const running = await runningContainer(request);
    if (!running.usable) return running;
    return (await whyNot(request, running.inspected)) ?? { usable: true };
  },

  plan(request): DriverPlan {
    const { container } = containerOf(request);
    const { spec } = request;
    const what = whatItDoes(spec, container);
    switch (spec.action) {
      case 'stop':
        return {
          what,
          how: `its stop signal, and SIGKILL after ${spec.graceSeconds}s; no restart policy acts on it`,
          undo: `${container.runtime} starts it again`,
          survivesCrash: untilWatchdog,
          hits: 'containers stopped',
        };
      case 'restart':
        return {
          what,
          how: `its stop signal, SIGKILL after ${spec.graceSeconds}s, and a start`,
          undo: 'none (one-shot): it is started as part of the fault, also when Firedrill dies',
          survivesCrash: 'nothing',
          hits: 'containers restarted',
        };
      case 'disconnect':
        return {
          what,
          how: `${container.runtime} detaches it; its processes run on without these networks`,
          undo: 'attached again with its aliases and fixed addresses; an address that was not fixed may change',
          survivesCrash: untilWatchdog,
          hits: 'networks taken away',
        };
      case 'limit':
        return {
          what,
          how: `${container.runtime} updates it`,
          undo: 'updated back to the former limits',
          survivesCrash: untilWatchdog,
          hits: limitHits,
        };
    }
  },

  injectMs: ({ spec }) => ('graceSeconds' in spec ? spec.graceSeconds * 1000 : 0),

  async undoSteps(request): Promise<readonly UndoStep[]> {
    const target = containerOf(request);
    const { spec } = request;
    const now = await inspected(target);
    const { container } = target;
    switch (spec.action) {
      // A restart that our death finds half-way is completed by the engine, or by this step when that dies too.
      case 'stop':
      case 'restart':
        return [startStep(request, spec.graceSeconds, now)];
      case 'disconnect':
        return connectSteps(container, spec.networks, now);
      case 'limit':
        return [{ type: 'container-update', container, resources: formerLimits(spec.limits, now) }];
    }
  },

  async inject(request): Promise<ActiveFault> {
    const { spec, clock } = request;
    const target = containerOf(request);
    const now = await inspected(target);
    switch (spec.action) {
      case 'stop':
        return await stop(request, spec.graceSeconds, now);
      case 'restart':
        return await restart(request, spec.graceSeconds, now);
      case 'disconnect':
        return await disconnect(target, spec.networks, now, clock);
      case 'limit':
        return await update(target, spec.limits, now, clock);
    }
  },
};

async function whyNot(
  request: FaultRequest<ContainerChaosSpec>,
  now: InspectedContainer,
): Promise<Exclude<Usability, { usable: true }> | undefined> {
  const { spec } = request;
  if (spec.action === 'disconnect') return whyNotDisconnect(spec.networks, now);
  if (spec.action === 'limit') return await whyNotUpdate(containerOf(request), spec.limits, now);
  if (!now.HostConfig.AutoRemove) return undefined;
  return {
    usable: false,
    reason: `container ${now.Name} is removed when it ends (--rm), and could not be started again`,
    remedy: 'start it without --rm',
  };
}

function startStep(
  request: FaultRequest<ContainerChaosSpec>,
  graceSeconds: number,
  { State }: InspectedContainer,
): Extract<UndoStep, { type: 'container-start' }> {
  const { container } = containerOf(request);
  return { type: 'container-start', container, startedAt: State.StartedAt, graceSeconds };
}

async function stop(
  request: FaultRequest<ContainerChaosSpec>,
  graceSeconds: number,
  before: InspectedContainer,
): Promise<ActiveFault> {
  const target = containerOf(request);
  const { container } = target;
  const step = startStep(request, graceSeconds, before);
  await target.engine.stop(container.id, graceSeconds);
  return {
    hits: () => 1,
    async missing() {
      const now = await target.inspect();
      return now?.State.Running === false
        ? undefined
        : `container ${container.name} is ${now?.State.Status ?? 'gone'}`;
    },
    ...undoneBySteps(async () => [await startContainer(step, { clock: request.clock, graceMs: 0 }, 0)]),
  };
}

async function restart(
  request: FaultRequest<ContainerChaosSpec>,
  graceSeconds: number,
  before: InspectedContainer,
): Promise<ActiveFault> {
  const target = containerOf(request);
  const { name, id } = target.container;
  await target.engine.restart(id, graceSeconds);
  const now = await target.inspect();
  const isNew = now?.State.Running === true && now.State.StartedAt !== before.State.StartedAt;
  return {
    hits: () => (isNew ? 1 : 0),
    missing: async () => (isNew ? undefined : `container ${name} is ${now?.State.Status ?? 'gone'}`),
    undo: async () => {},
    verifyUndone: async () => ({ undone: true, evidence: 'one-shot: nothing to take back' }),
  };
}
