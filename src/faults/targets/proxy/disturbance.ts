// The network faults of a proxy as toxics: one for each direction that they act on. All connections share them.

import { z } from 'zod';
import { Line, lineHold, stoppedHold } from '../../toxics/line.ts';
import { type Item, sizeOf } from '../../toxics/pipe.ts';
import { type Hold, QueueStage } from '../../toxics/queue-stage.ts';
import { lossHold } from '../../toxics/retransmission.ts';
import type { Stream, ToxicPlace, ToxicType } from '../../toxics/toxic.ts';
import { latencyHold } from '../../toxics/types/latency.ts';
import type { Direction, Disturbance } from '../target.ts';

export interface Tally {
  hits: number;
}

const streamsOf: Readonly<Record<Direction, readonly Stream[]>> = {
  to: ['upstream'],
  from: ['downstream'],
  both: ['upstream', 'downstream'],
};

/** None for a reset, which is no matter of bytes. */
export function toxicsOf(
  what: Disturbance,
  tally: Tally,
): { readonly stream: Stream; readonly type: ToxicType }[] {
  if (what.type === 'reset') return [];
  return streamsOf[what.direction].map((stream) => ({ stream, type: typeOf(what, tally) }));
}

function typeOf(what: Exclude<Disturbance, { type: 'reset' }>, tally: Tally): ToxicType {
  const hold = holdOf(what, tally);
  return {
    name: what.type,
    schema: z.object({}),
    stage: (_attributes, place, next) => new QueueStage(hold(place), place.clock, place.budget, next),
  };
}

function holdOf(what: Exclude<Disturbance, { type: 'reset' }>, tally: Tally): (place: ToxicPlace) => Hold {
  const arrived = (item: Item) => {
    tally.hits += sizeOf(item);
  };
  switch (what.type) {
    case 'delay':
      return ({ random }) => ({ ...latencyHold(what.latencyMs, what.jitterMs, random), arrived });
    case 'loss':
      return ({ random }) =>
        lossHold(what.share, random, (bytes) => {
          tally.hits += bytes;
        });
    case 'bandwidth': {
      const line = new Line(what.bytesPerSecond);
      return () => ({ ...lineHold(line), arrived });
    }
    case 'partition':
      return () => ({ ...stoppedHold, arrived: once(() => tally.hits++) });
  }
}

/** The first item that waits makes the connection a hit. */
function once(count: () => void): () => void {
  let counted = false;
  return () => {
    if (!counted) count();
    counted = true;
  };
}
