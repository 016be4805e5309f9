// TimeChaos in Chaos Mesh's fields: the clocks of a process are ahead or behind. `rate` is ours: they run fast or slow.

import { z } from 'zod';
import { complain, list } from '../../base/scalars.ts';
import { containerNames, offset } from '../chaos-mesh/fields.ts';

/** clock_gettime(2). */
const clockIds = [
  'CLOCK_REALTIME',
  'CLOCK_MONOTONIC',
  'CLOCK_PROCESS_CPUTIME_ID',
  'CLOCK_THREAD_CPUTIME_ID',
  'CLOCK_MONOTONIC_RAW',
  'CLOCK_REALTIME_COARSE',
  'CLOCK_MONOTONIC_COARSE',
  'CLOCK_BOOTTIME',
  'CLOCK_REALTIME_ALARM',
  'CLOCK_BOOTTIME_ALARM',
] as const;

export type ClockId = (typeof clockIds)[number];

export interface TimeChaosSpec {
  /** Milliseconds that are added to the time; negative: the process lives in the past. Holds nanoseconds as fractions. */
  readonly offsetMs: number;
  /** Seconds that pass for the process in a second, from the injection on; 1 is the true time. */
  readonly rate: number;
  readonly clockIds: readonly ClockId[];
}

export const timeChaosSchema = z
  .strictObject({
    timeOffset: offset.optional(),
    rate: z.number().min(0).max(1000).optional(),
    clockIds: list(z.enum(clockIds)).optional(),
    containerNames,
  })
  .transform((spec, context): TimeChaosSpec => {
    if (spec.timeOffset === undefined && spec.rate === undefined)
      complain(context, 'FD107', 'neither timeOffset nor rate is given', {
        expected: 'timeOffset: a duration such as -10m; rate: a number such as 1.1',
      });
    return {
      offsetMs: spec.timeOffset ?? 0,
      rate: spec.rate ?? 1,
      clockIds: spec.clockIds?.length ? spec.clockIds : ['CLOCK_REALTIME'],
    };
  });
