import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { prometheusLabel, prometheusName } from '../../src/telemetry/metrics/otlp/names.ts';
import { startApp, stopApps, type TestApp } from './support.ts';
import { otlpJson, otlpProtobuf } from './write-bodies.ts';

afterEach(stopApps);

function post(app: TestApp, body: Uint8Array | string, headers: Record<string, string>): Promise<Response> {
  return fetch(`${app.url}/api/v1/otlp/v1/metrics`, { method: 'POST', headers, body });
}

async function values(app: TestApp, query: string): Promise<Record<string, string>> {
  const { data } = await app.api(`query?time=2&query=${encodeURIComponent(query)}`);
  return Object.fromEntries(
    data.result.map((one: { metric: { __name__: string; le?: string }; value?: [number, string] }) => [
      one.metric.le ? `${one.metric.__name__} ${one.metric.le}` : one.metric.__name__,
      one.value?.[1],
    ]),
  );
}

describe('OTLP metrics', () => {
  test('as JSON: names, units, labels, histograms, target_info; deltas are refused', async () => {
    const app = await startApp();
    const response = await post(app, JSON.stringify(otlpJson(2000)), { 'content-type': 'application/json' });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      partialSuccess: {
        rejectedDataPoints: '1',
        errorMessage: 'invalid temporality and type combination for metric "deltas"',
      },
    });
    expect(await values(app, '{job="shop/checkout",instance="one"}')).toEqual({
      process_memory_bytes: '1024',
      http_requests_total: '7.5',
      'http_duration_seconds_bucket 0.5': '1',
      'http_duration_seconds_bucket 1.0': '2',
      'http_duration_seconds_bucket +Inf': '3',
      http_duration_seconds_sum: '4',
      http_duration_seconds_count: '3',
      queue_wait_milliseconds: undefined,
      target_info: '1',
    });
    expect(await values(app, 'target_info{host_cores="4"}')).toEqual({ target_info: '1' });
    expect(await values(app, 'http_requests_total{http_method="GET"}')).toEqual({
      http_requests_total: '7.5',
    });
    // Scale 9 is merged down to 8: the buckets (2,3,4) become (1,2).
    const [view] = app.store
      .select([], 0, 5000)
      .filter(({ labels }) => labels.name === 'queue_wait_milliseconds');
    const histogram = view!.histograms![0]!;
    expect(histogram).toMatchObject({ schema: 8, count: 5, zeroCount: 1 });
    expect([...histogram.positive.indexes]).toEqual([2, 3]);
    expect([...histogram.positive.counts]).toEqual([3, 1]);
  });

  test('as protobuf, compressed', async () => {
    const app = await startApp();
    const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' };
    const response = await post(app, gzipSync(otlpProtobuf(2000, 0.25)), headers);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/x-protobuf');
    expect((await response.arrayBuffer()).byteLength).toBe(0);
    expect(await values(app, 'load_ratio{job="batch"}')).toEqual({ load_ratio: '0.25' });
  });

  test.each([
    ['no JSON', '{', { 'content-type': 'application/json' }, 400],
    ['another shape', '{"resourceMetrics":3}', { 'content-type': 'application/json' }, 400],
    ['no protobuf', 'hello', { 'content-type': 'application/x-protobuf' }, 400],
    ['no gzip', 'hello', { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' }, 400],
    ['another compression', 'x', { 'content-type': 'application/json', 'content-encoding': 'zstd' }, 415],
    ['another type', 'x', { 'content-type': 'text/plain' }, 415],
  ])('%s is refused', async (_, body, headers, status) => {
    const app = await startApp();
    expect((await post(app, body, headers)).status).toBe(status);
  });
});

test.each([
  ['http.server.duration', 's', 'other', 'http_server_duration_seconds'],
  ['system.io', 'By/s', 'gauge', 'system_io_bytes_per_second'],
  ['requests_total', '1', 'counter', 'requests_total'],
  ['request.total.count', '', 'counter', 'request_count_total'],
  ['cpu.utilization', '1', 'gauge', 'cpu_utilization_ratio'],
  ['memory.bytes', 'By', 'gauge', 'memory_bytes'],
  ['2xx', '', 'gauge', '_2xx'],
  ['jobs', '{job}', 'gauge', 'jobs'],
  ['speed', 'furlong/fortnight', 'gauge', 'speed_furlong_per_fortnight'],
] as const)('%s in %s as %s is called %s', (name, unit, kind, expected) => {
  expect(prometheusName(name, unit, kind)).toBe(expected);
});

test('labels', () => {
  expect(['a.b', '1st', '_private', '__reserved'].map(prometheusLabel)).toEqual([
    'a_b',
    'key_1st',
    'key_private',
    '__reserved',
  ]);
});
