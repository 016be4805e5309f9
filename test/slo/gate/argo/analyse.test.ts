import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../../src/slo/gate/answer.ts';
import { analyse } from '../../../../src/slo/gate/argo/analyse.ts';
import { readAnalysisTemplate } from '../../../../src/slo/gate/argo/template.ts';

function templateOf(metric: string, args: Record<string, string> = { service: 'shop' }) {
  const read = readAnalysisTemplate(
    'analysis.yaml',
    `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: success-rate }
spec:
  args: [{ name: service }]
  metrics:
    - name: success
      provider: { prometheus: { address: http://prometheus, query: 'up{service="{{args.service}}"}' } }
${metric.replace(/^/gm, '      ')}
`,
    args,
  );
  if (!read.ok) throw new Error(JSON.stringify(read.diagnostics));
  return read.value;
}

/** One answer after the other, then the last one again. */
function run(metric: string, answers: readonly Answer[], toMs = 60_000) {
  const asked: [string, number][] = [];
  const ask = async (query: string, atMs: number) => {
    asked.push([query, atMs]);
    return answers[asked.length - 1] ?? answers.at(-1)!;
  };
  return analyse(templateOf(metric), ask, 0, toMs).then((analysis) => ({ analysis, asked }));
}

const vector = (...values: number[]): Answer => ({ type: 'vector', values });
const error: Answer = { type: 'error', message: 'timeout' };

describe('an analysis', () => {
  it('measures at its interval, with its arguments, until its count', async () => {
    const { analysis, asked } = await run(
      'interval: 10s\ncount: 3\ninitialDelay: 5s\nsuccessCondition: result[0] >= 0.95',
      [vector(1)],
    );
    expect(asked).toEqual([5000, 15_000, 25_000].map((atMs) => ['up{service="shop"}', atMs]));
    expect(analysis).toMatchObject({ phase: 'Successful', result: 'pass' });
  });

  it.each<[string, string, readonly Answer[], string, string]>([
    [
      'fails beyond the limit of failures',
      'interval: 1s\ncount: 5\nfailureLimit: 1\nsuccessCondition: result[0] > 0.9',
      [vector(0), vector(1), vector(0)],
      'Failed',
      'fail',
    ],
    [
      'bears as many failures as it may',
      'interval: 1s\ncount: 3\nfailureLimit: 1\nsuccessCondition: result[0] > 0.9',
      [vector(0), vector(1)],
      'Successful',
      'pass',
    ],
    [
      'is inconclusive between its conditions',
      'successCondition: result[0] > 0.9\nfailureCondition: result[0] < 0.5',
      [vector(0.7)],
      'Inconclusive',
      'inconclusive',
    ],
    [
      'fails when both conditions hold',
      'successCondition: result[0] > 0.2\nfailureCondition: result[0] < 0.5',
      [vector(0.3)],
      'Failed',
      'fail',
    ],
    ['gives up after five errors in a row', 'interval: 1s\ncount: 1', [error], 'Error', 'inconclusive'],
    [
      'takes an error again, but does not forget it',
      'count: 1\nsuccessCondition: result[0] > 0',
      [error, vector(1)],
      'Successful',
      'inconclusive',
    ],
    [
      'has not passed without a series',
      'count: 1\nfailureCondition: "any(result, # > 0.1)"',
      [vector()],
      'Successful',
      'inconclusive',
    ],
    [
      'has not failed with what is no number',
      'count: 1\nsuccessCondition: result[0] > 0.9',
      [vector(Number.NaN)],
      'Failed',
      'inconclusive',
    ],
    [
      'lets a condition say what no series means',
      'successCondition: len(result) == 0 || result[0] < 1',
      [vector()],
      'Successful',
      'pass',
    ],
    [
      'wants enough good ones in a row',
      'interval: 1s\ncount: 4\nconsecutiveSuccessLimit: 3\nfailureLimit: -1\nsuccessCondition: result[0] > 0',
      [vector(1), vector(0), vector(1), vector(1)],
      'Inconclusive',
      'inconclusive',
    ],
    [
      'ends early with enough good ones in a row',
      'interval: 1s\ncount: 9\nconsecutiveSuccessLimit: 2\nfailureLimit: -1\nsuccessCondition: result[0] > 0',
      [vector(0), vector(1), vector(1), vector(0)],
      'Successful',
      'pass',
    ],
  ])('%s', async (_name, metric, answers, phase, result) => {
    const { analysis } = await run(metric, answers);
    expect(analysis).toMatchObject({ phase, result });
  });

  it('that was cut short says what Argo would have made of it', async () => {
    const { analysis } = await run('interval: 30s\ncount: 5\nsuccessCondition: result[0] > 0', [vector(1)]);
    expect(analysis.metrics[0]).toMatchObject({
      result: 'inconclusive',
      reason: '3 of 5 measurements were taken until 1970-01-01T00:01:00.000Z; Argo Rollouts says Successful',
    });
    const never = await run('initialDelay: 5m', [vector(1)]);
    expect(never.analysis).toMatchObject({ phase: 'Successful', result: 'inconclusive' });
  });

  it('is refused with the places of its mistakes', () => {
    const read = readAnalysisTemplate(
      'analysis.yaml',
      `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: x }
spec:
  metrics:
    - name: a
      count: 3
      successCondition: results[0] > 1
      provider: { job: {} }
`,
      {},
    );
    if (read.ok) throw new Error('accepted');
    expect(read.diagnostics.map(({ code, at }) => [code, at?.line])).toEqual([
      ['FD761', 8],
      ['FD762', 9],
    ]);
    const unset = readAnalysisTemplate(
      'a.yaml',
      'apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: { name: x }\nspec:\n  args: [{ name: who }]\n  metrics: []\n',
      {},
    );
    expect(unset).toMatchObject({ ok: false, diagnostics: [{ code: 'FD107', expected: '--arg who=VALUE' }] });
  });
});
