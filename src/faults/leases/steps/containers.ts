// Undo of what was done to a container through its engine. A container that is gone has nothing to be undone. An order
// that a dead runner had given may still be on its way: where nothing is found to undo, a while is waited for it. Who
// has seen its own order carried out passes `lateMs` 0.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import type {
  ContainerEngine,
  Endpoint,
  InspectedContainer,
  ResourceUpdate,
} from '../../targets/container/engine.ts';
import type { ContainerId } from '../../targets/target.ts';
import { done, left, type StepContext, type StepOutcome } from './outcome.ts';

const lateOrderMs = 300;
const lookEveryMs = 50;
/** An engine needs this long to end a container whose grace is over. */
const stopSlackMs = 2000;

export function unpauseContainer(
  container: ContainerId,
  { clock }: StepContext,
  lateMs = lateOrderMs,
): Promise<StepOutcome> {
  return settle(container, clock, lateMs, 'unpause NAME', {
    isUndone: ({ State }) => !State.Paused,
    undo: (engine) => engine.unpause(container.id),
  });
}

export function startContainer(
  step: { readonly container: ContainerId; readonly startedAt: string; readonly graceSeconds: number },
  { clock }: StepContext,
  lateMs = step.graceSeconds * 1000 + stopSlackMs,
): Promise<StepOutcome> {
  const { container, startedAt } = step;
  return settle(container, clock, lateMs, 'start NAME', {
    isUndone: ({ State }) => State.Running,
    // In a new life nobody is about to end it any more.
    isSettled: ({ State }) => State.Running && State.StartedAt !== startedAt,
    undo: (engine) => engine.start(container.id),
  });
}

export function connectContainer(
  step: { readonly container: ContainerId; readonly network: string; readonly endpoint: Endpoint },
  { clock }: StepContext,
  lateMs = lateOrderMs,
): Promise<StepOutcome> {
  const { container, network, endpoint } = step;
  return settle(container, clock, lateMs, `network connect ${network} NAME`, {
    isUndone: ({ NetworkSettings }) => NetworkSettings.Networks[network] !== undefined,
    undo: (engine) => engine.connect(container.id, network, endpoint),
  });
}

export function updateContainer(
  step: { readonly container: ContainerId; readonly resources: ResourceUpdate },
  { clock }: StepContext,
  lateMs = lateOrderMs,
): Promise<StepOutcome> {
  const { container, resources } = step;
  const entries = Object.entries(resources) as [keyof ResourceUpdate, number][];
  return settle(container, clock, lateMs, `update ${optionsOf(resources)} NAME`, {
    // -1 is no limit, which engines may also call 0.
    isUndone: ({ HostConfig }) =>
      entries.every(([field, value]) => Math.max(HostConfig[field], 0) === Math.max(value, 0)),
    undo: (engine) => engine.update(container.id, resources),
  });
}

function optionsOf(resources: ResourceUpdate): string {
  const { CpuPeriod, CpuQuota, NanoCpus, Memory, MemorySwap, PidsLimit } = resources;
  const options = {
    'cpu-period': CpuPeriod,
    'cpu-quota': CpuQuota,
    cpus: NanoCpus === undefined ? undefined : NanoCpus / 1e9,
    memory: Memory,
    'memory-swap': MemorySwap,
    'pids-limit': PidsLimit,
  };
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return given.map(([option, value]) => `--${option}=${value}`).join(' ');
}

/** A control group of a container dies with its processes; the engine makes a new one when it starts it again. */
export function restoreGroup(step: {
  readonly container: ContainerId;
  readonly path: string;
  readonly value: string;
}): StepOutcome {
  const { container, path, value } = step;
  if (!path.includes(container.id))
    return left(`${path} is no control group of ${container.name}: not touched`);
  const what = `${basename(path)} of container ${container.name}`;
  if (!existsSync(path)) return done(`${what} is gone with its control group`);
  try {
    writeFileSync(path, value);
    return done(`${what} is ${readFileSync(path, 'utf8').trim()}`);
  } catch (error) {
    if (!existsSync(path)) return done(`${what} is gone with its control group`);
    return left(`${what} cannot be written (${(error as Error).message}): echo ${value} >${path}`);
  }
}

interface Way {
  isUndone(inspected: InspectedContainer): boolean;
  /** It is undone, and nothing of ours can be on its way any more. */
  isSettled?(inspected: InspectedContainer): boolean;
  undo(engine: ContainerEngine): Promise<void>;
}

/** `lateMs`: how long after our last order the container may still change. `command`: of the engine's own client. */
async function settle(
  container: ContainerId,
  clock: Clock,
  lateMs: number,
  command: string,
  way: Way,
): Promise<StepOutcome> {
  // Loaded only here: the watchdog must be ready at once, and most leases have no such step.
  const { ContainerEngine } = await import('../../targets/container/engine.ts');
  const engine = new ContainerEngine(container.socket);
  try {
    for (let waitedMs = 0; ; waitedMs += lookEveryMs) {
      const before = await engine.inspect(container.id);
      if (!before) return done(`container ${container.name} is gone`);
      if (!way.isUndone(before)) break;
      if (way.isSettled?.(before) || waitedMs >= lateMs) return done(stateOf(container, before));
      await clock.sleep(lookEveryMs);
    }
    // Somebody else may be undoing it as well: what counts is how it is afterwards.
    const refusal = await way.undo(engine).catch((error: Error) => error);
    const after = await engine.inspect(container.id);
    if (!after) return done(`container ${container.name} is gone`);
    if (way.isUndone(after)) return done(stateOf(container, after));
    const why = refusal ? `${after.State.Status}, ${refusal.message}` : after.State.Status;
    return left(`container ${container.name} (${why}): ${commandLine(container, command)}`);
  } catch (error) {
    const reason = (error as Error).message;
    return left(`container ${container.name} (${reason}): ${commandLine(container, command)}`);
  } finally {
    await engine.close();
  }
}

function stateOf({ name }: ContainerId, { State, NetworkSettings }: InspectedContainer): string {
  const networks = Object.keys(NetworkSettings.Networks).join(', ') || 'none';
  return `container ${name} is ${State.Status} (networks: ${networks})`;
}

function commandLine({ runtime, socket, name }: ContainerId, command: string): string {
  const client = runtime === 'podman' ? `podman --url unix://${socket}` : `docker -H unix://${socket}`;
  return `${client} ${command.replace('NAME', name)}`;
}
