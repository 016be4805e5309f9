import type { Hold } from './queue-stage.ts';

/** A line of limited speed: bytes have passed when the time that they take on it is over. Flows may share one. */
export class Line {
  readonly bytesPerSecond: number;
  #freeAtMs = 0;
  #nowMs = 0;

  constructor(bytesPerSecond: number) {
    this.bytesPerSecond = bytesPerSecond;
  }

  /** Puts bytes on the line behind those before them; returns how many milliseconds it takes until they have passed. */
  occupy(bytes: number, arrivedAtMs: number, nowMs: number): number {
    // When the machine's clock was set back, the line goes with it.
    if (nowMs < this.#nowMs) this.#freeAtMs -= this.#nowMs - nowMs;
    this.#nowMs = nowMs;
    // What was there when the line became free began then, however late we are: the speed holds over time.
    const beginMs = Math.max(this.#freeAtMs, Math.min(arrivedAtMs, nowMs));
    this.#freeAtMs = beginMs + (bytes / this.bytesPerSecond) * 1000;
    return Math.max(0, this.#freeAtMs - nowMs);
  }

  /** How long what is put on the line now would have to wait for what is on it. */
  backlogMs(nowMs: number): number {
    return Math.max(0, this.#freeAtMs - nowMs);
  }
}

const sliceMs = 10;
/** A narrow line queues a quarter of a second, so that a late turn of ours does not leave it idle, within these. */
const queuedMs = 250;
const queuedBytesMin = 64 * 2 ** 10;
const queuedBytesMax = 8 * 2 ** 20;

/** Sends in slices of some milliseconds, in turn with the other flows of the line. */
export function lineHold(line: Line): Hold {
  const bytesPerMs = line.bytesPerSecond / 1000;
  const sliceBytes = Math.max(1, Math.floor(bytesPerMs * sliceMs));
  return {
    waitingBytesMax: Math.min(queuedBytesMax, Math.max(queuedBytesMin, bytesPerMs * queuedMs)),
    departure(item, arrivedAtMs, nowMs) {
      if (typeof item === 'string') return { bytes: 0, waitMs: 0 };
      const bytes = Math.min(item.length, sliceBytes);
      return { bytes, waitMs: line.occupy(bytes, arrivedAtMs, nowMs) };
    },
  };
}

/** Nothing passes before the stage is released. */
export const stoppedHold: Hold = {
  waitingBytesMax: queuedBytesMin,
  departure: () => ({ bytes: 0, waitMs: Number.POSITIVE_INFINITY }),
};
