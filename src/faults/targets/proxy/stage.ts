// The pieces of a flow, one direction of a connection:
//
//     source -> stage -> stage -> drain
//
// A stage is what one disturbance does to one flow. Items keep their order through every stage, also through its
// removal: it is interrupted, passes on at once what waits in it, and is taken out, all in one turn.

import type { Clock } from '../../../base/clock.ts';

/** Bytes, and as the last item the end of the stream or the breaking of the connection. */
export type Item = Buffer | 'end' | 'reset';

export interface Taker {
  take(item: Item): void;
  /** When false, the giver waits until its `resume` is called. Taking one more item all the same is no error. */
  readonly hasRoom: boolean;
  /** Whom to call when there is room again. */
  giver: Giver | undefined;
}

export interface Giver {
  resume(): void;
}

/** What a disturbance does to the items of one flow. */
export interface Hold {
  /** Bytes that may wait here before the giver has to. */
  readonly waitingBytesMax: number;
  /** Counts hits. */
  arrived(item: Item): void;
  /** Of the first item that waits: how many of its bytes go on next, and after how many milliseconds. */
  departure(
    item: Item,
    arrivedAtMs: number,
    nowMs: number,
  ): { readonly bytes: number; readonly waitMs: number };
}

/** Bytes that wait in all stages of a proxy together. */
export interface Budget {
  waitingBytes: number;
  readonly waitingBytesMax: number;
}

export class Stage implements Taker, Giver {
  giver: Giver | undefined;
  next: Taker;
  readonly #hold: Hold;
  readonly #clock: Clock;
  readonly #budget: Budget;
  #queue: { item: Item; readonly arrivedAtMs: number }[] = [];
  #waitingBytes = 0;
  #pumping = false;
  readonly #interruption = new AbortController();

  constructor(hold: Hold, clock: Clock, budget: Budget, next: Taker) {
    this.#hold = hold;
    this.#clock = clock;
    this.#budget = budget;
    this.next = next;
  }

  /** An empty stage takes an item even when the budget is spent, so that every flow goes on. */
  get hasRoom(): boolean {
    if (this.#waitingBytes === 0) return true;
    const withinBudget = this.#budget.waitingBytes < this.#budget.waitingBytesMax;
    return withinBudget && this.#waitingBytes < this.#hold.waitingBytesMax;
  }

  take(item: Item): void {
    this.#hold.arrived(item);
    this.#queue.push({ item, arrivedAtMs: this.#clock.now() });
    this.#count(sizeOf(item));
    void this.#pump();
  }

  resume(): void {
    void this.#pump();
  }

  /** Ends the disturbance: everything that waits is passed on now. The stage must be taken out before more comes. */
  release(): void {
    this.#interruption.abort();
    // Room or not: these bytes are in memory anyway, and the source waits for room before it gives more.
    for (const { item } of this.#empty()) this.next.take(item);
  }

  /** Forgets what waits: the connection is gone. */
  discard(): void {
    this.#interruption.abort();
    this.#empty();
  }

  /** Runs once at a time; ends when nothing waits, the next has no room, or the disturbance is over. */
  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    const { signal } = this.#interruption;
    while (this.#queue.length > 0 && this.next.hasRoom && !signal.aborted) {
      const { item, arrivedAtMs } = this.#queue[0]!;
      const { bytes, waitMs } = this.#hold.departure(item, arrivedAtMs, this.#clock.now());
      if (waitMs > 0) await sleep(this.#clock, waitMs, signal);
      // From here to the end of the turn nothing may wait, or a release in between would change the order.
      if (!signal.aborted) this.#passFirst(bytes);
    }
    this.#pumping = false;
  }

  /** Passes on the first `bytes` of the first item. */
  #passFirst(bytes: number): void {
    const first = this.#queue[0]!;
    let passed = first.item;
    if (typeof first.item === 'string' || bytes >= first.item.length) {
      this.#queue.shift();
    } else {
      passed = first.item.subarray(0, bytes);
      first.item = first.item.subarray(bytes);
    }
    this.#count(-sizeOf(passed));
    this.next.take(passed);
    this.giver?.resume();
  }

  #empty(): { readonly item: Item }[] {
    const waiting = this.#queue;
    this.#queue = [];
    this.#count(-this.#waitingBytes);
    return waiting;
  }

  #count(bytes: number): void {
    this.#waitingBytes += bytes;
    this.#budget.waitingBytes += bytes;
  }
}

function sizeOf(item: Item): number {
  return typeof item === 'string' ? 0 : item.length;
}

/** Waiting for ever needs no timer. */
function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (Number.isFinite(ms)) return clock.sleep(ms, signal);
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
