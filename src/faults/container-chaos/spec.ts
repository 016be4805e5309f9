// ContainerChaos is ours: Chaos Mesh leaves to Kubernetes what a container engine does with a single container.

import { z } from 'zod';
import { complain, list, text } from '../../base/scalars.ts';
import { parseSize } from '../stress-chaos/size.ts';

export type ContainerChaosSpec =
  | { readonly action: 'stop' | 'restart'; readonly graceSeconds: number }
  | {
      readonly action: 'disconnect' /** Undefined: all of them. */;
      readonly networks: readonly string[] | undefined;
    }
  | { readonly action: 'limit'; readonly limits: ContainerLimits };

export interface ContainerLimits {
  /** Processors that it may use, such as 0.5. */
  readonly cpus: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly pids: number | undefined;
}

const gracePeriodDefault = 10;
/** What engines themselves set as the least. */
const memoryBytesMin = 6 * 1024 * 1024;
const cpusMin = 0.01;

const memory = z.string().transform((written, context) => {
  const size = parseSize(written);
  if (size && 'bytes' in size && size.bytes >= memoryBytesMin) return size.bytes;
  complain(context, 'FD105', `${JSON.stringify(written)} is no memory limit`, {
    expected: 'a size of at least 6MB, such as 64MB',
  });
  return z.NEVER;
});

/** Which fields belong to which actions. */
const fieldsOf = {
  stop: ['gracePeriod'],
  restart: ['gracePeriod'],
  disconnect: ['networks'],
  limit: ['limits'],
} as const;

export const containerChaosSchema = z
  .strictObject({
    action: z.enum(['stop', 'restart', 'disconnect', 'limit']),
    gracePeriod: z
      .int()
      .min(0)
      .max(3600)
      .optional()
      .describe('With stop and restart: seconds from the stop signal to SIGKILL; 10 when not given.'),
    networks: list(text)
      .min(1)
      .optional()
      .describe('With disconnect: names of networks; all that it is attached to when not given.'),
    limits: z
      .strictObject({
        cpus: z.number().min(cpusMin).max(1024).optional().describe('Processors, such as 0.5.'),
        memory: memory.optional().describe('Memory, such as 64MB.'),
        pids: z.int().min(1).optional().describe('Processes and threads.'),
      })
      .optional()
      .describe('With limit.'),
  })
  .superRefine((spec, context) => {
    const fitting: readonly string[] = fieldsOf[spec.action];
    for (const key of ['gracePeriod', 'networks', 'limits'] as const)
      if (spec[key] !== undefined && !fitting.includes(key))
        complain(context, 'FD105', `${key} means nothing for ${spec.action}`, {
          path: [key],
          expected: fitting.join(', '),
        });
    const given = Object.values(spec.limits ?? {}).some((value) => value !== undefined);
    if (spec.action === 'limit' && !given)
      complain(context, 'FD107', 'no limit is given', { expected: 'limits, with cpus, memory or pids' });
  })
  .transform(({ action, gracePeriod, networks, limits }): ContainerChaosSpec => {
    switch (action) {
      case 'stop':
      case 'restart':
        return { action, graceSeconds: gracePeriod ?? gracePeriodDefault };
      case 'disconnect':
        return { action, networks };
      case 'limit':
        return {
          action,
          limits: { cpus: limits?.cpus, memoryBytes: limits?.memory, pids: limits?.pids },
        };
    }
  });
