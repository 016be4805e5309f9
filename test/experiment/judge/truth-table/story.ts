// What a row of the truth table may say. Rows are written in the formats that people know (the experiment file,
// Prometheus rules, a routing tree, promtool's series notation), so that the same rows can be driven through the whole
// chain; only `happens` is for the judge alone: what the chain would have done.

import { z } from 'zod';
import { parseDuration } from '../../../../src/base/duration.ts';

/** Time zero of every row: the start of the run and of the baseline. */
export const zero = Date.UTC(2026, 0, 5, 9, 0, 0);

const labels = z.record(z.string(), z.string());

const happening = z.strictObject({
  at: z.string(),
  pending: z.string().optional(),
  firing: z.string().optional(),
  resolved: z.string().optional(),
  dropped: z.string().optional(),
  told: z.string().optional(),
  failed: z.string().optional(),
  inhibited: z.string().optional(),
  silenced: z.string().optional(),
  muted: z.string().optional(),
  /** Any other event, with its body. */
  event: z.string().optional(),
  body: z.record(z.string(), z.unknown()).optional(),
  of: z.string().optional(),
  by: z.string().optional(),
  receiver: z.string().optional(),
  status: z.enum(['firing', 'resolved']).optional(),
  reason: z.string().optional(),
  labels: labels.optional(),
});

const route = z.strictObject({
  receiver: z.string(),
  group_wait: z.string().optional(),
  group_interval: z.string().optional(),
  matches: labels.optional(),
  mute_time_intervals: z.array(z.string()).optional(),
});

export const rowFields = {
  /** Sections of an experiment file. */
  experiment: z.strictObject({
    objectives: z.array(z.record(z.string(), z.unknown())).optional(),
    alerts: z.array(z.record(z.string(), z.unknown())).optional(),
    collateral: z.record(z.string(), z.unknown()).optional(),
    effect: z.strictObject({ min: z.number().optional(), promql: z.string().optional() }).optional(),
  }),
  /** An OpenSLO document, which objectives name as `slo.yaml#NAME`. */
  slo: z.record(z.string(), z.unknown()).optional(),
  scrape: z.string().optional(),
  evaluation: z.string().optional(),
  /** Rules of one Prometheus group. */
  rules: z.array(z.record(z.string(), z.unknown())).optional(),
  /** A flat routing tree: the one without matchers is the root, of the others the first that matches is taken. */
  routes: z.array(route).optional(),
  /** Further sections of alertmanager.yml: inhibit_rules, time_intervals. */
  alertmanager: z.record(z.string(), z.unknown()).optional(),
  /** A silence on one alert. */
  silence: z.strictObject({ alert: z.string(), author: z.string(), comment: z.string() }).optional(),
  /** Receivers that answer with an error. */
  failing: z.array(z.string()).optional(),
  /** Series in promtool's notation, one value a scrape from time zero. */
  series: z.record(z.string(), z.string()).optional(),
  phases: z.strictObject({ baseline: z.string(), fault: z.string(), recovery: z.string() }).optional(),
  source: z.enum(['embedded', 'remote']).optional(),
  oneShot: z.boolean().optional(),
  /** Null: the driver cannot count. */
  hits: z.number().nullable().optional(),
  /** Reasons why the gate stayed shut; the fault is then not injected. */
  unsteady: z.array(z.string()).optional(),
  /** When the fault is undone early, and the run stopped. */
  stopped: z.strictObject({ at: z.string(), by: z.string(), reason: z.string() }).optional(),
  /** When everything ends: nothing later is on the timeline or in the recording. */
  killed: z.string().optional(),
  happens: z.array(happening).optional(),
};

export type RowStory = z.output<z.ZodObject<typeof rowFields>>;
export type Happening = z.output<typeof happening>;

export function ms(text: string): number {
  const value = parseDuration(text);
  if (value === undefined) throw new Error(`no duration: ${text}`);
  return value;
}
