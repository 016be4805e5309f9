// What loss of packets is to a stream: nothing is missing, but it comes late. TCP sends again what nobody has
// acknowledged within its timeout, which doubles each time (RFC 6298, section 5.5), and what is behind it waits.

import type { Random } from '../../base/random.ts';
import { type Item, sizeOf } from './pipe.ts';
import type { Hold } from './queue-stage.ts';

/** What an Ethernet packet carries. */
const segmentBytes = 1460;
/** Linux waits no shorter (TCP_RTO_MIN), and on a near line about so long. */
const timeoutMsMin = 200;
/** Beyond it TCP waits no longer (TCP_RTO_MAX). */
const timeoutMsMax = 120_000;
const waitingBytesMax = 64 * 2 ** 10;

/** Each segment is lost with the probability `share`, and each time that it is sent again; `late` gets its bytes. */
export function lossHold(share: number, random: Random, late: (bytes: number) => void): Hold {
  let isLost = false;
  return {
    waitingBytesMax,
    departure(item) {
      if (!isLost) {
        let clear = 0;
        // The end of a stream is a segment too.
        for (const length = Math.max(1, sizeOf(item)); clear < length; clear += segmentBytes) {
          isLost = random() < share;
          if (isLost) break;
        }
        if (clear > 0) return { bytes: clear, waitMs: 0 };
      }
      isLost = false;
      late(lostBytes(item));
      return { bytes: segmentBytes, waitMs: untilItArrives(share, random) };
    },
  };
}

function lostBytes(item: Item): number {
  return Math.min(segmentBytes, sizeOf(item));
}

function untilItArrives(share: number, random: Random): number {
  if (share >= 1) return Number.POSITIVE_INFINITY;
  let waitMs = timeoutMsMin;
  for (let timeoutMs = timeoutMsMin * 2; random() < share; timeoutMs *= 2)
    waitMs += Math.min(timeoutMs, timeoutMsMax);
  return waitMs;
}
