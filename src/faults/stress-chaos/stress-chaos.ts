// StressChaos: workers that use up processor time, memory, disk or sockets beside the target, in its control groups
// where it has some of its own; or `limits` (ours) on what the target itself may use.

import { z } from 'zod';
import { complain } from '../../base/scalars.ts';
import type { FaultKind } from '../fault.ts';
import { onContainers } from '../targets/container/process-view.ts';
import { targetLimits } from './drivers/target-limits.ts';
import { ownWorkers } from './own-workers.ts';
import { parseSize } from './size.ts';
import { stressNg } from './stress-ng.ts';
import { readStressNgWords, stressorNames } from './stress-ng-words.ts';

/** The most that stress-ng itself runs of one stressor. */
const workersMax = 8192;

/** Of one worker. */
const pidsMax = 100_000;
const filesMax = 1_000_000;

const workers = z.int().min(1).max(workersMax);
/** More arguments for stress-ng; Chaos Mesh's own files write an option and its value as one text. */
const options = z
  .array(z.string())
  .default([])
  .transform((texts) => texts.flatMap((text) => text.split(/\s+/).filter((word) => word !== '')));

const size = z.string().superRefine((text, context) => {
  if (parseSize(text) !== undefined) return;
  const expected = 'a size such as 256MB, 1GiB or 10% (of the memory that the target may use)';
  context.addIssue({
    code: 'custom',
    message: `${JSON.stringify(text)} is not a size`,
    params: { expected },
  });
});

const stressorsSchema = z
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
        /** How likely the kernel ends the workers when memory runs out (proc(5)); below 0 needs CAP_SYS_RESOURCE. */
        oomScoreAdj: z.int().min(-1000).max(1000).optional(),
        options,
      })
      .optional(),
    /** Ours: writes and syncs files of this size in the run's folder, each worker its own. */
    io: z.strictObject({ workers, size: size.default('64MB'), options }).optional(),
    /** Ours: opens, uses and closes sockets of the loopback address all the time. */
    sockets: z.strictObject({ workers, options }).optional(),
    /** Ours: each makes so many processes that have ended, and lets nobody clear them away; then once more. */
    pids: z.strictObject({ workers, count: z.int().min(1).max(pidsMax).default(1000) }).optional(),
    /** Ours: each opens so many files, closes them, and begins again. */
    files: z.strictObject({ workers, count: z.int().min(1).max(filesMax).default(1000) }).optional(),
  })
  .refine((stressors) => Object.values(stressors).some(Boolean), 'no stressor is given');

/** The least quota of the kernel is 1 ms in a period of 100 ms. */
const limitsSchema = z
  .strictObject({
    /** Percent of one processor. */
    cpu: z.number().min(1).max(100_000).optional(),
    memory: size.optional(),
    /** Processes and threads. */
    pids: z.int().min(1).optional(),
    openFiles: z.int().min(1).optional(),
  })
  .refine((limits) => Object.values(limits).some((limit) => limit !== undefined), 'no limit is given');

const stressNgWords = z.string().transform((text, context) => {
  const read = readStressNgWords(text);
  if (!('mistake' in read)) return read;
  complain(context, 'FD105', read.mistake, {
    expected: `arguments of stress-ng, such as --matrix 2, of ${stressorNames.join(', ')}`,
  });
  return z.NEVER;
});

export const stressChaosSchema = z
  .strictObject({
    stressors: stressorsSchema.optional(),
    /** In stress-ng's own words; it wins over `stressors`, as with Chaos Mesh. */
    stressngStressors: stressNgWords.optional(),
    limits: limitsSchema.optional(),
    containerNames: z.array(z.string()).optional(),
  })
  .superRefine(({ stressors, stressngStressors, limits }, context) => {
    const isStressed = stressors !== undefined || stressngStressors !== undefined;
    if (isStressed === (limits !== undefined))
      complain(context, 'FD107', isStressed ? 'both stressors and limits' : 'neither stressors nor limits', {
        expected: 'one of the two',
      });
  })
  .transform(({ stressors = {}, stressngStressors: words, limits }) => ({
    stressors: words ? {} : stressors,
    words,
    limits,
  }));

export type StressChaosSpec = z.output<typeof stressChaosSchema>;

/** `workerCommand` starts our own worker (stress-worker.ts); its order is added as the last argument. */
export function createStressChaos(workerCommand: readonly string[]): FaultKind<StressChaosSpec> {
  const workers = ownWorkers(workerCommand);
  return {
    kind: 'StressChaos',
    schema: stressChaosSchema,
    isOneShot: () => false,
    onHost: ({ limits }) =>
      limits
        ? [
            {
              code: 'FD105',
              message: '`limits` are of a process; on the machine itself it takes `stressors`',
            },
          ]
        : [],
    drivers: [
      ...[targetLimits, stressNg, workers],
      ...[onContainers(targetLimits), onContainers(stressNg), onContainers(workers)],
    ],
  };
}
