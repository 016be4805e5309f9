// What bounds a drill: `stopConditions`, `limits` and `collateral`.

import { z } from 'zod';
import { duration, labels, list, text } from '../../base/scalars.ts';
import type { CollateralSpec, Experiment, StopConditionSpec } from '../model.ts';
import { promqlComparison } from './promql.ts';
import { share } from './scalars.ts';

const runTimeMsDefault = 15 * 60_000;

export const stopConditionSchema = z.strictObject({
  promql: promqlComparison.describe('A comparison; the run stops at the first sample where it is true.'),
  blindFor: duration
    .optional()
    .describe('How long it may be without data before the run stops; two scrape intervals when not given.'),
});

export const limitsSchema = z.strictObject({
  runTime: duration.optional().describe('Longest run; a longer plan is refused. 15m when not given.'),
  share: share
    .optional()
    .describe('Most of two or more selected targets that a fault may hit; 100% when not given.'),
  hosts: list(text).optional().describe('Hosts beside loopback that traffic and proxies may reach.'),
});

export const collateralSchema = z.strictObject({
  verdict: z
    .enum(['warn', 'fail', 'ignore'])
    .optional()
    .describe('What an alert that is not listed means when it starts in the run; warn when not given.'),
  failOn: labels.optional().describe('Alerts with these labels fail the run.'),
  scope: labels.optional().describe('Only alerts with these labels are looked at.'),
  allow: list(text).optional().describe('Names of alerts that may ring.'),
});

export function resolveStopCondition(condition: z.output<typeof stopConditionSchema>): StopConditionSpec {
  return { promql: condition.promql, blindForMs: condition.blindFor };
}

export function resolveLimits(limits: z.output<typeof limitsSchema> | undefined): Experiment['limits'] {
  return {
    runTimeMs: limits?.runTime ?? runTimeMsDefault,
    share: limits?.share ?? 1,
  };
}

export function resolveCollateral(collateral: z.output<typeof collateralSchema> | undefined): CollateralSpec {
  return {
    verdict: collateral?.verdict ?? 'warn',
    failOn: collateral?.failOn,
    scope: collateral?.scope,
    allow: collateral?.allow ?? [],
  };
}
