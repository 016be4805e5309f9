// The answer of /api/v1/rules, as far as alert states and the plan need it.

import { z } from 'zod';
import type { LabelRecord } from '../../base/labels.ts';

export interface RemoteAlert {
  /** Since when its expression has been true, Unix milliseconds. */
  readonly activeAtMs: number;
  readonly state: 'pending' | 'firing';
  readonly labels: LabelRecord;
  readonly annotations: LabelRecord;
  readonly value: number;
}

export interface RemoteAlertingRule {
  readonly type: 'alerting';
  readonly name: string;
  readonly query: string;
  readonly forMs: number;
  readonly keepFiringForMs: number;
  readonly labels: LabelRecord;
  readonly annotations: LabelRecord;
  readonly alerts: readonly RemoteAlert[];
  /** Why the last evaluation failed; empty when it did not. */
  readonly lastError: string;
}

interface RemoteRecordingRule {
  readonly type: 'recording';
  readonly name: string;
  readonly query: string;
  readonly labels: LabelRecord;
  readonly lastError: string;
}

export interface RemoteRuleGroup {
  readonly name: string;
  readonly file: string;
  readonly intervalMs: number;
  readonly rules: readonly (RemoteAlertingRule | RemoteRecordingRule)[];
}

const labels = z.record(z.string(), z.string()).default({});
const secondsAsMs = z.number().transform((seconds) => Math.round(seconds * 1000));

const alert = z
  .object({
    activeAt: z.string(),
    state: z.enum(['pending', 'firing']),
    labels,
    annotations: labels,
    value: z.string(),
  })
  .transform(({ activeAt, value, ...rest }) => ({
    ...rest,
    activeAtMs: Date.parse(activeAt),
    value: Number(value.replace('Inf', 'Infinity')),
  }));

const rule = z.discriminatedUnion('type', [
  z
    .object({
      type: z.literal('alerting'),
      name: z.string(),
      query: z.string(),
      duration: secondsAsMs.default(0),
      keepFiringFor: secondsAsMs.default(0),
      labels,
      annotations: labels,
      alerts: z.array(alert).nullish(),
      lastError: z.string().default(''),
    })
    .transform(({ duration, keepFiringFor, alerts, ...rest }) => ({
      ...rest,
      forMs: duration,
      keepFiringForMs: keepFiringFor,
      alerts: alerts ?? [],
    })),
  z.object({
    type: z.literal('recording'),
    name: z.string(),
    query: z.string(),
    labels,
    lastError: z.string().default(''),
  }),
]);

export const rulesAnswer = z.object({
  groups: z.array(
    z
      .object({ name: z.string(), file: z.string(), interval: secondsAsMs, rules: z.array(rule) })
      .transform(({ interval, ...rest }) => ({ ...rest, intervalMs: interval })),
  ),
});
