// SLO in v2alpha: as in v1, with `sli` and `sliRef`, and no durations beyond weeks. The service is `service` in the
// text of the specification and `serviceRef` in its SDK: both are read.

import { z } from 'zod';
import { metadataV2alpha } from '../metadata.ts';
import { always, description, exactlyOne, nonEmpty, objectName, referenceOrInline } from '../scalars.ts';
import { alertConditionSpecOf } from '../v1/alert-condition.ts';
import { alertPolicySpecOf } from '../v1/alert-policy.ts';
import { budgetingMethod, checkIndicators, checkSlices, objectiveShape, timeWindowOf } from '../v1/slo.ts';
import { sliSpecV2alpha } from './sli.ts';

const letters = 'mhdw';

export const alertConditionSpecV2alpha = alertConditionSpecOf(letters);
export const alertPolicySpecV2alpha = alertPolicySpecOf(metadataV2alpha, alertConditionSpecV2alpha);

const inlineSli = z.strictObject({ metadata: metadataV2alpha, spec: sliSpecV2alpha });

const objective = z
  .strictObject({
    ...objectiveShape(letters),
    labels: metadataV2alpha.shape.labels,
    sli: inlineSli.optional(),
    sliRef: objectName.optional(),
  })
  .superRefine(exactlyOne('target', 'targetPercent'), always);

const alertPolicy = z
  .strictObject({
    alertPolicyRef: objectName.optional(),
    kind: z.literal('AlertPolicy').optional(),
    metadata: metadataV2alpha.optional(),
    spec: alertPolicySpecV2alpha.optional(),
  })
  .superRefine(referenceOrInline('alertPolicyRef', ['kind', 'metadata', 'spec']), always);

export const sloSpecV2alpha = z
  .strictObject({
    description: description.optional(),
    service: nonEmpty.optional(),
    serviceRef: nonEmpty.optional(),
    sli: inlineSli.optional(),
    sliRef: objectName.optional(),
    timeWindow: timeWindowOf(letters).optional(),
    budgetingMethod,
    objectives: z.array(objective).min(1).max(100),
    alertPolicies: z.array(alertPolicy).max(100).nullish(),
  })
  .superRefine(exactlyOne('serviceRef', 'service'), always)
  .superRefine(checkIndicators('sli', 'sliRef'), always)
  .superRefine(checkSlices, always);

export type SloFieldsV2alpha = z.output<typeof sloSpecV2alpha>;
