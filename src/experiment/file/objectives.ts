// `objectives`: what must hold (or must break) while the fault is there.

import { z } from 'zod';
import { duration } from '../../base/scalars.ts';
import type { ObjectiveSpec } from '../model.ts';
import { promqlComparison } from './promql.ts';
import { name } from './scalars.ts';

const recoversWithinMsDefault = 60_000;
const recoversStableMsDefault = 10_000;

export const objectiveSchema = z.strictObject({
  name: name.describe('Alerts name it in `guards`.'),
  promql: promqlComparison.describe('A comparison that is true while all is well, such as `latency < 0.3`.'),
  expect: z.enum(['held', 'breached']).optional().describe('What the fault does to it; held when not given.'),
  breach: z
    .strictObject({ for: duration.describe('A breach that lasts less is a blip.') })
    .optional()
    .describe('What counts as a breach; two scrape intervals when not given.'),
  recovers: z
    .strictObject({
      within: duration.optional().describe('After the undo; 1m when not given.'),
      stable: duration.optional().describe('How long it must hold then; 10s when not given.'),
    })
    .optional()
    .describe('Recovery after the undo.'),
  step: duration
    .optional()
    .describe('Distance of its evaluations; the shortest scrape interval when not given.'),
  minEvents: z.int().min(1).optional().describe('Requests that a phase needs before a ratio says anything.'),
});

export function resolveObjective(objective: z.output<typeof objectiveSchema>): ObjectiveSpec {
  return {
    name: objective.name,
    promql: objective.promql,
    expect: objective.expect ?? 'held',
    breachForMs: objective.breach?.for,
    recovers: {
      withinMs: objective.recovers?.within ?? recoversWithinMsDefault,
      stableMs: objective.recovers?.stable ?? recoversStableMsDefault,
    },
    stepMs: objective.step,
    minEvents: objective.minEvents,
  };
}
