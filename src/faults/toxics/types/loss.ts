import { z } from 'zod';
import type { ToxicType } from '../toxic.ts';
import { share } from './attributes.ts';

const schema = z.object({ probability: share() });

/** Datagrams are lost, each by itself with this probability. */
export const loss: ToxicType<z.infer<typeof schema>> = {
  name: 'loss',
  schema,
  datagrams: ({ probability }, { random }) => ({
    take(datagram, pass) {
      if (random() >= probability) pass(datagram);
    },
    release() {},
  }),
};
