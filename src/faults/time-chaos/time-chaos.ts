import type { FaultKind } from '../fault.ts';
import { libfaketime } from './drivers/libfaketime.ts';
import { type TimeChaosSpec, timeChaosSchema } from './spec.ts';

/** The clocks of a process are ahead, behind, fast or slow. */
export const timeChaos: FaultKind<TimeChaosSpec> = {
  kind: 'TimeChaos',
  schema: timeChaosSchema,
  isOneShot: () => false,
  whyNotOnHost:
    'its clock is that of all programs, their timers, logs and certificates; name a process that Firedrill starts',
  drivers: [libfaketime],
};
