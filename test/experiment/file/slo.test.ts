// Objectives that an experiment takes from files of SLOs.

import { describe, expect, it } from 'vitest';
import { goodDrill, readDrill, spoilt, told } from './drill.ts';

const promql = 'promql: process_resident_memory_bytes{job="app"} < 100e6';

const sloText = `apiVersion: openslo/v1
kind: SLO
metadata: { name: web }
spec:
  service: shop
  indicator:
    metadata: { name: hits }
    spec:
      ratioMetric:
        counter: true
        bad: { metricSource: { type: Prometheus, spec: { query: 'hits_total{code="500"}' } } }
        total: { metricSource: { type: Prometheus, spec: { query: hits_total } } }
  timeWindow: [{ duration: 28d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.995 }]
`;

const extraFiles = { 'drills/slo.yaml': sloText };

describe('an objective that names an SLO', () => {
  it('is its SLI over a short window, compared with the target', async () => {
    const read = await readDrill(spoilt([promql, 'slo: slo.yaml#web']), { extraFiles });
    expect(read.ok && read.value.objectives[0]).toMatchObject({
      name: 'memory',
      promql:
        '1 - ((sum(rate(hits_total{code="500"}[4s]))) or (sum(rate(hits_total[4s]))) * 0) / (sum(rate(hits_total[4s]))) >= 0.995',
      slo: { reference: 'slo.yaml#web', target: { text: '0.995' }, window: { text: '28d' } },
      minEvents: 2000,
      breachForMs: 3000,
    });
  });

  it.each<[string, string, string]>([
    ['of a file that is not there', 'slo: gone.yaml#web', 'FD101: drills/gone.yaml is not there'],
    ['of a name that is not there', 'slo: slo.yaml#wep', 'expected: web'],
    ['without a name', 'slo: slo.yaml', 'expected: a file and the name of an SLO in it'],
    ['beside an expression', `slo: slo.yaml#web\n      ${promql}`, 'FD105: spec.objectives[0].slo: a second'],
    ['and nothing else', 'step: 1s', 'has neither promql nor slo'],
  ])('%s is a mistake', async (_name, written, expected) => {
    const text = spoilt([promql, written]);
    expect(await told(readDrill(text, { extraFiles }))).toContain(expected);
  });

  it('is told of what is wrong in its file', async () => {
    const text = spoilt([promql, 'slo: slo.yaml#web']);
    const files = { 'drills/slo.yaml': sloText.replace('0.995', '1.5') };
    expect(await told(readDrill(text, { extraFiles: files }))).toContain(
      'drills/slo.yaml:15:26: error FD105',
    );
  });
});

it('without one nothing changes', async () => {
  const read = await readDrill(goodDrill);
  expect(read.ok && read.value.objectives[0]).not.toHaveProperty('slo');
});
