import { z } from 'zod';
import type { Random } from '../../../base/random.ts';
import { DelayedDatagrams } from '../delayed-datagrams.ts';
import { type Hold, QueueStage } from '../queue-stage.ts';
import type { ToxicType } from '../toxic.ts';
import { milliseconds } from './attributes.ts';

const schema = z.object({ latency: milliseconds(), jitter: milliseconds() });

/** Everything comes later by `latency` milliseconds, give or take `jitter`, drawn evenly. */
export const latency: ToxicType<z.infer<typeof schema>> = {
  name: 'latency',
  schema,
  stage: ({ latency, jitter }, { clock, budget, random }, next) =>
    new QueueStage(latencyHold(latency, jitter, random), clock, budget, next),
  datagrams: ({ latency, jitter }, place) =>
    new DelayedDatagrams(() => drawnDelayMs(latency, jitter, place.random), place),
};

/**
 * A delay must not throttle: as many bytes may be under way as fit into it. Beyond this (a quarter of a second of a
 * gigabit line) the sender waits.
 */
const delayedBytesMax = 32 * 2 ** 20;

/** Every item waits its own delay; none overtakes another. */
export function latencyHold(latencyMs: number, jitterMs: number, random: Random): Hold {
  return {
    waitingBytesMax: delayedBytesMax,
    departure(item, arrivedAtMs, nowMs) {
      const delayMs = drawnDelayMs(latencyMs, jitterMs, random);
      // Bounded both ways, so that a step of the machine's clock cannot hold bytes for longer than asked for.
      return { bytes: item.length, waitMs: Math.min(delayMs, Math.max(0, arrivedAtMs + delayMs - nowMs)) };
    },
  };
}

function drawnDelayMs(latencyMs: number, jitterMs: number, random: Random): number {
  return Math.max(0, latencyMs + (2 * random() - 1) * jitterMs);
}
