import type { FaultKind } from '../fault.ts';
import { container } from './drivers/container.ts';
import { mountNamespace } from './drivers/mount-namespace.ts';
import { nodePreload } from './drivers/node-preload.ts';
import { redirect } from './drivers/redirect.ts';
import { userNamespace } from './drivers/user-namespace.ts';
import { type DnsChaosSpec, dnsChaosSchema } from './spec.ts';

/** Look-ups of matching names fail, give a wrong address, come late or not at all; everything else keeps working. */
export const dnsChaos: FaultKind<DnsChaosSpec> = {
  kind: 'DNSChaos',
  schema: dnsChaosSchema,
  isOneShot: () => false,
  drivers: [redirect, mountNamespace, userNamespace, nodePreload, container],
};
