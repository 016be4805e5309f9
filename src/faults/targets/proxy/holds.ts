// What the disturbances do: how long the bytes of a flow wait, and how many may.

import type { Random } from '../../../base/random.ts';
import type { Line } from '../../toxics/line.ts';
import type { Hold, Item } from './stage.ts';

export interface Tally {
  hits: number;
}

/**
 * A delay must not throttle: as many bytes may be under way as fit into it. Beyond this (a
 * quarter of a second of a gigabit line) the sender waits.
 */
const delayedBytesMax = 32 * 2 ** 20;
/** A narrow line queues a quarter of a second, so that a late turn of ours does not leave it idle, within these. */
const queuedMs = 250;
const queuedBytesMin = 64 * 2 ** 10;
const queuedBytesMax = 8 * 2 ** 20;

/** Every item waits `latencyMs`, give or take a jitter that is drawn evenly for each; none overtakes another. */
export function delayHold(latencyMs: number, jitterMs: number, random: Random, tally: Tally): Hold {
  return {
    waitingBytesMax: delayedBytesMax,
    arrived: (item) => countBytes(tally, item),
    departure(item, arrivedAtMs, nowMs) {
      const delayMs = Math.max(0, latencyMs + (2 * random() - 1) * jitterMs);
      // Bounded both ways, so that a step of the machine's clock cannot hold bytes for longer than asked for.
      return { bytes: item.length, waitMs: Math.min(delayMs, Math.max(0, arrivedAtMs + delayMs - nowMs)) };
    },
  };
}

const sliceMs = 10;

/** The flows of all connections in one direction share the line, in slices of some milliseconds and in turn. */
export function bandwidthHold(line: Line, tally: Tally): Hold {
  const bytesPerMs = line.bytesPerSecond / 1000;
  const sliceBytes = Math.max(1, Math.floor(bytesPerMs * sliceMs));
  return {
    waitingBytesMax: Math.min(queuedBytesMax, Math.max(queuedBytesMin, bytesPerMs * queuedMs)),
    arrived: (item) => countBytes(tally, item),
    departure(item, arrivedAtMs, nowMs) {
      if (typeof item === 'string') return { bytes: 0, waitMs: 0 };
      const bytes = Math.min(item.length, sliceBytes);
      return { bytes, waitMs: line.occupy(bytes, arrivedAtMs, nowMs) };
    },
  };
}

/** Nothing passes. The first item that waits makes the connection a hit. */
export function partitionHold(tally: Tally): Hold {
  let counted = false;
  return {
    waitingBytesMax: queuedBytesMin,
    arrived() {
      if (!counted) tally.hits++;
      counted = true;
    },
    departure: (item) => ({ bytes: item.length, waitMs: Number.POSITIVE_INFINITY }),
  };
}

function countBytes(tally: Tally, item: Item): void {
  if (typeof item !== 'string') tally.hits += item.length;
}
