import type { FaultKind } from '../fault.ts';
import { mountNamespace } from './drivers/mount-namespace.ts';
import { nodePreload } from './drivers/node-preload.ts';
import { userNamespace } from './drivers/user-namespace.ts';
import { type DnsChaosSpec, dnsChaosSchema } from './spec.ts';

/** Look-ups of matching names fail (`error`) or give a wrong address (`random`); everything else keeps working. */
export const dnsChaos: FaultKind<DnsChaosSpec> = {
  kind: 'DNSChaos',
  schema: dnsChaosSchema,
  isOneShot: () => false,
  drivers: [mountNamespace, userNamespace, nodePreload],
};
