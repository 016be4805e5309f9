// TimeChaos in Chaos Mesh's fields: the clocks of a process are ahead or behind.

import { z } from 'zod';
import { list } from '../../base/scalars.ts';
import { containerNames, offset } from '../chaos-mesh/fields.ts';

/** clock_gettime(2). */
export const clockIds = [
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
  readonly clockIds: readonly ClockId[];
}

export const timeChaosSchema = z
  .strictObject({
    timeOffset: offset,
    clockIds: list(z.enum(clockIds)).optional(),
    containerNames,
  })
  .transform(
    (spec): TimeChaosSpec => ({
      offsetMs: spec.timeOffset,
      clockIds: spec.clockIds?.length ? spec.clockIds : ['CLOCK_REALTIME'],
    }),
  );
