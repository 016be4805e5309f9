import { z } from 'zod';
import type { Clock } from '../../../base/clock.ts';
import { type Item, type Taker, ThroughStage } from '../pipe.ts';
import type { ToxicType } from '../toxic.ts';
import { milliseconds } from './attributes.ts';

const schema = z.object({ timeout: milliseconds() });

/**
 * Bytes are dropped, and the connection is closed after `timeout` milliseconds, or never when it is 0. Its removal
 * closes the connection too: what was dropped would be missing from the stream.
 */
export const timeout: ToxicType<z.infer<typeof schema>> = {
  name: 'timeout',
  schema,
  stage: ({ timeout }, { clock }, next) => new TimeoutStage(timeout, clock, next),
};

class TimeoutStage extends ThroughStage {
  readonly #over = new AbortController();

  constructor(timeoutMs: number, clock: Clock, next: Taker) {
    super(next);
    if (timeoutMs > 0) void this.#closeAfter(timeoutMs, clock);
  }

  take(item: Item): void {
    if (typeof item === 'string') this.next.take(item);
  }

  override get hasRoom(): boolean {
    return true;
  }

  override release(removed: boolean): void {
    this.#over.abort();
    if (removed) this.next.take('close');
  }

  override discard(): void {
    this.#over.abort();
  }

  async #closeAfter(ms: number, clock: Clock): Promise<void> {
    await clock.sleep(ms, this.#over.signal);
    if (!this.#over.signal.aborted) this.next.take('close');
  }
}
