import { z } from 'zod';
import { type Item, type Taker, ThroughStage } from '../pipe.ts';
import type { ToxicMemory, ToxicType } from '../toxic.ts';
import { whole } from './attributes.ts';

const schema = z.object({ bytes: whole() });

/** The connection is closed when `bytes` bytes have passed. The count stays when the limit changes. */
export const limitData: ToxicType<z.infer<typeof schema>> = {
  name: 'limit_data',
  schema,
  stage: ({ bytes }, { memory }, next) => new LimitStage(bytes, memory, next),
};

class LimitStage extends ThroughStage {
  readonly #bytesMax: number;
  readonly #memory: ToxicMemory;
  #closed = false;

  constructor(bytesMax: number, memory: ToxicMemory, next: Taker) {
    super(next);
    this.#bytesMax = bytesMax;
    this.#memory = memory;
  }

  take(item: Item): void {
    if (this.#closed) return;
    if (typeof item === 'string') {
      this.next.take(item);
      return;
    }
    const left = Math.max(0, this.#bytesMax - this.#memory.passedBytes);
    const passed = item.subarray(0, left);
    this.#memory.passedBytes += passed.length;
    if (passed.length > 0) this.next.take(passed);
    if (passed.length < left) return;
    this.#closed = true;
    this.next.take('close');
  }
}
