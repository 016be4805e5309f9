// AlertPolicy: which condition tells whom, and on which occasions. Conditions and targets stand in it or are named.

import { z } from 'zod';
import { metadataV1 } from '../metadata.ts';
import { always, description, objectName, referenceOrInline } from '../scalars.ts';
import { alertConditionSpec, type alertConditionSpecOf } from './alert-condition.ts';
import { alertNotificationTargetSpec } from './alert-notification-target.ts';

/** For any version's metadata and condition. */
export function alertPolicySpecOf<M extends z.ZodType, C extends ReturnType<typeof alertConditionSpecOf>>(
  metadata: M,
  conditionSpec: C,
) {
  const condition = z
    .strictObject({
      conditionRef: objectName.optional(),
      kind: z.literal('AlertCondition').optional(),
      metadata: metadata.optional(),
      spec: conditionSpec.optional(),
    })
    .superRefine(referenceOrInline('conditionRef', ['kind', 'metadata', 'spec']), always);
  const notificationTarget = z
    .strictObject({
      targetRef: objectName.optional(),
      kind: z.literal('AlertNotificationTarget').optional(),
      metadata: metadata.optional(),
      spec: alertNotificationTargetSpec.optional(),
    })
    .superRefine(referenceOrInline('targetRef', ['kind', 'metadata', 'spec']), always);
  return z.strictObject({
    description: description.optional(),
    alertWhenNoData: z.boolean().optional(),
    alertWhenResolved: z.boolean().optional(),
    alertWhenBreaching: z.boolean().optional(),
    conditions: z.array(condition).min(1).max(1),
    notificationTargets: z.array(notificationTarget).min(1).max(100),
  });
}

export const alertPolicySpec = alertPolicySpecOf(metadataV1, alertConditionSpec);

export type AlertPolicyFields = z.output<typeof alertPolicySpec>;
