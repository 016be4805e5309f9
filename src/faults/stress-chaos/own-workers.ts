// The driver with workers of our own, for machines without stress-ng: one Node.js process a worker.

import type { DriverPlan, FaultDriver, FaultRequest } from '../fault.ts';
import { bytesAsked, describeStress, groupsOf, stressUnusable } from './demand.ts';
import type { StressChaosSpec } from './stress-chaos.ts';
import type { WorkerOrder } from './stress-worker.ts';
import { slackMs, startMsMax, startStress, stressUndoSteps } from './workers.ts';

/** Each is a Node.js process of some 40 MB. */
const workersMax = 32;

export function ownWorkers(workerCommand: readonly string[]): FaultDriver<StressChaosSpec> {
  return {
    name: 'own-workers',
    targets: ['process', 'proxy', 'host'],

    async probe(request) {
      const { cpu, memory, io, sockets, pids, files } = request.spec.stressors;
      if (io || sockets || pids || files || request.spec.words)
        return {
          usable: false,
          reason: 'our own workers use up processor time and memory only',
          remedy: 'install the package stress-ng',
        };
      if ([...(cpu?.options ?? []), ...(memory?.options ?? [])].length > 0)
        return {
          usable: false,
          reason: '`options` are arguments for stress-ng',
          remedy: 'install the package stress-ng, or leave `options` out',
        };
      const count = (cpu?.workers ?? 0) + (memory?.workers ?? 0);
      if (count > workersMax)
        return {
          usable: false,
          reason: `${count} workers are asked for, and our own are at most ${workersMax}`,
          remedy: 'install the package stress-ng, or ask for fewer workers',
        };
      return (await stressUnusable(request)) ?? { usable: true };
    },

    plan(request): DriverPlan {
      return {
        ...describeStress(request),
        how: `one worker process of our own each, in ${groupsOf(request)}`,
        survivesCrash: 'for up to 0.2s: each worker watches its parent, and ends by its own timeout',
      };
    },

    injectMs: () => startMsMax,

    undoSteps: async (request) => stressUndoSteps(request),

    inject: async (request, _prepared, extend) => {
      const bytes = await bytesAsked(request);
      const commands = orders(request, bytes).map((order) => [...workerCommand, JSON.stringify(order)]);
      return await startStress(request, commands, bytes, extend);
    },
  };
}

function orders(
  { spec, durationMs }: FaultRequest<StressChaosSpec>,
  bytes: number | undefined,
): WorkerOrder[] {
  const { cpu, memory } = spec.stressors;
  const common = { parent: process.pid, durationMs: (durationMs ?? 0) + startMsMax + slackMs };
  const repeat = (count: number, order: WorkerOrder) => Array.from({ length: count }, () => order);
  return [
    ...(cpu ? repeat(cpu.workers, { ...common, type: 'cpu', load: cpu.load / 100 }) : []),
    ...(memory && bytes !== undefined
      ? repeat(memory.workers, { ...common, type: 'memory', bytes: Math.ceil(bytes / memory.workers) })
      : []),
  ];
}
