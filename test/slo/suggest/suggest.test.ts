import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readObjectives } from '../../../src/slo/read.ts';
import { openSloText } from '../../../src/slo/suggest/openslo-text.ts';
import type { Suggestion, Suggestions } from '../../../src/slo/suggest/suggest.ts';
import { eighths, type Series, suggestFor } from './support.ts';

const day = 4 * 60 * 24;

function one({ suggestions }: Suggestions, id: string): Suggestion {
  const found = suggestions.find((each) => each.id === id);
  if (!found) throw new Error(`no ${id} among ${suggestions.map((each) => each.id).join(', ')}`);
  return found;
}

/** Of ten events at each scrape, `bad` are bad. */
function counters(
  name: string,
  good: Record<string, string>,
  bad: Record<string, string>,
  perMille: number,
): Series[] {
  return [
    [name, good, (i) => i * (1000 - perMille)],
    [name, bad, (i) => i * perMille],
  ];
}

describe('what is found in counters of requests', () => {
  it.each<[string, Series[], string, string]>([
    [
      'status codes of HTTP',
      counters('http_requests_total', { code: '200' }, { code: '503' }, 1),
      'shop-http-requests',
      'sum(http_requests_total{job="shop", code=~"5.."})',
    ],
    [
      'codes of gRPC, of which the caller owns some',
      counters('grpc_server_handled_total', { grpc_code: 'OK' }, { grpc_code: 'Internal' }, 1),
      'shop-grpc-server-handled',
      'sum(grpc_server_handled_total{job="shop", grpc_code=~"Unknown|DeadlineExceeded|Unimplemented|Internal|Unavailable|DataLoss"})',
    ],
    [
      'results of a consumer of a queue, with what is neither',
      [
        ...counters('messages_consumed_total', { result: 'acked' }, { result: 'dead_lettered' }, 1),
        ['messages_consumed_total', { result: 'skipped' }, (i) => i],
      ],
      'shop-messages-consumed',
      'sum(messages_consumed_total{job="shop", result!~"acked|skipped"})',
    ],
    [
      'failures beside what was tried',
      [
        ['jobs_total', {}, (i) => i * 1000],
        ['jobs_failed_total', {}, (i) => i],
      ],
      'shop-jobs',
      'sum(jobs_failed_total{job="shop"})',
    ],
    [
      'transactions of PostgreSQL',
      [
        ['pg_stat_database_xact_commit', { datname: 'a' }, (i) => i * 999],
        ['pg_stat_database_xact_rollback', { datname: 'a' }, (i) => i],
      ],
      'shop-transactions',
      'sum(pg_stat_database_xact_rollback{job="shop"})',
    ],
  ])('%s', async (_, series, id, bad) => {
    const { sli, target, measured } = one(await suggestFor(series, 200), id);
    expect(sli.type === 'ratio' && sli.bad?.promql).toBe(bad);
    expect(measured.bad).toBeCloseTo(0.001, 4);
    // 0.1 % was bad, and twice that is the margin.
    expect(target.text).toBe('99.5');
  });

  it('a label whose values mean something else is no outcome', async () => {
    const { suggestions, leftOut } = await suggestFor(
      counters('orders_total', { status: 'paid' }, { status: 'shipped' }, 1),
      200,
    );
    expect([...suggestions, ...leftOut]).toEqual([]);
  });
});

