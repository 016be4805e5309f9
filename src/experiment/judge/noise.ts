// A threshold inside the baseline's own spread cannot tell the fault from an ordinary day.

import { lengthMs, type Stretch } from './stretches.ts';

export interface Noise {
  readonly out: number;
  readonly total: number;
  readonly values: readonly number[];
}

/**
 * Undefined when the baseline kept to the objective. Starting up is no spread, so readings count from the first one
 * in bounds; and one blip is a stray, as it would be in the fault.
 */
export function noiseIn(baseline: readonly Stretch[], breachForMs: number): Noise | undefined {
  const steadyFrom = baseline.findIndex((stretch) => stretch.bounds === 'in');
  const steady = steadyFrom < 0 ? [] : baseline.slice(steadyFrom);
  const outs = steady.filter((stretch) => stretch.bounds === 'out');
  if (outs.length < 2 && outs.every((stretch) => lengthMs(stretch) < breachForMs)) return undefined;
  const readings = steady
    .flatMap((stretch) => stretch.readings)
    .filter((reading) => reading.bounds !== 'none');
  return {
    out: readings.filter((reading) => reading.bounds === 'out').length,
    total: readings.length,
    values: readings.flatMap((reading) => (reading.value === null ? [] : [reading.value])),
  };
}
