// `faults`: what is broken, in Chaos Mesh's kinds and fields. The fields of a kind itself are its own schema's
// (src/faults); what all kinds share is here.

import { z } from 'zod';
import { duration, list } from '../../base/scalars.ts';
import { checkModeValue, modes } from '../../faults/chaos-mesh/fields.ts';
import { selectorSchema } from '../../faults/chaos-mesh/selector.ts';
import { faultSchemas } from '../../faults/kinds.ts';
import type { FaultKindName } from '../model.ts';
import { orchestrationKinds } from '../workflow/schema.ts';
import { promqlText } from './promql.ts';
import { name } from './scalars.ts';

const faultKindNames = Object.keys(faultSchemas) as FaultKindName[];

/** Of `spec`: the fields that every kind has. */
const commonSpecFields = {
  mode: z.enum(modes).optional().describe('How many of the selected targets are hit; all when not given.'),
  value: z
    .union([z.string(), z.number()])
    .transform(String)
    .optional()
    .describe('For fixed: how many. For the percent modes: 0 to 100.'),
  selector: selectorSchema.optional().describe('Which targets, when `on` names none.'),
  duration: duration.optional().describe('How long the fault stays; one-shot faults have none.'),
  remoteCluster: z.string().optional().describe('Another cluster; only a cluster can do that.'),
};

export const commonSpecSchema = z.strictObject(commonSpecFields).superRefine(checkModeValue);

export const faultSchema = z.strictObject({
  name: name.optional().describe('The kind, such as dns-chaos, when not given.'),
  kind: z
    .enum([...faultKindNames, ...orchestrationKinds])
    .describe('Kind of fault, as in Chaos Mesh; a Schedule or a Workflow of them.'),
  on: z
    .union([name, list(name).min(1)])
    .optional()
    .describe(
      'Target, or list of targets. Not needed where there is only one, or where spec.selector chooses.',
    ),
  spec: z.record(z.string(), z.unknown()).describe("Chaos Mesh's fields of this kind."),
  effect: z
    .strictObject({
      min: z.int().min(1).optional().describe('Hits below which the fault proved nothing; 1 when not given.'),
      promql: promqlText.optional().describe('Counts the hits where the driver cannot.'),
    })
    .optional()
    .describe('When the fault counts as effective.'),
});

export type FaultFields = z.output<typeof faultSchema>;

/** The names of the fields that every kind has. */
export const commonSpecKeys: readonly string[] = Object.keys(commonSpecFields);

/** A fault's `spec` in two: what every kind has, and what belongs to the kind. */
export function splitSpec(spec: Readonly<Record<string, unknown>>): {
  readonly common: Record<string, unknown>;
  readonly own: Record<string, unknown>;
} {
  const entries = Object.entries(spec);
  const isCommon = ([key]: [string, unknown]) => commonSpecKeys.includes(key);
  return {
    common: Object.fromEntries(entries.filter(isCommon)),
    own: Object.fromEntries(entries.filter((entry) => !isCommon(entry))),
  };
}
