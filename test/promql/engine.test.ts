import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/diagnostics.ts';
import { Labels } from '../../src/base/labels.ts';
import type { Expr } from '../../src/promql/ast.ts';
import { instantQuery, type QueryOptions, rangeQuery } from '../../src/promql/engine.ts';
import { parseExpr } from '../../src/promql/parser.ts';
import { absent, present, type SeriesView, stale } from '../../src/telemetry/metrics/series.ts';
import { allFeatures } from './all-features.ts';
import { MemorySource } from './memory-source.ts';
import { parseSeriesLine } from './promqltest/series-notation.ts';

function parse(text: string): Expr {
  const parsed = parseExpr(text, { features: allFeatures });
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.expr;
}

/** A source with samples every `stepMs` from time zero, in the notation of test scripts. */
function load(stepMs: number, ...lines: string[]): MemorySource {
  const source = new MemorySource();
  for (const { labels, points } of lines.map(parseSeriesLine)) {
    points.forEach((point, i) => {
      if (point.kind === 'float') source.append(labels, i * stepMs, point.value);
      if (point.kind === 'stale') source.append(labels, i * stepMs, Number.NaN, true);
    });
  }
  return source;
}

/** Results as text: `{a="b"} 1`. */
function vectorAt(source: MemorySource, text: string, atMs: number, options?: QueryOptions): string[] {
  const result = instantQuery(source, parse(text), atMs, options);
  if (result.type !== 'vector') throw new Error(`got a ${result.type}`);
  return result.samples.map(({ labels, value }) => `${labels} ${value}`).sort();
}

function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof UserError) return `${error.diagnostics[0]!.code} ${error.message}`;
    throw error;
  }
  return 'no failure';
}

describe('what an instant query yields', () => {
  const source = load(10_000, 'm{i="a"} 1 2 3', 'm{i="b"} 4 _ stale');

  it('is a vector, a scalar or a string', () => {
    expect(vectorAt(source, 'm', 10_000)).toEqual(['m{i="a"} 2', 'm{i="b"} 4']);
    expect(instantQuery(source, parse('time() * 2'), 1500)).toEqual({
      type: 'scalar',
      atMs: 1500,
      value: 3,
      warnings: [],
      infos: [],
      sampleCounts: { read: 0, peak: 0 },
    });
    expect(instantQuery(source, parse('"text"'), 7)).toMatchObject({
      type: 'string',
      value: 'text',
      atMs: 7,
    });
  });

  it('is the raw samples of a range vector, sorted by labels, without stale markers', () => {
    const result = instantQuery(source, parse('m[20s]'), 20_000);
    expect(
      result.type === 'matrix' && result.series.map(({ labels, times }) => [`${labels}`, ...times]),
    ).toEqual([['m{i="a"}', 10_000, 20_000]]);
  });

  it('keeps the order of sort and topk', () => {
    const sort = instantQuery(source, parse('sort_desc(m)'), 0);
    expect(sort.type === 'vector' && sort.samples.map(({ value }) => value)).toEqual([4, 1]);
  });
});

describe('look-back', () => {
  const source = load(1000, 'm 1');

  it('takes a sample that is younger than the look-back, not one of just that age', () => {
    expect(vectorAt(source, 'm', 299_999)).toEqual(['m 1']);
    expect(vectorAt(source, 'm', 300_000)).toEqual([]);
    expect(vectorAt(source, 'm', 1000, { lookbackMs: 1000 })).toEqual([]);
  });

  it('ends at a stale marker and begins again after it', () => {
    const ended = load(10_000, 'm 1 stale _ 2');
    const { series } = rangeQuery(ended, parse('m'), 0, 40_000, 10_000);
    expect([...series[0]!.times]).toEqual([0, 30_000, 40_000]);
  });
});

describe('views on shared columns', () => {
  const column = { times: Float64Array.of(0, 10_000, 20_000, 30_000, 40_000), length: 4 };
  const view: SeriesView = {
    labels: Labels.from({ __name__: 'm' }),
    column,
    offset: 1,
    values: Float64Array.of(1, 2, 3, 99),
    states: Uint8Array.of(present, absent, stale, present),
    first: 1,
    last: 4,
  };
  const source = { select: () => [view] };

  it('reads values from the offset and ignores slots outside the view', () => {
    const { series } = rangeQuery(source, parse('m'), 0, 50_000, 10_000);
    expect([...series[0]!.times]).toEqual([10_000, 20_000]);
    expect([...series[0]!.values]).toEqual([1, 1]);
    const counts = rangeQuery(source, parse('count_over_time(m[1m])'), 0, 50_000, 10_000);
    expect([...counts.series[0]!.values]).toEqual([1, 1, 1, 1, 1]);
  });
});

