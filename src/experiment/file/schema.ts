// The experiment file as a whole. A feature that does not exist has no field here: unknown keys are errors.

import { z } from 'zod';
import { complain, list, text } from '../../base/scalars.ts';
import { alertSchema } from './alerts.ts';
import { faultSchema } from './faults.ts';
import { historySchema } from './history.ts';
import { objectiveSchema } from './objectives.ts';
import { phasesSchema } from './phases.ts';
import { collateralSchema, limitsSchema, stopConditionSchema } from './safety.ts';
import { name } from './scalars.ts';
import { targetSchema } from './targets.ts';
import { telemetrySchema } from './telemetry.ts';
import { trafficSchema } from './traffic.ts';

export const apiVersion = 'firedrill.dev/v1';

export const specFields = {
  title: text
    .max(200)
    .optional()
    .describe('What the drill is to show, in one sentence; the name when not given.'),
  target: targetSchema.optional().describe('Short for `targets` with one named "target".'),
  targets: z.record(name, targetSchema).optional().describe('What may be broken, by name.'),
  traffic: list(trafficSchema).optional().describe('What uses the system during the drill.'),
  telemetry: telemetrySchema.optional().describe('How the system is watched.'),
  faults: list(faultSchema, 20).min(1).describe('What is broken.'),
  phases: phasesSchema.optional().describe('How long the run watches before and after.'),
  history: historySchema
    .optional()
    .describe('What long windows are given behind the baseline; auto when not given.'),
  objectives: list(objectiveSchema).optional().describe('What must hold.'),
  alerts: list(alertSchema, 500).optional().describe('What each alert owes.'),
  collateral: collateralSchema.optional().describe('What alerts mean that are not listed.'),
  stopConditions: list(stopConditionSchema).optional().describe('When the run is stopped at once.'),
  limits: limitsSchema.optional().describe('What the drill must not exceed.'),
  trials: z.int().min(1).max(100).optional().describe('How often the drill is repeated; 1 when not given.'),
  minPass: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe('How many trials must pass; all when not given. One that fails fails the drill all the same.'),
  seed: z.int().min(0).max(0xffffffff).optional().describe('Seeds every random choice; 1 when not given.'),
};

const specSchema = z.strictObject(specFields).superRefine((spec, context) => {
  if (spec.minPass !== undefined && spec.minPass > (spec.trials ?? 1))
    complain(context, 'FD105', 'more than there are trials', {
      path: ['minPass'],
      expected: `at most ${spec.trials ?? 1}`,
    });
  if (spec.target && spec.targets)
    complain(context, 'FD105', 'a second declaration beside targets', {
      path: ['target'],
      expected: 'target or targets',
    });
});

export const experimentSchema = z.strictObject({
  apiVersion: z.literal(apiVersion),
  kind: z.literal('Experiment'),
  metadata: z.strictObject({
    name: name.describe('Name of the drill; part of the name of its run folders.'),
  }),
  spec: specSchema,
});

export type ExperimentFields = z.output<typeof experimentSchema>;
