// AlertCondition: a burn rate over one window, compared with a threshold.

import { z } from 'zod';
import { durationShorthand } from '../duration-shorthand.ts';
import { description, nonEmpty, operator } from '../scalars.ts';

/** `letters`: the units of durations that the version knows. */
export function alertConditionSpecOf(letters: string) {
  return z.strictObject({
    description: description.optional(),
    severity: nonEmpty,
    condition: z.strictObject({
      kind: z.literal('burnrate'),
      op: operator,
      threshold: z.number(),
      lookbackWindow: durationShorthand({ letters }),
      alertAfter: durationShorthand({ letters, zero: true }).optional(),
    }),
  });
}

export const alertConditionSpec = alertConditionSpecOf('mhdwMQY');

export type AlertConditionFields = z.output<typeof alertConditionSpec>;
