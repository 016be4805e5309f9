import type { FaultKind } from '../fault.ts';
import { outbound } from './drivers/outbound.ts';
import { proxy } from './drivers/proxy.ts';
import { redirect } from './drivers/redirect.ts';
import { type HttpChaosSpec, httpChaosSchema } from './spec.ts';

/** Requests or responses, of an HTTP server or of its clients, that fail, come late or are not what they should be. */
export const httpChaos: FaultKind<HttpChaosSpec> = {
  kind: 'HTTPChaos',
  schema: httpChaosSchema,
  isOneShot: () => false,
  drivers: [redirect, outbound, proxy],
};
