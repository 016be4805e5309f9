import { z } from 'zod';
import type { Random } from '../../../base/random.ts';
import { type Hold, QueueStage } from '../queue-stage.ts';
import type { ToxicType } from '../toxic.ts';
import { whole } from './attributes.ts';

const schema = z
  .object({ average_size: whole(), size_variation: whole(), delay: whole() })
  .refine((slicer) => slicer.size_variation === 0 || slicer.size_variation < slicer.average_size, {
    error: 'must be less than average_size',
    path: ['size_variation'],
  });

/**
 * Bytes are cut into pieces of `average_size`, give or take `size_variation`, with `delay` microseconds after each. An
 * average of 0 cuts nothing.
 */
export const slicer: ToxicType<z.infer<typeof schema>> = {
  name: 'slicer',
  schema,
  stage(attributes, { clock, budget, random }, next) {
    return new QueueStage(slicerHold(attributes, random), clock, budget, next);
  },
};

const waitingBytesMax = 64 * 2 ** 10;

function slicerHold(
  { average_size: average, size_variation: variation, delay }: z.infer<typeof schema>,
  random: Random,
): Hold {
  let freeAtMs = 0;
  return {
    waitingBytesMax,
    departure(item, arrivedAtMs, nowMs) {
      if (typeof item === 'string') return { bytes: 0, waitMs: 0 };
      // Delays shorter than a timer's step add up: what is late catches up, and the pace holds over time.
      const atMs = Math.max(freeAtMs, Math.min(arrivedAtMs, nowMs));
      freeAtMs = atMs + delay / 1000;
      const drawn = average + Math.floor((2 * random() - 1) * (variation + 0.5) + 0.5);
      const bytes = average === 0 ? item.length : Math.max(1, drawn);
      return { bytes, waitMs: Math.min(delay / 1000, Math.max(0, atMs - nowMs)) };
    },
  };
}
