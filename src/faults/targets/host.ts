// The machine itself as a target: everything on it is hit, so that it must be asked for twice (FD515).

import { availableParallelism, hostname, totalmem } from 'node:os';
import { formatBytes } from '../stress-chaos/size.ts';
import { identify, processTable, userOf } from './process/proc.ts';
import type { HostTargetHandle, ProcessId } from './target.ts';

interface HostIdentity {
  readonly name: string;
  readonly namespace: string;
  readonly labels: HostTargetHandle['labels'];
}

export function hostTarget({ name, namespace, labels }: HostIdentity): HostTargetHandle {
  return {
    type: 'host',
    name,
    namespace,
    labels,
    async describe() {
      const pids = [...processTable().values()].filter((stat) => !stat.isKernelThread).map(({ pid }) => pid);
      const users = new Set(pids.flatMap((pid) => userOf(pid) ?? []));
      const size = `${availableParallelism()} processors, ${formatBytes(totalmem())} of memory`;
      return `the machine itself (${hostname()}: ${size}); whatever runs on it may feel it, now ${pids.length} processes of ${users.size} users`;
    },
    processes: async () => [],
    standIn(): ProcessId[] {
      const first = identify(1);
      return first ? [first] : [];
    },
  };
}
