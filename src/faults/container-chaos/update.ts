// Limits that the engine sets and takes back. It cannot take a memory limit away once there is one: that is left to the
// driver that writes into the control groups.

import type { Clock } from '../../base/clock.ts';
import type { ActiveFault, Usability } from '../fault.ts';
import { updateContainer } from '../leases/steps/containers.ts';
import type { InspectedContainer, ResourceUpdate } from '../targets/container/engine.ts';
import { undoneBySteps } from '../targets/container/fault.ts';
import type { ContainerTargetHandle } from '../targets/target.ts';
import { heldBack } from './groups.ts';
import type { ContainerLimits } from './spec.ts';

const periodUs = 100_000;
const noLimit = -1;

export async function whyNotUpdate(
  { engine, container }: ContainerTargetHandle,
  { memoryBytes }: ContainerLimits,
  { HostConfig }: InspectedContainer,
): Promise<Exclude<Usability, { usable: true }> | undefined> {
  if (memoryBytes !== undefined && HostConfig.Memory <= 0)
    return {
      usable: false,
      reason: `container ${container.name} has no memory limit, and ${container.runtime} cannot take one away again`,
      remedy: 'start it with a memory limit, or run as root beside the engine',
    };
  // It changes nothing, and tells whether the engine can update at all.
  const refusal = await engine.update(container.id, {}).catch((error: Error) => error);
  if (!refusal) return undefined;
  return {
    usable: false,
    reason: `${container.runtime} does not update containers over its API (${refusal.message})`,
    remedy: 'use a newer version of it, or run as root beside it',
  };
}

function wantedLimits(
  { cpus, memoryBytes, pids }: ContainerLimits,
  { HostConfig }: InspectedContainer,
): ResourceUpdate {
  return {
    // An engine refuses a quota beside a number of processors.
    ...(cpus === undefined
      ? {}
      : HostConfig.NanoCpus > 0
        ? { NanoCpus: Math.round(cpus * 1e9) }
        : { CpuQuota: Math.round(cpus * (HostConfig.CpuPeriod || periodUs)) }),
    ...(memoryBytes === undefined ? {} : { Memory: memoryBytes, MemorySwap: memoryBytes }),
    ...(pids === undefined ? {} : { PidsLimit: pids }),
  };
}

/** For the same fields what they are now. */
export function formerLimits(limits: ContainerLimits, now: InspectedContainer): ResourceUpdate {
  const fields = Object.keys(wantedLimits(limits, now)) as (keyof ResourceUpdate)[];
  return Object.fromEntries(fields.map((field) => [field, now.HostConfig[field] || noLimit]));
}

export async function update(
  target: ContainerTargetHandle,
  limits: ContainerLimits,
  before: InspectedContainer,
  clock: Clock,
): Promise<ActiveFault> {
  const { container, engine } = target;
  const wanted = wantedLimits(limits, before);
  const step = { container, resources: formerLimits(limits, before) };
  const pid = (await target.processes())[0]?.pid;
  const count = () => (pid === undefined ? undefined : heldBack(pid, container.id));
  const countBefore = count();
  await engine.update(container.id, wanted);
  let hits = 0;
  return {
    hits() {
      const now = count();
      if (now === undefined || countBefore === undefined) return undefined;
      hits = Math.max(hits, now - countBefore);
      return hits;
    },
    async missing() {
      const now = await target.inspect();
      const entries = Object.entries(wanted) as [keyof ResourceUpdate, number][];
      const other = entries.find(([field, value]) => now?.HostConfig[field] !== value);
      return other && `${other[0]} of container ${container.name} is ${now?.HostConfig[other[0]]}`;
    },
    ...undoneBySteps(async () => [await updateContainer(step, { clock, graceMs: 0 }, 0)]),
  };
}
