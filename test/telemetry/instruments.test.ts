import { expect, it } from 'vitest';
import { VirtualClock } from '../../src/base/clock.ts';
import { Counter, feedInstruments, Histogram } from '../../src/telemetry/metrics/instruments.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { samplesOf, valuesOf } from './samples.ts';

it('counts, observes, and feeds the store at whole intervals', async () => {
  const store = new SeriesStore();
  const clock = new VirtualClock(5000);
  const requests = new Counter('requests_total');
  const durations = new Histogram('duration_seconds', [0.1, 1]);
  const end = new AbortController();
  requests.inc({ code: '200' });
  const instruments = [requests, durations];
  const fed = feedInstruments({ source: 'load', instruments, store, clock, intervalMs: 1000 }, end.signal);
  await clock.advance(400);
  requests.inc({ code: '200' }, 2);
  requests.inc({ code: '500' });
  for (const seconds of [0.1, 0.2, 5]) durations.observe({ path: '/' }, seconds);
  await clock.advance(1000);
  end.abort();
  await fed;

  expect(samplesOf(store, 'requests_total', { code: '200' })).toEqual([
    [5000, 1],
    [6000, 3],
  ]);
  expect(samplesOf(store, 'requests_total', { code: '500' })).toEqual([[6000, 1]]);
  const bucket = (le: string) => valuesOf(store, 'duration_seconds_bucket', { le, path: '/' });
  expect(['0.1', '1.0', '+Inf'].map(bucket)).toEqual([[1], [2], [3]]);
  expect(valuesOf(store, 'duration_seconds_sum')).toEqual([5.3]);
  expect(valuesOf(store, 'duration_seconds_count')).toEqual([3]);
});
