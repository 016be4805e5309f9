// `objectives`: what must hold (or must break) while the fault is there.

import { z } from 'zod';
import { complain, duration } from '../../base/scalars.ts';
import type { SimpleObjective } from '../../slo/objective.ts';
import { sliOver } from '../../slo/sli-over.ts';
import type { ObjectiveSpec } from '../model.ts';
import { promqlComparison } from './promql.ts';
import { name } from './scalars.ts';

const recoversWithinMsDefault = 60_000;
const recoversStableMsDefault = 10_000;

const sloExpected = 'a file and the name of an SLO in it, such as slo.yaml#web-availability';

const objectiveFields = z.strictObject({
  name: name.describe('Alerts name it in `guards`.'),
  promql: promqlComparison
    .optional()
    .describe('A comparison that is true while all is well, such as `latency < 0.3`.'),
  slo: z
    .string()
    .superRefine((reference, context) => {
      if (!/^[^#]+#[^#]+$/.test(reference))
        complain(context, 'FD105', `${JSON.stringify(reference)} names no SLO`, { expected: sloExpected });
    })
    .optional()
    .describe('Instead of promql: an SLO of a file, as `slo.yaml#web-availability`.')
    .meta({ expected: sloExpected }),
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
  minEvents: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Requests that a phase needs before a ratio says anything; of an SLO 10 / (1 - target) when not given.',
    ),
});

export const objectiveSchema = objectiveFields.superRefine((objective, context) => {
  if (objective.promql === undefined && objective.slo === undefined)
    complain(context, 'FD107', 'has neither promql nor slo', { expected: 'one of the two' });
  if (objective.promql !== undefined && objective.slo !== undefined)
    complain(context, 'FD105', 'a second definition beside promql', {
      path: ['slo'],
      expected: 'promql or slo',
    });
});

export type ObjectiveFields = z.output<typeof objectiveSchema>;

/** Scrapes that the short window of an SLO spans: a rate needs two samples, and one scrape may fail. */
const scrapesInWindow = 4;

/** `slo`: what `objective.slo` names; `scrapeMs`: the shortest distance of samples. */
export function resolveObjective(
  objective: ObjectiveFields,
  slo: SimpleObjective | undefined,
  scrapeMs: number,
): ObjectiveSpec {
  return {
    name: objective.name,
    ...definitionOf(objective, slo, scrapeMs),
    expect: objective.expect ?? 'held',
    breachForMs: objective.breach?.for,
    recovers: {
      withinMs: objective.recovers?.within ?? recoversWithinMsDefault,
      stableMs: objective.recovers?.stable ?? recoversStableMsDefault,
    },
    stepMs: objective.step,
    minEvents: objective.minEvents ?? (slo && eventsNeeded(slo)),
  };
}

function definitionOf(
  { promql, slo: reference }: ObjectiveFields,
  slo: SimpleObjective | undefined,
  scrapeMs: number,
): Pick<ObjectiveSpec, 'promql' | 'slo'> {
  if (promql !== undefined) return { promql };
  if (!slo || reference === undefined) throw new Error('an SLO that is not there was let pass');
  const { sli, target, budgeting, window } = slo;
  const over = sliOver(sli, scrapesInWindow * scrapeMs, { stepMs: scrapeMs });
  return {
    promql: `${over} >= ${target.ratio}`,
    slo: { reference, sli, target, budgeting, window, sampleMs: scrapeMs },
  };
}

/** With fewer, one bad event would be more than a tenth of the budget. */
function eventsNeeded({ sli, target }: SimpleObjective): number | undefined {
  return sli.type === 'ratio' && target.errorBudget > 0 ? Math.ceil(10 / target.errorBudget) : undefined;
}
