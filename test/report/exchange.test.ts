// The formats that other programs read: JSON, JUnit XML, Markdown.

import { describe, expect, it } from 'vitest';
import { renderJson } from '../../src/report/json.ts';
import { renderJunit } from '../../src/report/junit.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { leaky, notSteady, scenes, secret } from './fixtures.ts';
import { expectGolden } from './golden.ts';

describe.each(Object.entries(scenes))('of the %s run', (name, scene) => {
  it('JUnit XML is as it was', () => expectGolden(`${name}.xml`, renderJunit(scene())));

  it('Markdown is as it was', () => expectGolden(`${name}.md`, renderMarkdown(scene())));

  it('JSON is as it was, and says the same as the verdict', () => {
    const { verdict, experiment } = scene();
    expectGolden(`${name}.json`, renderJson(verdict, experiment.secrets));
    expect(JSON.parse(renderJson(verdict, []))).toEqual(verdict);
  });
});

describe('JSON', () => {
  it('has the same key order whatever order the verdict was built in', () => {
    const { verdict } = leaky();
    const turned = Object.fromEntries(Object.entries(verdict).reverse()) as unknown as typeof verdict;
    expect(renderJson(turned, [])).toBe(renderJson(verdict, []));
  });
});

describe('JUnit XML', () => {
  it('fails what is wrong and errs on what is inconclusive', () => {
    expect(renderJunit(leaky())).toMatch(/<testsuite name="resilience" tests="1" failures="1" errors="0"/);
    expect(renderJunit(leaky())).toMatch(/<testsuite name="detection" tests="1" failures="0" errors="0"/);
    const unsteady = renderJunit(notSteady());
    expect(unsteady).toMatch(/<testsuites [^>]*tests="4" failures="0" errors="4"/);
    expect(unsteady).toMatch(/<error message="not-steady: Nothing was injected, because/);
  });

  it('leaves out a half that the experiment does not ask about', () => {
    const input = leaky();
    const xml = renderJunit({ ...input, verdict: { ...input.verdict, alerts: [], detection: null } });
    expect(xml).not.toContain('testsuite name="detection"');
  });
});

describe('Markdown', () => {
  const text = renderMarkdown(scenes.hostile());

  it('keeps its tables whole and mentions nobody', () => {
    const rows = text.split('\n').filter((line) => line.startsWith('|'));
    const columns = rows.map((row) => row.replaceAll('\\|', '').split('|').length - 2);
    expect(new Set(columns)).toEqual(new Set([3, 5]));
    expect(text.replace(/(`+).*?\1/g, '')).not.toMatch(/@\w/);
    expect(text.replace(/(`+).*?\1/g, '')).not.toContain('<script>');
  });

  it('keeps secrets', () => {
    expect(text).not.toContain('hunter2');
    expect(renderJunit(scenes.hostile())).not.toContain('hunter2');
    expect(renderJson(scenes.hostile().verdict, [secret])).not.toContain('hunter2');
  });
});
