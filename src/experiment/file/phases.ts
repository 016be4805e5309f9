// `phases`: how long the run watches before and after the faults.

import { z } from 'zod';
import { parseDuration } from '../../base/duration.ts';
import { complain } from '../../base/scalars.ts';
import type { PhaseSpec } from '../model.ts';

const lengthExpected = 'auto, or a duration such as 30s';

const length = z
  .string()
  .transform((text, context): number | 'auto' => {
    if (text === 'auto') return 'auto';
    const ms = parseDuration(text);
    if (ms !== undefined && ms > 0) return ms;
    complain(context, 'FD112', `${JSON.stringify(text)} is no length of a phase`, {
      expected: lengthExpected,
    });
    return z.NEVER;
  })
  .meta({ expected: lengthExpected });

export const phasesSchema = z.strictObject({
  baseline: length
    .optional()
    .describe('Before the fault; auto (long enough to prove it steady) when not given.'),
  recovery: length
    .optional()
    .describe('After the undo; auto (long enough for every deadline) when not given.'),
});

export function resolvePhases(phases: z.output<typeof phasesSchema> | undefined): PhaseSpec {
  return { baseline: phases?.baseline ?? 'auto', recovery: phases?.recovery ?? 'auto' };
}
