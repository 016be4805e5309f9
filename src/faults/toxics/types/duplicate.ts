import { z } from 'zod';
import type { ToxicType } from '../toxic.ts';
import { share } from './attributes.ts';

const schema = z.object({ probability: share() });

/** Datagrams arrive twice, each by itself with this probability. */
export const duplicate: ToxicType<z.infer<typeof schema>> = {
  name: 'duplicate',
  schema,
  datagrams: ({ probability }, { random }) => ({
    take(datagram, pass) {
      pass(datagram);
      if (random() < probability) pass(datagram);
    },
    release() {},
  }),
};
