import { describe, expect, it } from 'vitest';
import type { AlertHop, HopName } from '../../src/experiment/verdict.ts';
import { besideHops, inOrderOfTime } from '../../src/report/hop-words.ts';
import { renderHtml } from '../../src/report/html/render.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { at, leaky } from './fixtures.ts';

const hop = (name: HopName, at: number | null): AlertHop => ({
  hop: name,
  at,
  after: null,
  tookMs: null,
  boundMs: null,
  settings: [],
  over: false,
  detail: null,
});

describe('hops', () => {
  it('stand in the order in which they happened, what was not seen after the hop before it', () => {
    const hops = [
      hop('undone', 9000),
      hop('recovered', 2000),
      hop('resolved', null),
      hop('resolved-notified', 3000),
    ];
    expect(inOrderOfTime(hops).map(({ hop: name }) => name)).toEqual([
      'recovered',
      'resolved',
      'resolved-notified',
      'undone',
    ]);
  });

  it('tell their times, so that the evidence need not', () => {
    const evidence = [
      { label: 'breach', value: '3s after the injection', at: 3000 },
      { label: 'told oncall', value: '5s after the breach', at: 8000 },
      { label: 'told backup', value: '6s after the breach', at: 9000 },
      { label: 'silence', value: 'by hand', at: 8000 },
      { label: 'worst case', value: '9s' },
    ];
    const beside = besideHops(evidence, [hop('breached', 3000), hop('captured', 8000)]);
    expect(beside.map(({ label }) => label)).toEqual(['told backup', 'silence', 'worst case']);
    expect(besideHops(evidence, [])).toEqual(evidence);
  });

  it('are told once by the page and by the comment', () => {
    const told = (seconds: number) => {
      const scene = leaky();
      const alerts = scene.verdict.alerts.map((alert) => ({
        ...alert,
        hops: [hop('breached', at(3)), hop('firing', at(6))],
        evidence: [{ label: 'firing', value: 'so and so late', at: at(seconds) }],
      }));
      return { ...scene, verdict: { ...scene.verdict, alerts } };
    };
    for (const render of [renderHtml, renderMarkdown]) {
      expect(render(told(6))).not.toContain('so and so late');
      expect(render(told(7))).toContain('so and so late');
    }
  });
});
