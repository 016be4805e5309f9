// AWSChaos, GCPChaos and AzureChaos: their schemas. Each acts on machines of a cloud, through its API.

import { z } from 'zod';
import { complain, list } from '../../base/scalars.ts';
import { int64 } from './fields.ts';

export const awsChaosSchema = z
  .strictObject({
    action: z.enum(['ec2-stop', 'ec2-restart', 'detach-volume']),
    secretName: z.string().optional(),
    awsRegion: z.string(),
    ec2Instance: z.string(),
    volumeID: z.string().optional(),
    deviceName: z.string().optional(),
    endpoint: z.string().optional(),
  })
  .superRefine(needs('detach-volume', ['volumeID', 'deviceName']));

export const gcpChaosSchema = z
  .strictObject({
    action: z.enum(['node-stop', 'node-reset', 'disk-loss']),
    secretName: z.string().optional(),
    project: z.string(),
    zone: z.string(),
    instance: z.string(),
    deviceNames: list(z.string()).optional(),
  })
  .superRefine(needs('disk-loss', ['deviceNames']));

export const azureChaosSchema = z
  .strictObject({
    action: z.enum(['vm-stop', 'vm-restart', 'disk-detach']),
    secretName: z.string().optional(),
    subscriptionID: z.string(),
    resourceGroupName: z.string(),
    vmName: z.string(),
    diskName: z.string().optional(),
    lun: int64.optional(),
  })
  .superRefine(needs('disk-detach', ['diskName', 'lun']));

/** One action of each cloud takes a disk away, and must know which. */
function needs(action: string, keys: readonly string[]) {
  return (spec: { readonly action: string }, context: z.core.$RefinementCtx): void => {
    if (spec.action !== action) return;
    const given = spec as Readonly<Record<string, unknown>>;
    for (const key of keys) {
      if (given[key] === undefined)
        complain(context, 'FD107', `action ${action} needs ${key}`, { expected: key });
    }
  };
}
