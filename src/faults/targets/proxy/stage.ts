// The pieces of a flow, one direction of a connection:
//
//     source -> stage -> stage -> drain
//
// A stage is what one disturbance does to one flow. Items keep their order through every stage, also through its
// removal: it is told to release, passes on at once what waits in it, and is taken out when it is empty.

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
  #interruption = new AbortController();
  #released = false;
  #whenEmpty: (() => void)[] = [];

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

  get empty(): boolean {
    return this.#queue.length === 0;
  }

  take(item: Item): void {
    if (!this.#released) this.#hold.arrived(item);
    this.#queue.push({ item, arrivedAtMs: this.#clock.now() });
    this.#count(sizeOf(item));
    void this.#pump();
  }

  resume(): void {
    void this.#pump();
  }

  /** Interrupts the disturbance; resolves when everything that waited has been passed on. */
  release(): Promise<void> {
    this.#released = true;
    this.#interruption.abort();
    void this.#pump();
    if (this.empty) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  /** Forgets what waits: the connection is gone. */
  discard(): void {
    this.#queue = [];
    this.#count(-this.#waitingBytes);
    this.#released = true;
    this.#interruption.abort();
    this.#settle();
  }

  /** Runs once at a time; ends when nothing waits or the next has no room. */
  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    while (!this.empty && this.next.hasRoom) {
      const item = this.#released ? this.#queue.shift()!.item : await this.#wait();
      if (item === undefined) continue;
      this.#count(-sizeOf(item));
      this.next.take(item);
      this.giver?.resume();
    }
    this.#pumping = false;
    this.#settle();
  }

  /** Waits as long as the first item has to, and takes it or a part of it; undefined when it was interrupted. */
  async #wait(): Promise<Item | undefined> {
    const first = this.#queue[0]!;
    const { bytes, waitMs } = this.#hold.departure(first.item, first.arrivedAtMs, this.#clock.now());
    if (waitMs > 0) await sleep(this.#clock, waitMs, this.#interruption.signal);
    if (this.#interruption.signal.aborted) return undefined;
    if (typeof first.item === 'string' || bytes >= first.item.length) return this.#queue.shift()!.item;
    const part = first.item.subarray(0, bytes);
    first.item = first.item.subarray(bytes);
    return part;
  }

  #count(bytes: number): void {
    this.#waitingBytes += bytes;
    this.#budget.waitingBytes += bytes;
  }

  #settle(): void {
    if (!this.empty) return;
    for (const resolve of this.#whenEmpty.splice(0)) resolve();
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
