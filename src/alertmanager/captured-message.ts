// What a captured body says, when it is Alertmanager's webhook: read as data from outside, by whatever version sent
// it.

import { z } from 'zod';
import { unquoteMeta } from './notify/alert-sets.ts';

const labels = z.record(z.string(), z.string());
const status = z.enum(['firing', 'resolved']);

const schema = z.object({
  receiver: z.string().transform(unquoteMeta),
  status,
  groupKey: z.string(),
  groupLabels: labels,
  alerts: z.array(
    z.object({
      status,
      labels,
      annotations: labels.default({}),
      startsAt: z.string(),
      endsAt: z.string(),
      fingerprint: z.string().default(''),
    }),
  ),
  truncatedAlerts: z.number().default(0),
});

export type CapturedMessage = z.output<typeof schema>;

/** Undefined when the body is something else. */
export function readMessage(body: unknown): CapturedMessage | undefined {
  const result = schema.safeParse(body);
  return result.success ? result.data : undefined;
}
