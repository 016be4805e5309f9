import type { FaultKind } from '../fault.ts';
import { proxy } from './drivers/proxy.ts';
import { type NetworkChaosSpec, networkChaosSchema } from './spec.ts';

/** A slow, narrow or cut line between a service and its clients. */
export const networkChaos: FaultKind<NetworkChaosSpec> = {
  kind: 'NetworkChaos',
  schema: networkChaosSchema,
  isOneShot: () => false,
  drivers: [proxy],
};