describe('range queries', () => {
  const source = load(10_000, 'b 1+1x6', 'a{z="1"} 5', 'a{y="1"} 6');

  it('are sorted by labels', () => {
    const { series } = rangeQuery(source, parse('{__name__=~".+"}'), 0, 10_000, 10_000);
    expect(series.map(({ labels }) => `${labels}`)).toEqual(['a{y="1"}', 'a{z="1"}', 'b']);
  });

  it('of a scalar have one series without labels', () => {
    const { series } = rangeQuery(source, parse('time()'), 0, 25_000, 10_000);
    expect(series.map(({ labels, times, values }) => [`${labels}`, [...times], [...values]])).toEqual([
      ['{}', [0, 10_000, 20_000], [0, 10, 20]],
    ]);
  });

  it('take what does not change from step to step once', () => {
    let selects = 0;
    const counting = {
      select: (...args: Parameters<MemorySource['select']>) => {
        selects++;
        return source.select(...args);
      },
    };
    const { series } = rangeQuery(
      counting,
      parse('b @ 20 + on() sum_over_time(b[20s] @ end())'),
      0,
      60_000,
      10_000,
    );
    expect([...series[0]!.values]).toEqual(Array(7).fill(16));
    expect(selects).toBe(2);
  });

  it.each([
    ['"text"', 'FD202 invalid expression type "string" for range query, must be Scalar or instant Vector'],
    [
      'b[5m]',
      'FD202 invalid expression type "range vector" for range query, must be Scalar or instant Vector',
    ],
  ])('refuse %s', (text, expected) => {
    expect(failure(() => rangeQuery(source, parse(text), 0, 1000, 1000))).toBe(expected);
  });

  it('refuse a step of zero', () => {
    expect(failure(() => rangeQuery(source, parse('b'), 0, 1000, 0))).toBe(
      'FD204 zero or negative query resolution step widths are not accepted',
    );
  });
});

describe('failures', () => {
  const source = load(1000, 'a{i="1"} 1', 'a{i="2"} 2', 'b 1', 'c{i="1"} 1');

  it.each([
    ['-{i="1"}', 'FD204 vector cannot contain metrics with the same labelset'],
    [
      'a + on() b',
      'FD204 multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)',
    ],
    [
      'b + on() a',
      'FD204 found duplicate series for the match group {} on the right hand-side of the operation: [{__name__="a", i="1"}, {__name__="a", i="2"}];many-to-many matching not allowed: matching labels must be unique on one side',
    ],
    [
      'b * on() group_left() a',
      'FD204 found duplicate series for the match group {} on the right hand-side of the operation: [{__name__="a", i="1"}, {__name__="a", i="2"}];many-to-many matching not allowed: matching labels must be unique on one side',
    ],
    [
      'a * on() group_left(i) b',
      'FD204 multiple matches for labels: grouping labels must ensure unique matches',
    ],
    ['topk(NaN, a)', 'FD204 Parameter value is NaN'],
    ['label_replace(a, "i", "x", "i", "(")', 'FD204 invalid regular expression in label_replace(): ('],
    [
      'double_exponential_smoothing(a[1s:1ms], 0, 0.5)',
      'FD204 invalid smoothing factor. Expected: 0 < sf < 1, got: 0.000000',
    ],
  ])('%s', (text, expected) => {
    expect(failure(() => instantQuery(source, parse(text), 0))).toBe(expected);
  });

  it('end a query that would hold too many samples', () => {
    const large = load(1000, ...Array.from({ length: 30 }, (_, i) => `m{i="${i}"} 1x99`));
    const run = (maxSamples: number) =>
      failure(() => rangeQuery(large, parse('sum(m)'), 0, 99_000, 1000, { maxSamples }));
    expect(run(2000)).toBe(
      'FD205 query processing would load too many samples into memory in query execution',
    );
    expect(run(4000)).toBe('no failure');
  });

  // Prometheus counts the same: its engine_test.go has the figures.
  it.each([
    ['metric', 1],
    ['metric[20s]', 2],
    ['metric[20s] @ 10', 2],
    ['rate(metric[20s])', 3],
    ['metric[20s:10s]', 2],
    ['bigmetric[20s]', 4],
    ['sum_over_time(metric[5m] @ 1000)', 31],
  ])('count what %s holds at once: %d', (text, samples) => {
    const lines = ['metric', 'bigmetric{a="1"}', 'bigmetric{a="2"}'].map((name) => `${name} 1+1x100`);
    const large = load(10_000, ...lines);
    const run = (maxSamples: number) =>
      failure(() => instantQuery(large, parse(text), 10_000, { maxSamples }));
    expect(run(samples)).toBe('no failure');
    expect(run(samples - 1)).toBe(
      'FD205 query processing would load too many samples into memory in query execution',
    );
  });

  it('does not overflow on an expression that nests deep', () => {
    const expr = parse(`1${'+1'.repeat(900)}`);
    expect(instantQuery(source, expr, 0)).toMatchObject({ value: 901 });
  });

  it('end a query with too many steps before it allocates them', () => {
    expect(failure(() => rangeQuery(source, parse('1'), 0, 1e12, 1))).toMatch(/^FD205 /);
  });
});

