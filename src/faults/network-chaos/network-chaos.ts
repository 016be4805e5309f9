import type { FaultKind } from '../fault.ts';
import { nfqueue } from './drivers/nfqueue.ts';
import { nftables, policing } from './drivers/nftables.ts';
import { proxy } from './drivers/proxy.ts';
import { redirect } from './drivers/redirect.ts';
import { netem, tbf } from './drivers/shaper.ts';
import { networkOnHost } from './on-host.ts';
import { type NetworkChaosSpec, networkChaosSchema } from './spec.ts';

/** A slow, narrow, lossy or cut line between a target and everybody else, or those that the file names. */
export const networkChaos: FaultKind<NetworkChaosSpec> = {
  kind: 'NetworkChaos',
  schema: networkChaosSchema,
  isOneShot: () => false,
  peers: (spec) => spec.target,
  onHost: networkOnHost,
  drivers: [nftables, netem, tbf, nfqueue, policing, redirect, proxy],
};
