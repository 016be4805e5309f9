// The only places that read the machine's clock. Everything above takes a Clock, or the time itself, as a
// parameter, so that the same code runs live, on a recording, and on virtual time in tests.

export interface Clock {
  /** Wall-clock time, Unix milliseconds. */
  now(): number;
  /** Resolves after `ms` milliseconds of this clock, or at once when `signal` is aborted. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(0, ms));
      signal?.addEventListener('abort', done, { once: true });
    }),
};

/**
 * The machine's time as it was when this process started, and from there by what has passed since: for drills, which a
 * step of the machine's clock must neither lengthen nor cut short.
 */
export const steadyClock: Clock = {
  now: () => Math.round(performance.timeOrigin + performance.now()),
  sleep: systemClock.sleep,
};

/** Resolves when `work` has settled, or after `ms` milliseconds; leaves no timer behind that keeps a process alive. */
export async function settledWithin(work: Promise<unknown>, ms: number, clock: Clock): Promise<void> {
  const settled = new AbortController();
  const done = () => settled.abort();
  work.then(done, done);
  await clock.sleep(ms, settled.signal);
}

/** A clock that only moves when told to: `advance` wakes sleepers in the order of their deadlines. */
export class VirtualClock implements Clock {
  #now: number;
  #sleepers: { at: number; wake: () => void }[] = [];

  constructor(startMs: number) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const sleeper = { at: this.#now + Math.max(0, ms), wake: done };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#sleepers.filter((s) => s.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#sleepers = this.#sleepers.filter((s) => s !== next);
      this.#now = next.at;
      next.wake();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#now = end;
  }
}
