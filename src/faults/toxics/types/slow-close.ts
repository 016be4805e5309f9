import { z } from 'zod';
import { QueueStage } from '../queue-stage.ts';
import type { ToxicType } from '../toxic.ts';
import { milliseconds } from './attributes.ts';

const schema = z.object({ delay: milliseconds() });

/** Bytes pass as they come; the end of the stream follows `delay` milliseconds later. */
export const slowClose: ToxicType<z.infer<typeof schema>> = {
  name: 'slow_close',
  schema,
  stage({ delay }, { clock, budget }, next) {
    const hold = {
      waitingBytesMax: 1,
      departure: (item: unknown) => ({
        bytes: Number.POSITIVE_INFINITY,
        waitMs: item === 'end' || item === 'close' ? delay : 0,
      }),
    };
    return new QueueStage(hold, clock, budget, next);
  },
};
