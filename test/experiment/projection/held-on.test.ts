import { describe, expect, test } from 'vitest';
import { Labels } from '../../../src/base/labels.ts';
import { Projector } from '../../../src/experiment/projection/projector.ts';
import { SeriesStore } from '../../../src/telemetry/metrics/store.ts';

const second = 1000;
const begin = Date.UTC(2026, 0, 5);
const undone = begin + 60 * second;
const hour = 3600 * second;

function projectorOf(series: Readonly<Record<string, (second: number) => number>>, expr: string): Projector {
  const recording = new SeriesStore();
  for (let at = 0; at <= 60; at++) {
    const samples = Object.entries(series).map(([name, value]) => ({
      labels: Labels.from({ __name__: name, job: 'app' }),
      value: value(at),
    }));
    recording.appendBatch({ source: 'app', atMs: begin + at * second, samples });
  }
  return new Projector({
    ...{ recording, levelFromMs: begin + 30 * second, undoneAtMs: undone, untilMs: undone + 24 * hour },
    ...{ expressions: [expr], recordings: [], features: new Set() },
  });
}

function firing(
  series: Readonly<Record<string, (second: number) => number>>,
  expr: string,
  forSeconds = 0,
): number | null {
  const rule = { expr, labels: {}, forMs: forSeconds * second, evaluationIntervalMs: 10 * second };
  const asking = { pendingSinceMs: undefined, untilMs: undone + 24 * hour, counts: () => true };
  const at = projectorOf(series, expr).firstFiring(rule, asking);
  return at === null ? null : (at - begin) / second;
}

describe('a recording held on', () => {
  test('a counter goes on at its rate', () => {
    // 60 after a minute; 600 after ten.
    expect(firing({ failures_total: (at) => at }, 'failures_total > 599')).toBe(600);
    expect(firing({ failures_total: (at) => 2 * at }, 'rate(failures_total[5m]) > 1.99')).not.toBeNull();
  });

  test('a level stands, and `for` counts on', () => {
    expect(firing({ load: () => 5 }, 'load > 4', 300)).toBe(360);
    expect(firing({ load: () => 5 }, 'load > 6')).toBeNull();
  });

  test('a window of hours is exact to one evaluation, however far apart the looks are', () => {
    // Up to the undo the average is 0, since then 1: a half after as long as was before.
    const at = firing({ load: () => 5 }, 'count_over_time(load[10h]) > 21600');
    expect(Math.abs(at! - 21_600)).toBeLessThanOrEqual(20);
  });

  test('a trend ends at the limit that the metrics know', () => {
    const fds = { process_open_fds: (at: number) => 10 * at, process_max_fds: () => 1000 };
    // 900 after 90 s; samples are held 15 s apart, evaluations come every 10 s.
    expect(firing(fds, 'process_open_fds > 900')).toBeGreaterThan(90);
    expect(firing(fds, 'process_open_fds > 900')).toBeLessThanOrEqual(115);
    expect(firing(fds, 'process_open_fds > 1000')).toBeNull();
    const [movement] = projectorOf(fds, 'process_open_fds > 900').inputsOf('process_open_fds > 900');
    expect(movement).toMatchObject({ kind: 'trend', reached: { limit: { value: 1000 } } });
    expect(movement!.reached!.atMs! - begin).toBe(100 * second);
  });

  test('a trend without a known limit is not extended', () => {
    const queue = { jobs_waiting: (at: number) => 10 * at };
    expect(projectorOf(queue, 'jobs_waiting > 900').inputsOf('jobs_waiting > 900')).toMatchObject([
      { kind: 'unknown' },
    ]);
  });

  test('what swings is told to be uneven', () => {
    const swing = { load: (at: number) => (at % 2 === 0 ? 1 : 9) };
    expect(projectorOf(swing, 'load > 10').inputsOf('load > 10')).toMatchObject([{ kind: 'uneven' }]);
  });
});
