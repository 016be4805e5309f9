import { z } from 'zod';
import { type Item, ThroughStage } from '../pipe.ts';
import type { ToxicType } from '../toxic.ts';

/** Does nothing; client libraries test with it. */
export const noop: ToxicType = {
  name: 'noop',
  schema: z.object({}),
  stage: (_attributes, _place, next) => new NoopStage(next),
  datagrams: () => ({ take: (datagram, pass) => pass(datagram), release: () => {} }),
};

class NoopStage extends ThroughStage {
  take(item: Item): void {
    this.next.take(item);
  }
}
