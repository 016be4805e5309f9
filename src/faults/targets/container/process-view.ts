// A container as its processes, which are ordinary processes of this machine: drivers that act on those act on it.

import type { FaultDriver, FaultRequest, Usability } from '../../fault.ts';
import type { ContainerTargetHandle, ProcessTargetHandle } from '../target.ts';
import { containerOf, runningContainer } from './fault.ts';

const views = new WeakMap<ContainerTargetHandle, ProcessTargetHandle>();

/** The same driver, for containers; nothing is run inside of them. */
export function onContainers<Spec>(driver: FaultDriver<Spec>): FaultDriver<Spec> {
  const { prepare: _, injectMs, ...rest } = driver;
  return {
    ...rest,
    targets: ['container'],
    probe: async (request) => (await whyNot(request)) ?? (await driver.probe(asProcesses(request))),
    plan: (request) => driver.plan(asProcesses(request)),
    ...(injectMs && { injectMs: (request: FaultRequest<Spec>) => injectMs(asProcesses(request)) }),
    undoSteps: (request) => driver.undoSteps(asProcesses(request)),
    inject: (request, prepared, extend) => driver.inject(asProcesses(request), prepared, extend),
  };
}

async function whyNot(request: FaultRequest): Promise<Usability | undefined> {
  const running = await runningContainer(request);
  if (!running.usable) return running;
  const target = containerOf(request);
  if ((await target.processes()).length > 0) return undefined;
  return unseen(target);
}

/** For drivers that need the processes of a container, when there are none to be seen. */
export function unseen({ container }: ContainerTargetHandle): Exclude<Usability, { usable: true }> {
  return {
    usable: false,
    reason: `the processes of container ${container.name} cannot be seen from here`,
    remedy: 'run on the machine of the engine, in its process namespace',
  };
}

/** For whoever may not enter a container's network. One of a user's own Podman or Docker has a socket that root must be told. */
export function forbidden({ container }: ContainerTargetHandle): Exclude<Usability, { usable: true }> {
  return {
    usable: false,
    reason: `no right to enter the network namespace of container ${container.name}`,
    remedy: `run as root, with container.socket: ${container.socket} in the file`,
  };
}

function asProcesses<Spec>(request: FaultRequest<Spec>): FaultRequest<Spec> {
  const target = containerOf(request);
  const view = views.get(target) ?? viewOf(target);
  views.set(target, view);
  return { ...request, target: view };
}

function viewOf(target: ContainerTargetHandle): ProcessTargetHandle {
  return {
    type: 'process',
    started: false,
    name: target.name,
    namespace: target.namespace,
    labels: target.labels,
    describe: () => target.describe(),
    processes: () => target.processes(),
  };
}
