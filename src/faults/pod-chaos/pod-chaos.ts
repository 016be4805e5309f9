// PodChaos on processes: `pod-kill` ends every process of the target, `pod-failure` stops them for the duration, so
// that they hold their sockets and answer nothing. `container-kill` needs containers inside the target and does not
// exist here.

import { z } from 'zod';
import type { FaultKind } from '../fault.ts';
import { container } from './drivers/container.ts';
import { signals } from './signals.ts';

export const podChaosSchema = z.strictObject({
  action: z.enum(['pod-kill', 'pod-failure']),
  /** Only for pod-kill: seconds from SIGTERM to SIGKILL; 0 is SIGKILL at once. */
  gracePeriod: z.int().min(0).max(3600).default(0),
});

export type PodChaosSpec = z.output<typeof podChaosSchema>;

export const podChaos: FaultKind<PodChaosSpec> = {
  kind: 'PodChaos',
  schema: podChaosSchema,
  isOneShot: (spec) => spec.action === 'pod-kill',
  drivers: [signals, container],
};