describe('label_replace', () => {
  it('remembers what it made of a value for one pattern and replacement alone', () => {
    const source = load(1000, 'm{i="a-b"} 1');
    const of = (replacement: string, pattern: string) =>
      vectorAt(source, `label_replace(m, "i", "${replacement}", "i", "${pattern}")`, 0);
    for (let time = 0; time < 2; time++) {
      expect(of('$1', '(.*)-(.*)')).toEqual(['m{i="a"} 1']);
      expect(of('$2', '(.*)-(.*)')).toEqual(['m{i="b"} 1']);
      expect(of('$2', '(.*)_(.*)')).toEqual(['m{i="a-b"} 1']);
    }
    const long = 'x'.repeat(1000);
    const other = load(1000, `m{i="${long}"} 1`);
    expect(vectorAt(other, 'label_replace(m, "i", "$1", "i", "(x{3}).*")', 0)).toEqual(['m{i="xxx"} 1']);
  });
});

describe('annotations', () => {
  const source = load(60_000, 'requests 0+1x10', 'b{le="0.1"} 1', 'b{le="x"} 1', 'b{le="+Inf"} 0');

  it('name their place in the text', () => {
    const expr = parse('sum(\n rate(requests[5m]))');
    const info =
      'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "requests"';
    const text = 'sum(\n rate(requests[5m]))';
    expect(instantQuery(source, expr, 300_000, { text }).infos).toEqual([`${info} (2:7)`]);
    expect(instantQuery(source, parse('rate(requests[5m])'), 300_000).infos).toEqual([`${info} (1:6)`]);
  });

  it('speak of buckets that could not be read or had to be repaired', () => {
    const { warnings, infos } = instantQuery(source, parse('histogram_quantile(0.5, b)'), 0);
    expect(warnings).toEqual([
      'PromQL warning: bucket label "le" is missing or has a malformed value of "x" (1:25)',
    ]);
    expect(infos).toEqual([
      'PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile), from buckets +Inf to +Inf, with a max diff of 1, over 1 samples from 1970-01-01T00:00:00Z to 1970-01-01T00:00:00Z (1:25)',
    ]);
  });
});

describe('metric names', () => {
  const source = load(60_000, 'a_total{i="1"} 0+60x10');

  it('go with the operation, or with the query where that is asked for', () => {
    const text = 'label_replace(rate(a_total[5m]), "was", "$1", "__name__", "(.*)_total")';
    expect(vectorAt(source, text, 300_000)).toEqual(['{i="1"} 1']);
    const features = new Set(['promql-delayed-name-removal' as const]);
    expect(vectorAt(source, text, 300_000, { features })).toEqual(['{i="1", was="a"} 1']);
  });
});

it('gives the same answer twice', () => {
  const source = load(15_000, 'm{i="1"} 0+1.1x100', 'm{i="2"} 0+3.3x100', 'm{i="3"} NaN 1 2 Inf');
  const expr = parse('topk(2, sum by (i) (rate(m[2m]))) or quantile(0.3, m) or avg_over_time(m[10m:37s])');
  const once = () =>
    JSON.stringify(
      rangeQuery(source, expr, 0, 1_500_000, 15_000).series.map((one) => [`${one.labels}`, [...one.values]]),
    );
  expect(once()).toBe(once());
});
