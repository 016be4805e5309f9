import { describe, expect, it } from 'vitest';
import type { ReportInput } from '../../src/report/input.ts';
import { liveFrame } from '../../src/report/live/frame.ts';
import { LiveRun } from '../../src/report/live/state.ts';
import { sparkline } from '../../src/report/sparkline.ts';
import { textWidth } from '../../src/report/terminal/text-width.ts';
import { at, leaky, scenes } from './fixtures.ts';
import { expectGolden } from './golden.ts';

/** The state of a run at a moment, as the events and readings up to then make it. */
function liveAt(input: ReportInput, seconds: number): LiveRun {
  const { experiment } = input;
  const run = new LiveRun(experiment, input.verdict.startedAt);
  for (let second = -9; second <= seconds; second++)
    for (const objective of experiment.objectives)
      run.onValue(objective.name, second < 0 ? 62e6 : 62e6 + second * 4.4e6);
  for (const event of input.timeline) if (event.at <= at(seconds)) run.onEvent(event);
  return run;
}

describe('live frame', () => {
  for (const seconds of [-11, -4, 5, 11, 20, 40]) {
    it(`at ${seconds}s is as it was`, () => {
      expectGolden(
        `live-${seconds}.txt`,
        `${liveFrame(liveAt(leaky(), seconds).state(at(seconds)), { color: false, width: 90, height: 24 })}\n`,
      );
    });
  }

  it('is never wider or higher than the terminal', () => {
    for (const scene of Object.values(scenes)) {
      for (const width of [40, 80, 120]) {
        const frame = liveFrame(liveAt(scene(), 41).state(at(41)), { color: false, width, height: 20 });
        expect(frame.split('\n').filter((line) => textWidth(line) > width)).toEqual([]);
        expect(frame.split('\n').length).toBeLessThan(20);
      }
    }
  });

  it('shows the state of the run, not of the last value alone', () => {
    const frame = (seconds: number) =>
      liveFrame(liveAt(leaky(), seconds).state(at(seconds)), { color: false, width: 90 });
    expect(frame(5)).toMatch(/✓ memory .*84 MB/);
    // Out of bounds, but not for long enough to be a breach.
    expect(frame(9)).toMatch(/! memory/);
    expect(frame(11)).toMatch(/✗ memory/);
    expect(frame(11)).toMatch(/pending for 1s/);
    expect(frame(20)).toMatch(/firing for 7s, told platform-oncall/);
    expect(frame(20)).toMatch(/in place, 28\d hits/);
  });
});

describe('sparkline', () => {
  it('is scaled over the values and the threshold', () => {
    expect(sparkline([0, 5, 10], 3)).toBe('▁▅█');
    expect(sparkline([0, 5, 10], 3, 20)).toBe('▁▃▅');
    expect(sparkline([1, null, Number.NaN, 1], 4)).toBe('▁  ▁');
    expect(sparkline([1, 2, 3], 2)).toBe('▁█');
    expect(sparkline([0, Number.POSITIVE_INFINITY], 2, 10)).toBe('▁█');
    expect(sparkline([], 5)).toBe('');
  });
});
