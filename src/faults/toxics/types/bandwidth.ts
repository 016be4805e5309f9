import { z } from 'zod';
import { DelayedDatagrams } from '../delayed-datagrams.ts';
import { Line, lineHold, stoppedHold } from '../line.ts';
import { QueueStage } from '../queue-stage.ts';
import type { ToxicPlace, ToxicType } from '../toxic.ts';
import { whole } from './attributes.ts';

/** Of 1000 bytes a second, as toxiproxy counts. */
const bytesPerKilobyte = 1000;

const schema = z.object({ rate: whole() });

/** Each connection has a line of `rate` KB/s for itself; through one of 0 nothing passes. */
export const bandwidth: ToxicType<z.infer<typeof schema>> = {
  name: 'bandwidth',
  schema,
  stage({ rate }, { clock, budget }, next) {
    const hold = rate === 0 ? stoppedHold : lineHold(new Line(rate * bytesPerKilobyte));
    return new QueueStage(hold, clock, budget, next);
  },
  datagrams: ({ rate }, place) => new DelayedDatagrams(lineDelay(rate, place), place),
};

/** Datagrams queue for a quarter of a second before a narrow line; what comes on top is lost. */
const queuedMsMax = 250;

function lineDelay(rate: number, { clock }: ToxicPlace): (datagram: Buffer) => number {
  if (rate === 0) return () => Number.POSITIVE_INFINITY;
  const line = new Line(rate * bytesPerKilobyte);
  return ({ length }) => {
    const nowMs = clock.now();
    if (line.backlogMs(nowMs) > queuedMsMax) return Number.POSITIVE_INFINITY;
    return line.occupy(length, nowMs, nowMs);
  };
}