describe('latencies', () => {
  const bucket = (le: string, share: number): Series => [
    'http_request_duration_seconds_bucket',
    { le },
    (i) => i * 1000 * share,
  ];

  it('get a limit at a bucket above the 99th percentile, as the bucket writes it', async () => {
    const found = await suggestFor(
      [
        ...[bucket('0.1', 0.9), bucket('0.25', 0.995), bucket('0.50', 0.9999), bucket('+Inf', 1)],
        ['http_request_duration_seconds_count', {}, (i) => i * 1000],
      ],
      200,
    );
    const { sli, target, about } = one(found, 'shop-http-request-duration-seconds');
    expect(sli.type === 'ratio' && sli.good?.promql).toBe(
      'sum(http_request_duration_seconds_bucket{job="shop", le="0.50"})',
    );
    expect(target.text).toBe('99.9');
    expect(about).toBe('http_request_duration_seconds of at most 0.50 s');
  });

  it('are left out where no bucket lies above the 99th percentile', async () => {
    const { suggestions, leftOut } = await suggestFor(
      [
        ...[bucket('0.1', 0.5), bucket('+Inf', 1)],
        ['http_request_duration_seconds_count', {}, (i) => i * 1000],
      ],
      200,
    );
    expect(suggestions).toEqual([]);
    expect(leftOut).toMatchObject([{ reason: 'its 99th percentile is beyond the last bucket' }]);
  });

  it('of native histograms get a round limit', async () => {
    const found = await suggestFor([['rpc_duration_seconds', {}, (i) => eighths(i * 1000)]], 200);
    const { sli } = one(found, 'shop-rpc-duration-seconds');
    expect(sli.type === 'raw' && sli.query.promql).toBe(
      'histogram_fraction(0, 0.2, sum(rate(rpc_duration_seconds{job="shop"}[{{.window}}])))',
    );
  });
});

describe('saturation and availability', () => {
  it('finds what is used beside its capacity, what is free, queues, and what is up', async () => {
    const { suggestions } = await suggestFor(
      [
        ['up', {}, () => 1],
        ['pg_stat_activity_count', { state: 'idle' }, () => 20],
        ['pg_stat_activity_count', { state: 'active' }, (i) => i % 10],
        ['pg_settings_max_connections', {}, () => 100],
        ['node_memory_MemAvailable_bytes', {}, () => 3e9],
        ['node_memory_MemTotal_bytes', {}, () => 8e9],
        ['worker_queue_length', {}, () => 10],
        ['worker_queue_capacity', {}, () => 100],
        ['kafka_consumergroup_lag', { topic: 'a' }, (i) => i % 30],
        ['kube_deployment_status_replicas_available', { deployment: 'web' }, () => 3],
        ['kube_deployment_spec_replicas', { deployment: 'web' }, () => 3],
      ],
      day,
    );
    const limits = suggestions.map(({ id, sli }) => [
      id,
      sli.type === 'threshold' ? `${sli.op} ${sli.value}` : '',
    ]);
    expect(limits).toEqual([
      ['shop-deployment-replicas', 'gte 1'],
      ['shop-up', 'gte 1'],
      ['shop-connections', 'lte 0.8'],
      ['shop-memory', 'lte 0.8'],
      ['shop-worker-queue', 'lte 0.8'],
      ['shop-kafka-consumergroup-lag', 'lte 100'],
    ]);
  });

  it('leaves out what is full already, and what has no bound', async () => {
    const { leftOut } = await suggestFor(
      [
        ['redis_connected_clients', {}, () => 99],
        ['redis_config_maxclients', {}, () => 100],
        ['redis_memory_used_bytes', {}, () => 1e6],
        ['redis_memory_max_bytes', {}, () => 0],
      ],
      200,
    );
    expect(leftOut.map(({ name, reason }) => `${name}: ${reason}`)).toEqual([
      'clients: 99 % at its fullest: no limit leaves room',
      'memory: its capacity is not known, or without a bound',
    ]);
  });
});

describe('what is left out', () => {
  it('is what had no traffic, or too few events to show anything', async () => {
    const { suggestions, leftOut } = await suggestFor(
      [
        ...counters('idle_requests_total', { code: '200' }, { code: '500' }, 0).map(
          ([name, labels]): Series => [name, labels, () => 7],
        ),
        ['rare_requests_total', { code: '200' }, (i) => Math.floor(i / 60)],
      ],
      200,
    );
    expect(suggestions).toEqual([]);
    expect(leftOut.map(({ name, reason }) => [name, reason])).toEqual([
      ['idle-requests', 'no traffic in the baseline'],
      ['rare-requests', 'only 3 events in the baseline'],
    ]);
  });

  it('is what the baseline broke in its worst five minutes, however good the rest was', async () => {
    const broken = (i: number) => Math.max(0, Math.min(i, 120) - 100) * 500;
    const { leftOut } = await suggestFor(
      [
        ['http_requests_total', { code: '200' }, (i) => i * 1000 - broken(i)],
        ['http_requests_total', { code: '500' }, broken],
      ],
      day,
    );
    expect(leftOut).toMatchObject([
      { reason: expect.stringMatching(/^4\d\.\d % bad in its worst 5m00s: not even 90 %/) },
    ]);
  });

  it('is what only counts the scrapes', async () => {
    const { suggestions, leftOut } = await suggestFor(
      [['promhttp_metric_handler_requests_total', { code: '200' }, (i) => i]],
      200,
    );
    expect(suggestions).toEqual([]);
    expect(leftOut).toMatchObject([{ reason: 'counts the scrapes themselves' }]);
  });
});

