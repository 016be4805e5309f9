import { describe, expect, it } from 'vitest';
import { instantQuery } from '../../src/promql/engine.ts';
import { parseExpr } from '../../src/promql/parser.ts';
import type { Query, QueryForm, Sli } from '../../src/slo/objective.ts';
import { errorRatioOver, sliOver } from '../../src/slo/sli-over.ts';
import { MemorySource } from '../promql/memory-source.ts';
import { parseSeriesLine } from '../promql/promqltest/series-notation.ts';

const stepMs = 15_000;
const windowMs = 300_000;

function query(promql: string, form: QueryForm): Query {
  return { promql, form, source: undefined, place: { file: 'a.yaml', line: 1, column: 1 } };
}

function ratio(side: 'good' | 'bad', part: Query, total: Query, grouping: string[] = []): Sli {
  return side === 'good'
    ? { type: 'ratio', good: part, total, grouping }
    : { type: 'ratio', bad: part, total, grouping };
}

/** Five minutes of samples each 15 s, and the expression's values at their end. */
function values(promql: string, ...lines: readonly string[]): Record<string, number> {
  const source = new MemorySource();
  for (const { labels, points } of lines.map(parseSeriesLine))
    points.forEach((point, i) => {
      if (point.kind === 'float') source.append(labels, i * stepMs, point.value);
    });
  const parsed = parseExpr(promql);
  if (!parsed.ok) throw new Error(`${promql}: ${parsed.error.message}`);
  const result = instantQuery(source, parsed.expr, windowMs);
  if (result.type !== 'vector') throw new Error(result.type);
  return Object.fromEntries(
    result.samples.map(({ labels, value }) => [String(labels), Number(value.toFixed(9))]),
  );
}

/** One of ten is bad, on two instances. */
const counters = [
  'hits_total{code="200", pod="a"} 0+9x20',
  'hits_total{code="500", pod="a"} 0+1x20',
  'hits_total{code="200", pod="b"} 0+9x20',
  'hits_total{code="500", pod="b"} 0+1x20',
];

describe('an SLI over a window', () => {
  it.each<[string, Sli]>([
    [
      'good of counters',
      ratio('good', query('hits_total{code="200"}', 'counter'), query('hits_total', 'counter')),
    ],
    [
      'bad of counters',
      ratio('bad', query('hits_total{code="500"}', 'counter'), query('hits_total', 'counter')),
    ],
    [
      'aggregated counters',
      ratio('bad', query('sum(hits_total{code="500"})', 'counter'), query('sum(hits_total)', 'counter')),
    ],
    [
      'placeholders',
      ratio(
        'bad',
        query('sum(increase(hits_total{code="500"}[{{.window}}]))', 'placeholder'),
        query('sum(increase(hits_total[{{ .window }}]))', 'placeholder'),
      ),
    ],
    [
      'rates with a range of their own',
      ratio(
        'bad',
        query('sum(rate(hits_total{code="500"}[1m]))', 'value'),
        query('sum(rate(hits_total[1m]))', 'value'),
      ),
    ],
  ])('is 0.9 from %s, and its complement 0.1', (_name, sli) => {
    expect(values(sliOver(sli, windowMs, { stepMs }), ...counters)).toEqual({ '{}': 0.9 });
    expect(values(errorRatioOver(sli, windowMs, { stepMs }), ...counters)).toEqual({ '{}': 0.1 });
  });

  it('is told for each value of its grouping', () => {
    const sli = ratio('bad', query('bad_total', 'counter'), query('hits_total', 'counter'), ['pod']);
    const lines = [
      'bad_total{pod="a"} 0+1x20',
      'hits_total{pod="a", code="x"} 0+4x20',
      'hits_total{pod="b", code="x"} 0+4x20',
    ];
    expect(values(sliOver(sli, windowMs), ...lines)).toEqual({ '{pod="a"}': 0.75, '{pod="b"}': 1 });
  });

  it('is 1 before the first error, and 0 before the first success', () => {
    const total = query('hits_total', 'counter');
    const lines = ['hits_total 0+1x20'];
    expect(values(sliOver(ratio('bad', query('bad_total', 'counter'), total), windowMs), ...lines)).toEqual({
      '{}': 1,
    });
    expect(values(sliOver(ratio('good', query('ok_total', 'counter'), total), windowMs), ...lines)).toEqual({
      '{}': 0,
    });
  });

  it('is NaN without traffic, and nothing without a total', () => {
    const sli = ratio('bad', query('bad_total', 'counter'), query('hits_total', 'counter'));
    expect(values(sliOver(sli, windowMs), 'hits_total 5x20')).toEqual({ '{}': Number.NaN });
    expect(values(sliOver(sli, windowMs), 'bad_total 0+1x20')).toEqual({});
  });

  it('counts the samples within a threshold; what is not a number is no sample', () => {
    const sli: Sli = { type: 'threshold', query: query('lag', 'value'), op: 'lt', value: 5 };
    const lag = 'lag _ 1x9 NaN NaN 9x7';
    // Ten are below, eight are not, two are no numbers.
    expect(values(sliOver(sli, windowMs, { stepMs }), lag)).toEqual({ '{}': 0.555555556 });
    expect(values(errorRatioOver(sli, windowMs, { stepMs }), lag)).toEqual({ '{}': 0.444444444 });
  });

  it('is the mean of a ratio that is computed already', () => {
    const sli = (rawType: 'success' | 'failure'): Sli => ({
      type: 'raw',
      query: query('r', 'value'),
      rawType,
    });
    expect(values(sliOver(sli('success'), windowMs, { stepMs }), 'r 0.75x20')).toEqual({ '{}': 0.75 });
    expect(values(sliOver(sli('failure'), windowMs, { stepMs }), 'r 0.75x20')).toEqual({ '{}': 0.25 });
  });
});
