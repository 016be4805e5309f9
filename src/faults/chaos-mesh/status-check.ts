// StatusCheck: a request that is repeated until it has succeeded or failed often enough; a step of a Workflow.

import { z } from 'zod';
import { complain, duration, httpUrl, list } from '../../base/scalars.ts';

const codesExpected = 'a status code such as "200", or a range of them such as "200-399"';

/** One status code, or an inclusive range. */
const statusCodes = z
  .string()
  .transform((written, context) => {
    const [, from = '', to = from] = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(written) ?? [];
    if (Number(from) > 0 && Number(to) > 0) return { from: Number(from), to: Number(to) };
    complain(context, 'FD105', `${JSON.stringify(written)} is no status code`, { expected: codesExpected });
    return z.NEVER;
  })
  .meta({ expected: codesExpected });

export const statusCheckSchema = z
  .strictObject({
    type: z.literal('HTTP'),
    mode: z.enum(['Synchronous', 'Continuous']).optional(),
    duration: duration.optional(),
    timeoutSeconds: z.int().min(1).optional(),
    intervalSeconds: z.int().min(1).optional(),
    failureThreshold: z.int().min(1).optional(),
    successThreshold: z.int().min(1).optional(),
    recordsHistoryLimit: z.int().min(1).max(1000).optional(),
    http: z
      .strictObject({
        url: httpUrl,
        method: z.enum(['GET', 'POST']).optional(),
        headers: z.record(z.string(), list(z.string())).optional(),
        body: z.string().optional(),
        criteria: z.strictObject({ statusCode: statusCodes }),
      })
      .optional(),
  })
  .superRefine((check, context) => {
    if (!check.http) complain(context, 'FD107', 'the request is not described', { expected: 'http' });
  })
  .transform((check) => ({
    mode: check.mode ?? 'Synchronous',
    durationMs: check.duration,
    timeoutMs: (check.timeoutSeconds ?? 1) * 1000,
    intervalMs: (check.intervalSeconds ?? 10) * 1000,
    failureThreshold: check.failureThreshold ?? 3,
    successThreshold: check.successThreshold ?? 1,
    url: check.http!.url,
    method: check.http!.method ?? 'GET',
    headers: check.http!.headers ?? {},
    body: check.http!.body,
    status: check.http!.criteria.statusCode,
  }));

export type StatusCheckSpec = z.output<typeof statusCheckSchema>;
