// StressChaos: workers that use up processor time or memory beside the target, in its control groups where it has
// some of its own.

import { z } from 'zod';
import type { FaultKind } from '../fault.ts';
import { onContainers } from '../targets/container/process-view.ts';
import { ownWorkers } from './own-workers.ts';
import { parseSize } from './size.ts';
import { stressNg } from './stress-ng.ts';

/** The most that stress-ng itself runs of one stressor. */
const workersMax = 8192;

const workers = z.int().min(1).max(workersMax);
/** More arguments for stress-ng. */
const options = z.array(z.string()).default([]);

const size = z.string().superRefine((text, context) => {
  if (parseSize(text) !== undefined) return;
  const expected = 'a size such as 256MB, 1GiB or 10% (of the memory that the target may use)';
  context.addIssue({
    code: 'custom',
    message: `${JSON.stringify(text)} is not a size`,
    params: { expected },
  });
});

export const stressChaosSchema = z.strictObject({
  stressors: z
    .strictObject({
      cpu: z
        .strictObject({
          workers,
          /** Percent of one processor that each worker uses. */
          load: z.int().min(0).max(100).default(100),
          options,
        })
        .optional(),
      memory: z
        .strictObject({
          workers,
          /** Of all workers together. */
          size,
          options,
        })
        .optional(),
    })
    .refine(({ cpu, memory }) => cpu || memory, 'neither cpu nor memory is given'),
});

export type StressChaosSpec = z.output<typeof stressChaosSchema>;

/** `workerCommand` starts our own worker (stress-worker.ts); its order is added as the last argument. */
export function createStressChaos(workerCommand: readonly string[]): FaultKind<StressChaosSpec> {
  const workers = ownWorkers(workerCommand);
  return {
    kind: 'StressChaos',
    schema: stressChaosSchema,
    isOneShot: () => false,
    drivers: [stressNg, workers, onContainers(stressNg), onContainers(workers)],
  };
}
