import { afterEach, describe, expect, test } from 'vitest';
import { Labels } from '../../src/base/labels.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { smallStore, startApp, stopApps } from './support.ts';

afterEach(stopApps);

describe('query', () => {
  test('answers as Prometheus writes it, byte for byte', async () => {
    const { get } = await startApp({ store: smallStore() });
    const bodies = async (query: string) => (await get(`/api/v1/query?${query}`)).body;
    expect(await bodies('query=up{job="b"}&time=1700000030.5')).toBe(
      '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"b"},"value":[1700000030.500,"0"]}]}}',
    );
    expect(await bodies('query=2*3&time=1')).toBe(
      '{"status":"success","data":{"resultType":"scalar","result":[1,"6"]}}',
    );
    expect(await bodies('query="a%5C"b"&time=-1.25')).toBe(
      '{"status":"success","data":{"resultType":"string","result":[-1.25,"a\\"b"]}}',
    );
    expect(await bodies('query=up{job="b"}[30s]&time=2023-11-14T22:13:50Z')).toBe(
      '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"b"},"values":[[1700000015,"1"],[1700000030,"0"]]}]}}',
    );
    expect(await bodies('query=nothing')).toBe(
      '{"status":"success","data":{"resultType":"vector","result":[]}}',
    );
  });

  test.each([
    ['1e-7', '1e-07'],
    ['1e21', '1e+21'],
    ['123456789012345680000', '123456789012345680000'],
    ['0.000001', '0.000001'],
    ['-0', '-0'],
    ['1/0', '+Inf'],
    ['-1/0', '-Inf'],
    ['0/0', 'NaN'],
    ['1/3', '0.3333333333333333'],
  ])('writes %s as %s', async (query, written) => {
    const { api } = await startApp();
    const { data } = await api(`query?query=${encodeURIComponent(`vector(${query})`)}`);
    expect(data.result[0].value[1]).toBe(written);
  });

  test.each([
    [
      'query?query=foo(',
      400,
      'bad_data',
      'invalid parameter "query": 1:5: parse error: unclosed left parenthesis',
    ],
    [
      'query?query=up&time=soon',
      400,
      'bad_data',
      `invalid parameter "time": invalid time value for 'time': cannot parse "soon" to a valid timestamp`,
    ],
    [
      'query_range?query=up&start=0&end=10&step=0',
      400,
      'bad_data',
      'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
    ],
    [
      'query_range?query=up&start=10&end=0&step=1',
      400,
      'bad_data',
      'invalid parameter "end": end timestamp must not be before start time',
    ],
    [
      'query_range?query=up&start=0&end=11001&step=1',
      400,
      'bad_data',
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    ],
    [
      'query_range?query=up[1m]&start=0&end=1&step=1',
      400,
      'bad_data',
      'invalid parameter "query": invalid expression type "range vector" for range query, must be Scalar or instant Vector',
    ],
    [
      'query_range?query=up&start=0&end=1&step=x',
      400,
      'bad_data',
      'invalid parameter "step": cannot parse "x" to a valid duration',
    ],
    ['query?query=up&limit=-1', 400, 'bad_data', 'invalid parameter "limit": limit must be non-negative'],
    ['series', 400, 'bad_data', 'no match[] parameter provided'],
    [
      'query?time=1700000000&query=up*on()up',
      422,
      'execution',
      expect.stringContaining('found duplicate series for the match group {} on the'),
    ],
  ])('refuses %s', async (path, status, errorType, error) => {
    const { get } = await startApp({ store: smallStore() });
    const answer = await get(`/api/v1/${path}`);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toEqual({ status: 'error', errorType, error });
  });

  test('takes a form as well as an address, and what the form says wins', async () => {
    const { url } = await startApp({ store: smallStore() });
    const response = await fetch(`${url}/api/v1/query_range?step=1`, {
      method: 'POST',
      body: new URLSearchParams({
        query: 'up{job="a"}',
        start: '1700000000',
        end: '1700000030',
        step: '15s',
      }),
    });
    const { data } = (await response.json()) as { data: { result: unknown } };
    expect(data.result).toEqual([
      {
        metric: { __name__: 'up', job: 'a' },
        values: [
          [1700000000, '1'],
          [1700000015, '1'],
          [1700000030, '1'],
        ],
      },
    ]);
  });

  test('limits the series of an answer and says so', async () => {
    const { api } = await startApp({ store: smallStore() });
    const { data, warnings } = await api('query?query=up&time=1700000000&limit=1');
    expect(data.result).toHaveLength(1);
    expect(warnings).toEqual(['results truncated due to limit']);
  });

  test('shows native histograms bucket by bucket', async () => {
    const store = new SeriesStore();
    const histogram = {
      ...{ schema: 0, count: 7, sum: 9.5, zeroThreshold: 0.001, zeroCount: 2 },
      positive: { indexes: Int32Array.of(0, 1), counts: Float64Array.of(1, 3) },
      negative: { indexes: Int32Array.of(1), counts: Float64Array.of(1) },
      customBounds: undefined,
      resetHint: 'unknown' as const,
    };
    store.appendBatch({
      source: 'test',
      atMs: 1000,
      samples: [{ labels: Labels.from({ __name__: 'h' }), value: 0, histogram }],
    });
    const { get } = await startApp({ store });
    const shown =
      '{"count":"7","sum":"9.5","buckets":[[1,"-2","-1","1"],[3,"-0.001","0.001","2"],[0,"0.5","1","1"],[0,"1","2","3"]]}';
    expect((await get('/api/v1/query?query=h&time=1')).body).toBe(
      `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"h"},"histogram":[1,${shown}]}]}}`,
    );
    expect((await get('/api/v1/query_range?query=h&start=1&end=2&step=1')).body).toBe(
      `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"h"},"histograms":[[1,${shown}],[2,${shown}]]}]}}`,
    );
  });
});

