// SLO in v1alpha: one threshold metric for the whole, or a ratio in each objective; no alerts. Files that other tools
// read may lack `isRolling` (a window without a calendar is rolling then) and the `value` of a ratio.
// https://github.com/OpenSLO/OpenSLO/tree/v0.1.0-beta

import { z } from 'zod';
import { complain } from '../../../base/scalars.ts';
import { always, description, isMapping, nonEmpty, operator, presentKeys } from '../scalars.ts';
import { calendar } from '../v1/slo.ts';

const word = z.string().regex(/^[A-Za-z]+$/, { error: 'must be one word of letters' });

const metricSource = z.strictObject({ source: word, queryType: word, query: nonEmpty });

const objective = z.strictObject({
  displayName: z.string().optional(),
  op: operator.optional(),
  value: z.number().optional(),
  target: z.number().min(0).lt(1),
  timeSliceTarget: z.number().gt(0).max(1).optional(),
  ratioMetrics: z
    .strictObject({ good: metricSource, total: metricSource, incremental: z.boolean().optional() })
    .optional(),
});

const timeWindow = z
  .strictObject({
    unit: z.enum(['Second', 'Day', 'Week', 'Month', 'Quarter']),
    count: z.int().min(1),
    isRolling: z.boolean().optional(),
    calendar: calendar.optional(),
  })
  .superRefine((window, context) => {
    if (!isMapping(window)) return;
    if (window.isRolling === true && window.calendar !== undefined)
      complain(context, 'FD851', 'is rolling and has a calendar', { expected: 'one of the two' });
    if (window.isRolling === false && window.calendar === undefined)
      complain(context, 'FD107', 'is not rolling and has no calendar', {
        expected: 'isRolling: true, or a calendar with startTime and timeZone',
      });
  }, always);

export const sloSpecV1alpha = z
  .strictObject({
    description: description.optional(),
    service: nonEmpty,
    indicator: z.strictObject({ thresholdMetric: metricSource }).optional(),
    timeWindows: z.array(timeWindow).min(1).max(1),
    budgetingMethod: z.enum(['Occurrences', 'Timeslices']),
    objectives: z.array(objective).min(1).max(100),
  })
  .superRefine((spec, context) => {
    const hasIndicator = presentKeys(spec, ['indicator']).length > 0;
    const objectives: unknown = isMapping(spec) ? spec.objectives : undefined;
    for (const [index, part] of (Array.isArray(objectives) ? objectives : []).entries()) {
      if (!isMapping(part) || (part.ratioMetrics !== undefined) !== hasIndicator) continue;
      const message = hasIndicator ? 'has ratioMetrics beside the indicator' : 'has no ratioMetrics';
      complain(context, 'FD851', message, {
        path: ['objectives', index],
        expected: 'either spec.indicator, or ratioMetrics in every objective',
      });
    }
  }, always);

export type SloFieldsV1alpha = z.output<typeof sloSpecV1alpha>;
