import { describe, expect, it } from 'vitest';
import { renderGateGithub } from '../../../src/report/gate/github.ts';
import { renderGateJunit } from '../../../src/report/gate/junit.ts';
import { renderGateMarkdown } from '../../../src/report/gate/markdown.ts';
import { renderGateOpenMetrics } from '../../../src/report/gate/openmetrics.ts';
import { renderGateText } from '../../../src/report/gate/text.ts';
import type { GateCheck, GateReport } from '../../../src/slo/gate/gate-report.ts';
import { SeriesTable } from '../../../src/telemetry/metrics/exposition/exposition.ts';
import { parseOpenMetrics } from '../../../src/telemetry/metrics/exposition/openmetrics.ts';

const check = (more: Partial<GateCheck>): GateCheck => ({
  name: 'errors',
  verdict: 'fail',
  value: 0.02,
  bounds: ['<0.01', '<=+10%'],
  reason: 'not <0.01',
  query: 'sum(rate(e[5m]))',
  curve: [0, 0.01, 0.02],
  ...more,
});

const report: GateReport = {
  schemaVersion: 1,
  name: 'shop',
  verdict: 'fail',
  reason: 'the key indicator errors failed',
  fromMs: 0,
  toMs: 300_000,
  source: 'http://127.0.0.1:9090/',
  score: { percent: 50, pass: 90, warning: null },
  checks: [
    check({ isKey: true, points: { given: 0, of: 2 } }),
    check({
      name: 'gone | "x" <b>\u202e',
      verdict: 'inconclusive',
      value: null,
      reason: 'no series',
      curve: [],
    }),
    check({ name: 'slow', verdict: 'warning', points: { given: 0.5, of: 1 } }),
    check({ name: 'fine', verdict: 'pass', reason: '' }),
  ],
};

describe('the report of a gate', () => {
  it('is one screen of text with every lost point and its reason', () => {
    const text = renderGateText(report, { color: false, width: 80 });
    expect(text.split('\n').every((line) => line.length <= 100)).toBe(true);
    expect(text).toContain('FAIL  shop  the key indicator errors failed');
    expect(text).toMatch(/fail\s+errors \(key\)\s+0\.02 {2}<0\.01 or <=\+10%\s+0\/2/);
    expect(text).toMatch(/inconclusive {2}gone .*–/);
    expect(text).toContain('▁▅█  errors');
    expect(text).not.toContain('\u202e');
  });

  it('is a table in Markdown that no name can break', () => {
    const text = renderGateMarkdown(report);
    const rows = text.split('\n').filter((line) => line.startsWith('|'));
    expect(rows).toHaveLength(6);
    expect(rows.every((row) => (row.replaceAll('\\|', '').match(/\|/g) ?? []).length === 7)).toBe(true);
    expect(text).not.toContain('<b>');
    // The three worst, without that which has no values.
    expect(text.match(/^`[▁-█ ]+` /gm)).toHaveLength(2);
  });

  it('is JUnit in which no data is an error', () => {
    const text = renderGateJunit(report);
    expect(text).toContain('<testsuites name="shop" tests="5" failures="2" errors="1"');
    expect(text).toContain('<error message="no series" type="inconclusive">');
    expect(text).toContain('name="gone | &quot;x&quot; &lt;b&gt;\\u202e"');
  });

  it('is OpenMetrics text that parses', () => {
    const text = renderGateOpenMetrics(report);
    const { samples } = parseOpenMetrics(text, new SeriesTable((pairs) => pairs), { strict: true });
    expect(samples).toHaveLength(8);
    expect(text).toContain('firedrill_gate_verdict{gate="shop",firedrill_gate_verdict="fail"} 1');
    expect(text).toContain('firedrill_gate_score_percent{gate="shop"} 50');
  });

  it('is one annotation for each check that is not right, and one for the gate', () => {
    expect(renderGateGithub(report).trim().split('\n')).toEqual([
      '::error title=shop%3A errors (key)::0.02, wanted <0.01 or <=+10%25: not <0.01',
      '::error title=shop%3A gone | "x" <b>\\u202e::inconclusive, wanted <0.01 or <=+10%25: no series',
      '::warning title=shop%3A slow::0.02, wanted <0.01 or <=+10%25: not <0.01',
      '::error title=shop::fail: the key indicator errors failed',
    ]);
  });
});
