// Progress where there is no terminal to paint on: one line an event.

import type { TimelineEvent } from '../../experiment/timeline.ts';
import { describeEvent, type QuantityOfObjective } from '../describe-event.ts';
import { wallTime } from '../moment.ts';

/** Undefined for an event that would only repeat itself, such as the readings of a fault's hits. */
export function plainLine(event: TimelineEvent, quantityOf?: QuantityOfObjective): string | undefined {
  if (event.type === 'fault.hits') return undefined;
  return `${wallTime(event.at)} ${describeEvent(event, quantityOf)}`;
}
