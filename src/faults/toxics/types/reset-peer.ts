import { z } from 'zod';
import type { Clock } from '../../../base/clock.ts';
import { type Item, type Taker, ThroughStage } from '../pipe.ts';
import type { ToxicType } from '../toxic.ts';
import { milliseconds } from './attributes.ts';

const schema = z.object({ timeout: milliseconds() });

/** Both ends get a TCP reset, `timeout` milliseconds after the first bytes (or the end) of the stream came. */
export const resetPeer: ToxicType<z.infer<typeof schema>> = {
  name: 'reset_peer',
  schema,
  stage: ({ timeout }, { clock }, next) => new ResetStage(timeout, clock, next),
};

class ResetStage extends ThroughStage {
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #over = new AbortController();
  /** Kept for the case that the toxic goes before its time is up. */
  #held: Item[] = [];

  constructor(timeoutMs: number, clock: Clock, next: Taker) {
    super(next);
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  /** What came first is enough. */
  override get hasRoom(): boolean {
    return this.#held.length === 0;
  }

  take(item: Item): void {
    this.#held.push(item);
    if (this.#held.length === 1) void this.#resetLater();
  }

  override release(): void {
    this.#over.abort();
    for (const item of this.#held) this.next.take(item);
    this.#held = [];
  }

  override discard(): void {
    this.#over.abort();
    this.#held = [];
  }

  async #resetLater(): Promise<void> {
    if (this.#timeoutMs > 0) await this.#clock.sleep(this.#timeoutMs, this.#over.signal);
    if (!this.#over.signal.aborted) this.next.take('reset');
  }
}
