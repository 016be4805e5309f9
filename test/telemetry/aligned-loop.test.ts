import { expect, it } from 'vitest';
import { type Clock, VirtualClock } from '../../src/base/clock.ts';
import { repeatAligned } from '../../src/telemetry/aligned-loop.ts';

async function ticksOf(
  clock: Clock & VirtualClock,
  tookMs: readonly number[],
  advanceMs: number,
): Promise<number[]> {
  const end = new AbortController();
  const ticks: number[] = [];
  const loop = repeatAligned(clock, 100, end.signal, async (atMs) => {
    ticks.push(atMs);
    await clock.sleep(tookMs[ticks.length - 1] ?? 0, end.signal);
  });
  await clock.advance(advanceMs);
  end.abort();
  await loop;
  return ticks;
}

it('ticks at once and then on the grid of its start, leaving out what a long tick missed', async () => {
  expect(await ticksOf(new VirtualClock(1030), [0, 60, 0, 250, 100, 0], 850)).toEqual([
    1030, 1130, 1230, 1330, 1630, 1730, 1830,
  ]);
});

/** Wakes every sleeper a little late, as timers do. */
class LateClock extends VirtualClock {
  readonly #lateMs: number;

  constructor(startMs: number, lateMs: number) {
    super(startMs);
    this.#lateMs = lateMs;
  }

  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return super.sleep(ms + this.#lateMs, signal);
  }
}

it('does not drift: a moment late counts as on time, and more is told as it is', async () => {
  expect(await ticksOf(new LateClock(0, 1), [], 350)).toEqual([0, 100, 200, 300]);
  expect(await ticksOf(new LateClock(0, 20), [], 350)).toEqual([0, 120, 220, 320]);
});
