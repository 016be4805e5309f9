// Takes a container off its networks. Its processes keep running, without interfaces to them.

import type { Clock } from '../../base/clock.ts';
import type { ActiveFault, Usability } from '../fault.ts';
import type { UndoStep } from '../leases/lease.ts';
import { connectContainer } from '../leases/steps/containers.ts';
import type { InspectedContainer } from '../targets/container/engine.ts';
import { undoneBySteps } from '../targets/container/fault.ts';
import type { ContainerId, ContainerTargetHandle } from '../targets/target.ts';

type ConnectStep = Extract<UndoStep, { type: 'container-connect' }>;

/** Modes in which an engine attaches a container to no network; `slirp4netns` and `pasta` are Podman's without root. */
const withoutNetwork = /^(host|none|container:.*|ns:.*|slirp4netns.*|pasta.*)$/;

export function whyNotDisconnect(
  networks: readonly string[] | undefined,
  { Name, HostConfig, NetworkSettings }: InspectedContainer,
): Exclude<Usability, { usable: true }> | undefined {
  const attached = Object.keys(NetworkSettings.Networks);
  const mode = HostConfig.NetworkMode;
  if (attached.length === 0 || withoutNetwork.test(mode))
    return {
      usable: false,
      reason: `container ${Name} has no network of its own (network mode ${mode || 'none'})`,
      remedy: 'start it on a bridge network',
    };
  const missing = networks?.find((network) => !attached.includes(network));
  if (missing === undefined) return undefined;
  return {
    usable: false,
    reason: `container ${Name} is not attached to network ${missing}`,
    remedy: `name one of ${attached.join(', ')}`,
  };
}

export function connectSteps(
  container: ContainerId,
  networks: readonly string[] | undefined,
  { NetworkSettings }: InspectedContainer,
): ConnectStep[] {
  return Object.entries(NetworkSettings.Networks)
    .filter(([network]) => networks?.includes(network) ?? true)
    .map(([network, endpoint]) => ({ type: 'container-connect', container, network, endpoint }));
}

export async function disconnect(
  target: ContainerTargetHandle,
  networks: readonly string[] | undefined,
  before: InspectedContainer,
  clock: Clock,
): Promise<ActiveFault> {
  const { container, engine } = target;
  const steps = connectSteps(container, networks, before);
  for (const { network } of steps) await engine.disconnect(container.id, network);
  return {
    hits: () => steps.length,
    async missing() {
      const now = await target.inspect();
      if (!now) return `container ${container.name} is gone`;
      const still = steps.find(({ network }) => now.NetworkSettings.Networks[network]);
      return still && `container ${container.name} is attached to ${still.network}`;
    },
    ...undoneBySteps(() =>
      Promise.all(steps.map((step) => connectContainer(step, { clock, graceMs: 0 }, 0))),
    ),
  };
}
