// BlockChaos in Chaos Mesh's fields: every request to a block device takes longer. `limit` is ours: the target gets
// only so many bytes and operations a second of the device.

import { z } from 'zod';
import { complain, size, text } from '../../base/scalars.ts';
import { containerNames, delay, percentText } from '../chaos-mesh/fields.ts';

export type BlockChaosSpec = BlockAction & {
  /** Name of a pod's volume in Chaos Mesh; here a path on the device, or the device. */
  readonly volumeName: string;
};

type BlockAction =
  | {
      readonly action: 'delay';
      readonly latencyMs: number;
      readonly jitterMs: number;
      /** How much a delay is like the one before, 0 to 100. */
      readonly correlation: number;
    }
  | { readonly action: 'limit'; readonly limit: BlockLimits };

/** A second, each at least 1; at least one of them is given. */
export interface BlockLimits {
  readonly readBytes?: number | undefined;
  readonly writeBytes?: number | undefined;
  readonly readOperations?: number | undefined;
  readonly writeOperations?: number | undefined;
}

const operations = z.int().min(1).max(0xffff_ffff);

const limitSchema = z
  .strictObject({
    readBytes: size.optional(),
    writeBytes: size.optional(),
    readOperations: operations.optional(),
    writeOperations: operations.optional(),
  })
  .refine((limits) => Object.values(limits).some((limit) => limit !== undefined), 'no limit is given');

export const blockChaosSchema = z
  .strictObject({
    action: z.enum(['delay', 'limit']),
    volumeName: text,
    delay: z
      .strictObject({
        latency: delay.optional(),
        jitter: delay.optional(),
        correlation: percentText.optional(),
      })
      .optional(),
    /** Ours: a second. */
    limit: limitSchema.optional(),
    containerNames,
  })
  .transform((spec, context): BlockChaosSpec => {
    const { action, volumeName, delay: delays, limit } = spec;
    if (action === 'limit' && !limit) {
      complain(context, 'FD107', 'action limit needs it', {
        path: ['limit'],
        expected: '{ writeBytes: 1MB }',
      });
      return z.NEVER;
    }
    if (action === 'limit') return { action, volumeName, limit: limit! };
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
