import { describe, expect, it } from 'vitest';
import { settledWithin, systemClock, VirtualClock } from '../../src/base/clock.ts';
import { seededRandom } from '../../src/base/random.ts';

describe('the virtual clock', () => {
  it('wakes sleepers in the order of their deadlines, at their times', async () => {
    const clock = new VirtualClock(1000);
    const woken: [string, number][] = [];
    const sleeper = async (name: string, ms: number) => {
      await clock.sleep(ms);
      woken.push([name, clock.now()]);
    };
    void sleeper('late', 300);
    void sleeper('early', 100).then(() => sleeper('again', 50));
    await clock.advance(200);
    expect(woken).toEqual([
      ['early', 1100],
      ['again', 1150],
    ]);
    expect(clock.now()).toBe(1200);
    await clock.advance(100);
    expect(woken.at(-1)).toEqual(['late', 1300]);
  });

  it('wakes at once when the sleep is given up', async () => {
    const clock = new VirtualClock(0);
    const giveUp = new AbortController();
    const slept = clock.sleep(1e9, giveUp.signal);
    giveUp.abort();
    await slept;
    await clock.sleep(1e9, giveUp.signal);
    expect(clock.now()).toBe(0);
  });
});

describe('the system clock', () => {
  it('sleeps, and wakes at once when the sleep is given up', async () => {
    const started = systemClock.now();
    await systemClock.sleep(30);
    expect(systemClock.now() - started).toBeGreaterThanOrEqual(28);
    await systemClock.sleep(1e6, AbortSignal.timeout(10));
    expect(systemClock.now() - started).toBeLessThan(5000);
  });
});

describe('seeded randomness', () => {
  it('repeats for a seed, differs between seeds, and is even', () => {
    const draw = (seed: number, count: number) => {
      const random = seededRandom(seed);
      return Array.from({ length: count }, () => random());
    };
    expect(draw(7, 5)).toEqual(draw(7, 5));
    expect(draw(7, 5)).not.toEqual(draw(8, 5));
    const many = draw(1, 20_000);
    expect(Math.min(...many)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...many)).toBeLessThan(1);
    expect(many.reduce((sum, one) => sum + one, 0) / many.length).toBeCloseTo(0.5, 1);
  });
});

describe('work that is waited for', () => {
  it('ends the wait when it has settled, well or not, or when the time is over', async () => {
    const clock = new VirtualClock(0);
    await settledWithin(Promise.resolve(), 1000, clock);
    await settledWithin(Promise.reject(new Error('failed')), 1000, clock);
    expect(clock.now()).toBe(0);
    let over = false;
    const waiting = settledWithin(new Promise(() => {}), 1000, clock).then(() => {
      over = true;
    });
    await clock.advance(999);
    expect(over).toBe(false);
    await clock.advance(1);
    await waiting;
    expect(over).toBe(true);
  });
});
