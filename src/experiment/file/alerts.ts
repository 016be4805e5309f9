// `alerts`: what each alert owes in this drill.

import { z } from 'zod';
import { complain, duration, labels, list, text } from '../../base/scalars.ts';
import type { AlertSpec } from '../model.ts';
import { name } from './scalars.ts';

const deadlines = ['fires', 'notifies', 'resolves'] as const;

export const alertSchema = z
  .strictObject({
    name: text.describe('The alertname of its rule.'),
    labels: labels.optional().describe('Only instances with these labels count.'),
    guards: list(name).optional().describe('Objectives that it watches over; all of them when not given.'),
    expect: z
      .enum(['follows', 'rings', 'quiet', 'any'])
      .optional()
      .describe(
        'follows (rings when a guarded objective breaks, when not given), rings, quiet, or any (only report).',
      ),
    fires: z
      .strictObject({ within: duration.describe('From the breach; with `rings` from the injection.') })
      .optional()
      .describe('Deadline of the alert.'),
    notifies: z
      .strictObject({
        within: duration.optional().describe('From the breach; with `rings` from the injection.'),
        receivers: list(text).min(1).describe('Who must be told, as alertmanager.yml names them.'),
      })
      .optional()
      .describe('Deadline of the notification, and to whom.'),
    resolves: z
      .strictObject({ within: duration.describe('From the undo.') })
      .optional()
      .describe('Deadline of the end of the alert.'),
    coveredBy: list(text).optional().describe('Alerts that may speak for it by inhibiting it.'),
    flaps: z
      .int()
      .min(0)
      .optional()
      .describe('Further firing episodes that are tolerated; 0 makes flapping wrong.'),
  })
  .superRefine((alert, context) => {
    const expect = alert.expect ?? 'follows';
    if (expect === 'quiet') {
      for (const key of deadlines) {
        if (alert[key])
          complain(context, 'FD105', 'a deadline of an alert that must stay quiet', {
            path: [key],
            expected: 'no deadline beside expect: quiet',
          });
      }
    }
    if ((expect === 'follows' || expect === 'rings') && !alert.fires && alert.notifies?.within === undefined)
      complain(context, 'FD107', `no deadline for ${alert.name}`, {
        expected: 'fires: { within: … }, or notifies with `within`',
      });
  });

export type AlertFields = z.output<typeof alertSchema>;

/** `objectives`: the names of all, which an alert guards when it does not say which. */
export function resolveAlert(alert: AlertFields, objectives: readonly string[]): AlertSpec {
  return {
    name: alert.name,
    labels: alert.labels ?? {},
    guards: alert.guards ?? objectives,
    expect: alert.expect ?? 'follows',
    firesWithinMs: alert.fires?.within,
    notifies: alert.notifies && { withinMs: alert.notifies.within, receivers: alert.notifies.receivers },
    resolvesWithinMs: alert.resolves?.within,
    coveredBy: alert.coveredBy ?? [],
    flaps: alert.flaps,
  };
}
