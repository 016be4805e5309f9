import { describe, expect, it } from 'vitest';
import { aggregate } from '../../../../src/slo/gate/keptn/aggregate.ts';
import { isMet, readCriterion, targetOf } from '../../../../src/slo/gate/keptn/criterion.ts';
import { evaluateGate, type Measured, type PastEvaluation } from '../../../../src/slo/gate/keptn/evaluate.ts';
import { fillQuery, readKeptnSli } from '../../../../src/slo/gate/keptn/sli-file.ts';
import { type KeptnSlo, readKeptnSlo } from '../../../../src/slo/gate/keptn/slo-file.ts';

function criterionOf(text: string) {
  const read = readCriterion(text);
  if (!read.ok) throw new Error(read.message);
  return read.criterion;
}

function sloOf(text: string): KeptnSlo {
  const read = readKeptnSlo('slo.yaml', text);
  if (!read.ok) throw new Error(JSON.stringify(read.diagnostics));
  return read.value;
}

const measuredOf = (values: Record<string, number | string>): ReadonlyMap<string, Measured> =>
  new Map(
    Object.entries(values).map(([sli, value]) => [
      sli,
      typeof value === 'number' ? { value } : { missing: value },
    ]),
  );

const past = (result: PastEvaluation['result'], value: number): PastEvaluation => ({
  result,
  values: { latency: { value, status: result === 'fail' ? 'fail' : 'pass' } },
});

describe('a criterion', () => {
  it.each([
    ['<600', 599, undefined, true],
    ['<600', 600, undefined, false],
    [' <= 600 ', 600, undefined, true],
    ['=0', 0, undefined, true],
    ['>=99.5', 99.4, undefined, false],
    ['<=+10%', 110, 100, true],
    ['<=10%', 110, 100, true],
    ['<=10%', 110.1, 100, false],
    ['<=-10%', 90, 100, true],
    ['<=-10%', 91, 100, false],
    ['<+5', 104, 100, true],
    ['>-5', 95, 100, false],
    ['<1e3', 999, undefined, true],
  ])('%s of %d after %s is %s', (text, measured, earlier, met) => {
    const criterion = criterionOf(text);
    expect(isMet(criterion.operator, measured, targetOf(criterion, earlier ?? Number.NaN))).toBe(met);
  });

  it.each([
    ['600', 0],
    ['<', 0],
    ['<=abc', 2],
    ['<600ms', 4],
    ['<<5', 1],
    ['|5', 0],
  ])('%s is refused with its place', (text, offset) => {
    expect(readCriterion(text)).toMatchObject({ ok: false, offset });
  });
});

