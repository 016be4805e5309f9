// The trials of a drill in every report, each with how it counts in the whole.

import { describe, expect, it } from 'vitest';
import { judgeTrials } from '../../src/experiment/judge/trials.ts';
import { renderHtml } from '../../src/report/html/render.ts';
import type { ReportInput } from '../../src/report/input.ts';
import { renderJunit } from '../../src/report/junit.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { renderTerminal } from '../../src/report/terminal/render.ts';
import { fixed, notSteady } from './fixtures.ts';

/** Two that passed, and one that was not steady, twice. */
function drill(minPass: number): ReportInput {
  const passed = fixed();
  const unsteady = { ...notSteady().verdict, report: null };
  const runs = [
    { trial: 1, verdict: { ...passed.verdict, run: 'first' } },
    { trial: 2, verdict: { ...unsteady, run: 'second' } },
    { trial: 2, verdict: { ...unsteady, run: 'second again' } },
    { trial: 3, verdict: { ...passed.verdict, run: 'third', report: '/runs/x/report.html' } },
  ];
  return { ...passed, verdict: judgeTrials(runs, { planned: 3, minPass, endedBy: null }) };
}

describe('the trials of a drill', () => {
  it('stand in the terminal with a mark, and the run that each was', () => {
    const text = renderTerminal(drill(3), { width: 120, color: false });
    expect(text).toContain('2 of 3 trials passed. Trial 2: ');
    expect(
      [...text.matchAll(/^ {2}(\S) (trial \d(?:, repeated)?) +(\w+)/gm)].map((each) => each.slice(1)),
    ).toEqual([
      ['✓', 'trial 1', 'pass'],
      ['·', 'trial 2, repeated', 'inconclusive'],
      ['?', 'trial 2', 'inconclusive'],
      ['✓', 'trial 3', 'pass'],
    ]);
    expect(text).toContain('run second again');
  });

  it('are a table in Markdown', () => {
    expect(renderMarkdown(drill(3))).toMatch(/\*\*Trials\*\*[\s\S]*\| trial 2 \| ❔ inconclusive \|/);
  });

  it('are cases in JUnit: an inconclusive one is an error, unless the drill passed without it', () => {
    const suite = (minPass: number) =>
      /<testsuite name="trials" ([^>]*?) skipped/.exec(renderJunit(drill(minPass)))?.[1];
    expect(suite(3)).toBe('tests="4" failures="0" errors="1"');
    expect(suite(2)).toBe('tests="4" failures="0" errors="0"');
  });

  it('lead to their own pages in HTML, where they have one', () => {
    const html = renderHtml(drill(2));
    expect(html).toContain('<a href="trials/third/report.html">trial 3</a>');
    expect(html).not.toContain('trials/second');
    expect(html.match(/The rest of this page is about this trial/g)).toHaveLength(1);
  });
});
