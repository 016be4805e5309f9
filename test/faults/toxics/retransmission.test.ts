import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/base/random.ts';
import { lossHold } from '../../../src/faults/toxics/retransmission.ts';

const segments = 10_000;

/** Passes bytes through a hold: how many waits there were, how long they were, and the bytes that came late. */
function passThrough(share: number) {
  const waits: number[] = [];
  let late = 0;
  const hold = lossHold(share, seededRandom(1), (bytes) => {
    late += bytes;
  });
  for (let left = Buffer.alloc(segments * 1460); left.length > 0; ) {
    const { bytes, waitMs } = hold.departure(left, 0, 0);
    if (waitMs > 0) waits.push(waitMs);
    left = left.subarray(bytes);
  }
  return { waits, late };
}

describe('loss on a stream', () => {
  it.each([0.01, 0.3, 0.8])('of %d holds up that share of the segments', (share) => {
    const { waits, late } = passThrough(share);
    expect(waits.length / segments).toBeCloseTo(share, 1);
    expect(Math.abs(waits.length / segments / share - 1)).toBeLessThan(0.2);
    expect(late).toBe(waits.length * 1460);
  });

  it('waits twice as long each time that a segment is lost again', () => {
    const { waits } = passThrough(0.3);
    expect(new Set(waits)).toContain(200);
    expect(new Set(waits)).toContain(600);
    expect(new Set(waits)).toContain(1400);
    const again = waits.filter((wait) => wait > 200).length;
    expect(again / waits.length).toBeCloseTo(0.3, 1);
  });

  it('of nothing holds nothing up', () => {
    expect(passThrough(0)).toEqual({ waits: [], late: 0 });
  });

  it('of everything lets nothing go', () => {
    const hold = lossHold(1, seededRandom(1), () => {});
    expect(hold.departure(Buffer.alloc(10), 0, 0).waitMs).toBe(Number.POSITIVE_INFINITY);
    expect(hold.departure('end', 0, 0).waitMs).toBe(Number.POSITIVE_INFINITY);
  });
});