describe('the aggregate of earlier results', () => {
  const values = [40, 10, 30, 20];
  it('is the mean, or a percentile between neighbours', () => {
    expect(aggregate('avg', values)).toBe(25);
    expect(aggregate('p50', values)).toBe(25);
    expect(aggregate('p90', values)).toBe(40);
    expect(aggregate('p90', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).toBeCloseTo(9.9);
    expect(aggregate('p95', [7])).toBe(7);
  });
});

const gate = `
spec_version: "1.0"
comparison: { compare_with: several_results, include_result_with_score: pass, number_of_comparison_results: 2, aggregate_function: avg }
objectives:
  - sli: latency
    key_sli: true
    weight: 2
    pass:
      - criteria: ["<=+10%", "<600"]
      - criteria: ["<200"]
    warning:
      - criteria: ["<=800"]
  - sli: errors
    pass: [{ criteria: ["=0"] }]
    warning: [{ criteria: ["<=1"] }]
  - sli: throughput
total_score: { pass: "90%", warning: "75%" }
`;

describe('a gate', () => {
  const slo = sloOf(gate);

  it('gives points by weight, half of them for a warning', () => {
    const evaluation = evaluateGate(slo, measuredOf({ latency: 500, errors: 1, throughput: 7 }), []);
    expect(evaluation).toMatchObject({ result: 'warning', maximum: 3, failedKeys: [] });
    expect(evaluation.score).toBeCloseTo((100 * 2.5) / 3);
    expect(evaluation.objectives.map(({ status, score }) => [status, score])).toEqual([
      ['pass', 2],
      ['warning', 0.5],
      ['info', 0],
    ]);
  });

  it('needs all of one set and any of the sets, and tells every criterion', () => {
    const evaluation = evaluateGate(slo, measuredOf({ latency: 150, errors: 0, throughput: 7 }), [
      past('pass', 100),
    ]);
    expect(evaluation.objectives[0]!.pass).toEqual([
      [
        { criterion: '<=+10%', violated: true, target: 110, earlier: 100 },
        { criterion: '<600', violated: false, target: 600 },
      ],
      [{ criterion: '<200', violated: false, target: 200 }],
    ]);
    expect(evaluation.result).toBe('pass');
  });

  it('compares with the newest evaluations whose whole result is included', () => {
    const history = [
      past('fail', 1000),
      past('pass', 300),
      past('warning', 900),
      past('pass', 500),
      past('pass', 9),
    ];
    const evaluation = evaluateGate(slo, measuredOf({ latency: 430, errors: 0, throughput: 7 }), history);
    expect(evaluation.objectives[0]!.pass[0]![0]).toMatchObject({ earlier: 400, violated: false });
  });

  it('fails with a failed key whatever the score', () => {
    const evaluation = evaluateGate(slo, measuredOf({ latency: 900, errors: 0, throughput: 7 }), []);
    expect(evaluation).toMatchObject({ result: 'fail', failedKeys: ['latency'] });
  });

  it('is inconclusive when what is missing could still save it, and fails when it could not', () => {
    const saved = evaluateGate(slo, measuredOf({ latency: 100, errors: 'no series', throughput: 7 }), []);
    expect(saved.result).toBe('inconclusive');
    const lost = evaluateGate(slo, measuredOf({ latency: 900, errors: 'no series', throughput: 7 }), []);
    expect(lost.result).toBe('fail');
    const uninformed = evaluateGate(slo, measuredOf({ latency: 100, errors: 0 }), []);
    expect(uninformed.result).toBe('pass');
    const onlyInforming = sloOf('objectives: [{ sli: x }]\ntotal_score: { pass: "90%" }\n');
    expect(evaluateGate(onlyInforming, measuredOf({}), []).result).toBe('inconclusive');
    expect(evaluateGate(onlyInforming, measuredOf({ x: 1 }), [])).toMatchObject({
      result: 'pass',
      score: 100,
    });
  });

  it('never takes a missing value for a pass', () => {
    for (const missing of ['latency', 'errors']) {
      const values = { latency: 100, errors: 0, throughput: 1, [missing]: 'gone' };
      expect(evaluateGate(slo, measuredOf(values), []).result).not.toBe('pass');
    }
  });
});

describe('the files', () => {
  it('have the defaults of the specification', () => {
    const slo = sloOf('objectives: [{ sli: a, weight: 0 }]\ntotal_score: { pass: 90 }\n');
    expect(slo.comparison).toEqual({ count: 1, include: 'all', aggregate: 'avg' });
    expect(slo.objectives[0]).toMatchObject({ weight: 1, keySli: false });
    const several = sloOf(
      'comparison: { compare_with: several_results }\nobjectives: [{ sli: a }]\ntotal_score: { pass: 90 }\n',
    );
    expect(several.comparison.count).toBe(3);
  });

  it('tell all mistakes with their places, a criterion at its character', () => {
    const read = readKeptnSlo(
      'slo.yaml',
      'objectives:\n  - sli: a\n    pas: []\n  - sli: b\n    pass: [{ criteria: ["<600ms"] }]\ntotal_score: { pass: lots }\n',
    );
    if (read.ok) throw new Error('accepted');
    expect(read.diagnostics.map(({ code, at }) => [code, at?.line, at?.column])).toEqual([
      ['FD106', 3, 5],
      ['FD760', 5, 30],
      ['FD105', 6, 22],
    ]);
  });

  it('fill queries from the filter and the time, and tell unknown variables', () => {
    const read = readKeptnSli(
      'sli.yaml',
      'indicators:\n  e: rate(x{svc="$SERVICE"}[$DURATION_SECONDS]) > $OTHER\n',
    );
    if (!read.ok) throw new Error('refused');
    expect(fillQuery(read.value.queries.get('e')!, { service: 'shop' }, 300_000)).toEqual({
      query: 'rate(x{svc="shop"}[300s]) > $OTHER',
      unknown: ['$OTHER'],
    });
  });
});
