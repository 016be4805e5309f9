// SLO: targets for an indicator over a window. With an indicator in each objective it is composite.

import { z } from 'zod';
import { isLocation } from '../../../alertmanager/timeinterval/interval.ts';
import { complain } from '../../../base/scalars.ts';
import { parseLocalTime } from '../../time-window.ts';
import { durationShorthand } from '../duration-shorthand.ts';
import { metadataV1 } from '../metadata.ts';
import {
  always,
  description,
  exactlyOne,
  isMapping,
  nonEmpty,
  objectName,
  operator,
  presentKeys,
  referenceOrInline,
} from '../scalars.ts';
import { alertPolicySpec } from './alert-policy.ts';
import { sliSpec } from './sli.ts';

const startTimeExpected = 'a date and time without a zone, such as 2022-01-01 12:00:00';

/** Of a window that is aligned to the calendar, in every version. */
export const calendar = z.strictObject({
  startTime: z
    .string()
    .superRefine((text, context) => {
      if (parseLocalTime(text) === undefined)
        complain(context, 'FD105', `${JSON.stringify(text)} is no date and time`, {
          expected: startTimeExpected,
        });
    })
    .meta({ expected: startTimeExpected }),
  timeZone: z.string().superRefine((name, context) => {
    if (name === 'Local' || !isLocation(name))
      complain(context, 'FD105', `${JSON.stringify(name)} is no time zone`, {
        expected: 'an IANA name such as America/New_York',
      });
  }),
});

/** A window is rolling, or it has a calendar. */
function checkWindow(window: unknown, context: z.core.$RefinementCtx): void {
  if (!isMapping(window)) return;
  const { isRolling, calendar } = window;
  if (isRolling === true && calendar !== undefined)
    complain(context, 'FD851', 'is rolling and has a calendar', { expected: 'one of the two' });
  if (isRolling !== true && calendar === undefined)
    complain(context, 'FD107', 'is not rolling and has no calendar', {
      expected: 'isRolling: true, or a calendar with startTime and timeZone',
    });
}

export function timeWindowOf(letters: string) {
  const window = z
    .strictObject({
      duration: durationShorthand({ letters }),
      isRolling: z.boolean().optional(),
      calendar: calendar.optional(),
    })
    .superRefine(checkWindow, always);
  return z.array(window).min(1).max(1);
}

const inlineIndicator = z.strictObject({ metadata: metadataV1, spec: sliSpec });

/** What an objective says beside its indicator, in v1 and v2alpha. */
export function objectiveShape(letters: string) {
  return {
    displayName: z.string().optional(),
    op: operator.optional(),
    value: z.number().optional(),
    target: z.number().min(0).lt(1).optional(),
    targetPercent: z.number().min(0).lt(100).optional(),
    timeSliceTarget: z.number().gt(0).max(1).optional(),
    timeSliceWindow: z.union([durationShorthand({ letters }), z.int().min(1)]).optional(),
    compositeWeight: z.number().gt(0).optional(),
  };
}

const objective = z
  .strictObject({
    ...objectiveShape('mhdwMQY'),
    indicator: inlineIndicator.optional(),
    indicatorRef: objectName.optional(),
  })
  .superRefine(exactlyOne('target', 'targetPercent'), always);

const alertPolicy = z
  .strictObject({
    alertPolicyRef: objectName.optional(),
    kind: z.literal('AlertPolicy').optional(),
    metadata: metadataV1.optional(),
    spec: alertPolicySpec.optional(),
  })
  .superRefine(referenceOrInline('alertPolicyRef', ['kind', 'metadata', 'spec']), always);

export const budgetingMethod = z.enum(['Occurrences', 'Timeslices', 'RatioTimeslices']);

export const sloSpec = z
  .strictObject({
    description: description.optional(),
    service: nonEmpty,
    indicator: inlineIndicator.optional(),
    indicatorRef: objectName.optional(),
    timeWindow: timeWindowOf('mhdwMQY').optional(),
    budgetingMethod,
    objectives: z.array(objective).min(1).max(100),
    alertPolicies: z.array(alertPolicy).max(100).nullish(),
  })
  .superRefine(checkIndicators('indicator', 'indicatorRef'), always)
  .superRefine(checkSlices, always);

export type SloFields = z.output<typeof sloSpec>;

/** The indicator stands in the spec, or in every objective. */
export function checkIndicators(...keys: readonly [string, string]) {
  const expected = `${keys.join(' or ')} in spec, or in every objective (a composite)`;
  return (spec: unknown, context: z.core.$RefinementCtx): void => {
    if (!isMapping(spec)) return;
    const own = presentKeys(spec, keys);
    const parts = objectivesOf(spec);
    if (!parts.some((part) => presentKeys(part, keys).length > 0)) {
      if (own.length === 1) return;
      const message = own.length === 0 ? 'has no indicator' : `has both ${own.join(' and ')}`;
      complain(context, 'FD851', message, { expected });
      return;
    }
    if (own.length > 0)
      complain(context, 'FD851', `has ${own.join(' and ')}, as its objectives have`, { expected });
    for (const [index, part] of parts.entries()) {
      const present = presentKeys(part, keys);
      if (present.length === 1 || !isMapping(part)) continue;
      const message = present.length === 0 ? 'has no indicator' : `has both ${present.join(' and ')}`;
      complain(context, 'FD851', message, { path: ['objectives', index], expected });
    }
  };
}

/** What the budgeting method needs of each objective. */
export function checkSlices(spec: unknown, context: z.core.$RefinementCtx): void {
  const method = isMapping(spec) ? spec.budgetingMethod : undefined;
  const needed =
    method === 'Timeslices'
      ? ['timeSliceTarget', 'timeSliceWindow']
      : method === 'RatioTimeslices'
        ? ['timeSliceWindow']
        : [];
  for (const [index, part] of objectivesOf(spec).entries()) {
    const present = presentKeys(part, needed);
    for (const key of needed.filter((each) => isMapping(part) && !present.includes(each)))
      complain(context, 'FD107', `is required with budgetingMethod: ${String(method)}`, {
        path: ['objectives', index, key],
        expected: key === 'timeSliceWindow' ? 'a duration such as 1m' : 'a ratio above 0, at most 1',
      });
  }
}

function objectivesOf(spec: unknown): readonly unknown[] {
  return isMapping(spec) && Array.isArray(spec.objectives) ? spec.objectives : [];
}
