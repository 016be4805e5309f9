// AlertNotificationTarget: who is told, as a free text that whoever delivers must know what to do with.

import { z } from 'zod';
import { description, nonEmpty } from '../scalars.ts';

export const alertNotificationTargetSpec = z.strictObject({
  target: nonEmpty,
  description: description.optional(),
});

export type AlertNotificationTargetFields = z.output<typeof alertNotificationTargetSpec>;