describe('labels and series', () => {
  test('are those of the store, narrowed by match[] and time', async () => {
    const { api } = await startApp({ store: smallStore() });
    expect((await api('labels')).data).toEqual(['__name__', 'job']);
    expect((await api('label/job/values')).data).toEqual(['a', 'b']);
    expect((await api('label/job/values?match[]=requests_total')).data).toEqual(['a']);
    expect((await api('label/__name__/values?limit=1')).warnings).toEqual(['results truncated due to limit']);
    expect((await api('label/U__my_2e_label/values')).data).toEqual([]);
    expect((await api('series?match[]=up&match[]=requests_total')).data).toEqual([
      { __name__: 'requests_total', job: 'a' },
      { __name__: 'up', job: 'a' },
      { __name__: 'up', job: 'b' },
    ]);
    expect((await api('series?match[]=up&end=1')).data).toEqual([]);
  });
});

describe('expressions', () => {
  test('are laid out over lines where they are long', async () => {
    const { api } = await startApp();
    const long =
      'sum(rate(a_metric_with_a_long_name_total{job="x",instance="y"}[5m]))by(job)/on(job)sum(b)by(job)';
    expect((await api(`format_query?query=${encodeURIComponent(long)}`)).data).toBe(
      '  sum by (job) (rate(a_metric_with_a_long_name_total{instance="y",job="x"}[5m]))\n/ on (job)\n  sum by (job) (b)',
    );
    expect((await api('format_query?query=foo%2Fbar')).data).toBe('foo / bar');
  });

  test('are shown as a tree', async () => {
    const { api } = await startApp();
    expect((await api(`parse_query?query=${encodeURIComponent('-up{a="b"} offset 5m')}`)).data).toEqual({
      type: 'unaryExpr',
      op: '-',
      expr: {
        type: 'vectorSelector',
        name: 'up',
        offset: 300_000,
        timestamp: null,
        startOrEnd: null,
        matchers: [
          { name: 'a', value: 'b', type: '=' },
          { name: '__name__', value: 'up', type: '=' },
        ],
      },
    });
  });
});

describe('status', () => {
  test('tells what the server is and holds', async () => {
    const { api, get } = await startApp({ store: smallStore(), flags: { load: 'x.om' } });
    expect((await api('status/buildinfo')).data.revision).toBe('firedrill test');
    expect((await api('status/flags')).data).toEqual({ load: 'x.om' });
    expect((await api('status/config')).data).toEqual({ yaml: '' });
    const { data } = await api('status/tsdb');
    expect(data.headStats).toMatchObject({
      numSeries: 3,
      minTime: 1_700_000_000_000,
      maxTime: 1_700_000_060_000,
    });
    expect(data.seriesCountByMetricName[0]).toEqual({ name: 'up', value: 2 });
    expect(await get('/-/healthy')).toEqual({ status: 200, body: 'Prometheus Server is Healthy.\n' });
    expect((await get('/-/ready')).status).toBe(200);
    expect((await get('/metrics')).body).toMatch(/^prometheus_tsdb_head_series 3$/m);
    expect(await get('/api/v1/rules/test/test')).toEqual({ status: 404, body: '404 page not found\n' });
  });
});
