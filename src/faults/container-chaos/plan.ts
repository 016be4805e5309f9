// The words of the plan for each action, whichever driver carries it out.

import { formatBytes } from '../stress-chaos/size.ts';
import type { ContainerId } from '../targets/target.ts';
import type { ContainerChaosSpec, ContainerLimits } from './spec.ts';

export function whatItDoes(spec: ContainerChaosSpec, { name }: ContainerId): string {
  switch (spec.action) {
    case 'stop':
      return `stops container ${name}`;
    case 'restart':
      return `restarts container ${name}`;
    case 'disconnect':
      return `takes container ${name} off ${spec.networks?.join(', ') ?? 'all its networks'}`;
    case 'limit':
      return `gives container ${name} ${describeLimits(spec.limits)}`;
  }
}

function describeLimits({ cpus, memoryBytes, pids }: ContainerLimits): string {
  return [
    ...(cpus === undefined ? [] : [`${cpus} processors`]),
    ...(memoryBytes === undefined ? [] : [`${formatBytes(memoryBytes)} of memory`]),
    ...(pids === undefined ? [] : [`${pids} processes`]),
  ].join(', ');
}

export const limitHits = 'times that a limit held the container back';

export const untilWatchdog = 'until the watchdog sees the runner die (at once) or hang (5s)';
