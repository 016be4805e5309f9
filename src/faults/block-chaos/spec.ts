// BlockChaos in Chaos Mesh's fields: every request to a block device takes longer.

import { z } from 'zod';
import { complain, text } from '../../base/scalars.ts';
import { containerNames, delay, percentText } from '../chaos-mesh/fields.ts';

export interface BlockChaosSpec {
  readonly action: 'delay';
  /** Name of a pod's volume in Chaos Mesh; here a path on the device, or the device. */
  readonly volumeName: string;
  readonly latencyMs: number;
  readonly jitterMs: number;
  /** How much a delay is like the one before, 0 to 100. */
  readonly correlation: number;
}

export const blockChaosSchema = z
  .strictObject({
    action: z.literal('delay'),
    volumeName: text,
    delay: z
      .strictObject({
        latency: delay.optional(),
        jitter: delay.optional(),
        correlation: percentText.optional(),
      })
      .optional(),
    containerNames,
  })
  .transform((spec, context): BlockChaosSpec => {
    const { action, volumeName, delay: delays } = spec;
    if (!delays) {
      complain(context, 'FD107', 'action delay needs it', { path: ['delay'], expected: '{ latency: 1s }' });
      return z.NEVER;
    }
    return {
      action,
      volumeName,
      latencyMs: delays.latency ?? 0,
      jitterMs: delays.jitter ?? 0,
      correlation: delays.correlation ?? 0,
    };
  });
