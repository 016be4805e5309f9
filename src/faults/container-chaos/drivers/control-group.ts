// Limits written into the control groups of the container. The engine's own record stays as it is: a container that is
// started again has its former limits.

import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import type { DriverPlan, FaultDriver, FaultRequest } from '../../fault.ts';
import { restoreGroup } from '../../leases/steps/containers.ts';
import { containerOf, runningContainer, undoneBySteps } from '../../targets/container/fault.ts';
import { heldBack, type LimitFile, limitFiles } from '../groups.ts';
import { limitHits, untilWatchdog, whatItDoes } from '../plan.ts';
import type { ContainerChaosSpec } from '../spec.ts';

export const controlGroup: FaultDriver<ContainerChaosSpec> = {
  name: 'control-group',
  targets: ['container'],

  async probe(request) {
    if (request.spec.action !== 'limit')
      return {
        usable: false,
        reason: `${request.spec.action} is the engine's to do`,
        remedy: 'see the next driver',
        otherTarget: true,
      };
    const running = await runningContainer(request);
    if (!running.usable) return running;
    const files = await filesOf(request);
    if (!files)
      return {
        usable: false,
        reason: 'its control groups, or the controllers for these limits, cannot be seen from here',
        remedy: 'run beside the engine, with /sys/fs/cgroup mounted',
      };
    const closed = files.find(({ path }) => !mayWrite(path));
    if (!closed) return { usable: true };
    return { usable: false, reason: `no right to write ${closed.path}`, remedy: 'run as root' };
  },

  plan(request): DriverPlan {
    return {
      what: whatItDoes(request.spec, containerOf(request).container),
      how: 'written into its control groups; its engine knows nothing of it',
      undo: 'the former values are written back',
      survivesCrash: untilWatchdog,
      hits: limitHits,
    };
  },

  async undoSteps(request) {
    return stepsOf(request, (await filesOf(request)) ?? []);
  },

  async inject(request, _prepared, extend) {
    const target = containerOf(request);
    const files = await filesOf(request);
    const [first] = await target.processes();
    if (!files || !first) throw new Error(`container ${target.container.name} does not run any more`);
    const steps = stepsOf(request, files);
    await extend(steps);
    const before = heldBack(first.pid, target.container.id);
    for (const { path, value } of files) writeFileSync(path, value);
    let hits = 0;
    return {
      hits: () => {
        // Counted from nothing when the container was started again: what was seen before still holds.
        hits = Math.max(hits, heldBack(first.pid, target.container.id) - before);
        return hits;
      },
      missing: async () => {
        const other = files.find((file) => !isWritten(file));
        return other && `${other.path} is ${readFileSync(other.path, 'utf8').trim()}`;
      },
      ...undoneBySteps(async () => steps.map(restoreGroup)),
    };
  },
};

async function filesOf(request: FaultRequest<ContainerChaosSpec>): Promise<LimitFile[] | undefined> {
  const { spec } = request;
  const target = containerOf(request);
  const [first] = await target.processes();
  if (spec.action !== 'limit' || !first) return undefined;
  return limitFiles(first.pid, target.container.id, spec.limits);
}

function stepsOf(request: FaultRequest<ContainerChaosSpec>, files: readonly LimitFile[]) {
  const { container } = containerOf(request);
  return files.map(({ path, former }) => ({
    type: 'container-group' as const,
    container,
    path,
    value: former,
  }));
}

/** The kernel rounds memory to whole pages. */
function isWritten({ path, value }: LimitFile): boolean {
  const now = readFileSync(path, 'utf8').trim();
  return now === value || Math.abs(Number(now) - Number(value)) < pageBytes;
}

const pageBytes = 65_536;

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
