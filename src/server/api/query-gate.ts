// How many queries are worked on at once. A query holds its place from its evaluation until its answer is rendered;
// the others wait in line, each at most as long as its own timeout.

import type { Clock } from '../../base/clock.ts';
import { ApiError } from '../http/api-error.ts';

export class QueryGate {
  readonly #clock: Clock;
  readonly #placesMax: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(clock: Clock, placesMax: number, waitingMax: number) {
    this.#clock = clock;
    this.#placesMax = placesMax;
    this.#waitingMax = waitingMax;
  }

  /** Queries that are worked on or wait. */
  get size(): number {
    return this.#taken + this.#waiting.length;
  }

  /** Runs `work` in its turn. Rejects with an ApiError when that does not come in time. */
  async run<T>(timeoutMs: number, signal: AbortSignal, work: () => T | Promise<T>): Promise<T> {
    await this.#enter(timeoutMs, signal);
    try {
      // Requests that came meanwhile get to stand in line, and health checks to be answered, between two queries.
      await new Promise((resolve) => setImmediate(resolve));
      return await work();
    } finally {
      this.#taken--;
      this.#waiting.shift()?.();
    }
  }

  async #enter(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.#taken < this.#placesMax) {
      this.#taken++;
      return;
    }
    if (this.#waiting.length >= this.#waitingMax)
      throw new ApiError('unavailable', `too many queries wait: ${this.#waiting.length}`);
    const admitted = new AbortController();
    const turn = () => admitted.abort();
    this.#waiting.push(turn);
    await this.#clock.sleep(timeoutMs, AbortSignal.any([admitted.signal, signal]));
    if (!admitted.signal.aborted) {
      this.#waiting.splice(this.#waiting.indexOf(turn), 1);
      throw signal.aborted
        ? new ApiError('canceled', 'query was canceled in query queue')
        : new ApiError('timeout', 'query timed out in query queue');
    }
    this.#taken++;
  }
}