describe('what an objective would have done over the baseline', () => {
  it('counts the budget that it would have spent, and the pages', async () => {
    // 4 % bad for an hour in a day of 0.04 %: the target is 90 %, which does not page for it.
    const bad = (i: number) => i * 0.4 + Math.max(0, Math.min(i, 1240) - 1000) * 40;
    const found = await suggestFor(
      [
        ['http_requests_total', { code: '200' }, (i) => i * 1000 - bad(i)],
        ['http_requests_total', { code: '500' }, bad],
      ],
      day,
    );
    const { target, replay, measured } = one(found, 'shop-http-requests');
    expect(target.text).toBe('90');
    const share = bad(day - 1) / ((day - 1) * 1000);
    expect(measured.bad).toBeCloseTo(share, 5);
    expect(replay.budgetSpent).toBeCloseTo((share / 0.1) * (1 / 30), 4);
    expect(replay).toMatchObject({ pages: 0, tickets: 0 });
  });
});

it('the file reads back without a warning as the objectives that were measured, and is the same each time', async () => {
  const series: Series[] = [
    ...counters('http_requests_total', { code: '200' }, { code: '500' }, 1),
    ['up', {}, () => 1],
    ['rpc_duration_seconds', {}, (i) => eighths(i * 1000)],
    ['queue_used', {}, () => 2],
    ['queue_max', {}, () => 9],
  ];
  const found = await suggestFor(series, 300, 'Shop Ü_1');
  const text = openSloText(found);
  expect(openSloText(await suggestFor([...series].reverse(), 300, 'Shop Ü_1'))).toBe(text);
  const read = readObjectives([{ file: 'slo.yaml', text }], { features: new Set() });
  expect(read.diagnostics).toEqual([]);
  const plain = (sli: Suggestion['sli']) =>
    JSON.stringify(sli, (key, value) => (key === 'place' || key === 'source' ? undefined : value));
  const sorted = (value: string) => [...value].sort().join('');
  expect(
    read.objectives.map(
      (each) =>
        each.kind === 'simple' && [each.id, each.service, each.target.percent, sorted(plain(each.sli))],
    ),
  ).toEqual(
    found.suggestions.map((each) => [each.id, 'shop-1', each.target.percent, sorted(plain(each.sli))]),
  );
});

it('whatever the errors were, no objective is proposed that the baseline breaks', async () => {
  const steps = fc.array(fc.record({ good: fc.nat(500), bad: fc.nat(20) }), { minLength: 30, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(steps, async (events) => {
      const sums = (side: 'good' | 'bad') => {
        let sum = 0;
        return events.map((each) => (sum += each[side]));
      };
      const [good, bad] = [sums('good'), sums('bad')];
      const { suggestions } = await suggestFor(
        [
          ['http_requests_total', { code: '200' }, (i) => good[i]],
          ['http_requests_total', { code: '500' }, (i) => bad[i]],
        ],
        events.length,
      );
      const increase = (of: readonly number[]) => of.at(-1)! - of[0]!;
      const share = increase(bad) / (increase(bad) + increase(good));
      for (const { target, replay } of suggestions) {
        expect(1 - share).toBeGreaterThanOrEqual(target.ratio);
        expect(replay.budgetSpent).toBeLessThan(1);
      }
    }),
    { numRuns: 60 },
  );
});
