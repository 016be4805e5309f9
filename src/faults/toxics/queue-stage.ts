// A stage in which items wait in a queue until their time has come. What the time is, a `Hold` says.

import type { Clock } from '../../base/clock.ts';
import { type Budget, type Giver, type Item, type Stage, sizeOf, type Taker } from './pipe.ts';

export interface Hold {
  /** Bytes that may wait here before the giver has to. */
  readonly waitingBytesMax: number;
  /** Called as an item comes. */
  arrived?(item: Item): void;
  /** Of the first item that waits: how many of its bytes go on next, and after how many milliseconds. */
  departure(item: Item, arrivedAtMs: number, nowMs: number): Departure;
}

interface Departure {
  readonly bytes: number;
  /** Infinity: not before the stage is released. */
  readonly waitMs: number;
}

/** Timers count whole milliseconds; what is nearer than half of one is now. */
const nowWithinMs = 0.5;

export class QueueStage implements Stage {
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
    this.#hold.arrived?.(item);
    this.#queue.push({ item, arrivedAtMs: this.#clock.now() });
    this.#count(sizeOf(item));
    void this.#pump();
  }

  resume(): void {
    void this.#pump();
  }

  release(): void {
    this.#interruption.abort();
    for (const { item } of this.#empty()) this.next.take(item);
  }

  discard(): void {
    this.#interruption.abort();
    this.#empty();
  }

  /** Runs once at a time; ends when nothing waits, the next has no room, or the stage is over. */
  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    const { signal } = this.#interruption;
    while (this.#queue.length > 0 && this.next.hasRoom && !signal.aborted) {
      const { item, arrivedAtMs } = this.#queue[0]!;
      const { bytes, waitMs } = this.#hold.departure(item, arrivedAtMs, this.#clock.now());
      if (waitMs > nowWithinMs) await wait(this.#clock, waitMs, signal);
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

/** Waits by the clock and not by the timer alone, which may come a moment early; waiting for ever needs no timer. */
async function wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (!Number.isFinite(ms)) {
    if (signal.aborted) return;
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }
  const untilMs = clock.now() + ms;
  await clock.sleep(ms, signal);
  const leftMs = untilMs - clock.now();
  // A clock that was set back in between would make the rest long.
  if (leftMs > nowWithinMs && leftMs <= 2 && !signal.aborted) await clock.sleep(leftMs, signal);
}
