import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { renderHtml } from '../../src/report/html/render.ts';
import { leaky, longWord, scenes, secret } from './fixtures.ts';
import { expectGolden } from './golden.ts';

/** The page without its style and script, whose changes are seen by looking at the page and not by reading it. */
function content(html: string): string {
  return html
    .replace(/<style>[\s\S]*?<\/style>/, '<style></style>')
    .replace(/<script>\(\(\) =>[\s\S]*?<\/script>/, '<script></script>')
    .replace(/'sha256-[^']+'/g, "'sha256-…'");
}

describe('HTML report', () => {
  for (const [name, scene] of Object.entries(scenes)) {
    it(`of the ${name} run is as it was`, () => {
      expectGolden(`${name}.html`, content(renderHtml(scene())));
    });
  }

  it('is the same for the same run', () => {
    expect(renderHtml(leaky())).toBe(renderHtml(leaky()));
  });

  it('says the verdict before anything else', () => {
    const html = renderHtml(leaky());
    const order = ['<h1>', 'Timeline', 'Objectives', 'Alerts', 'Faults', 'What happened', 'The experiment'];
    const places = order.map((text) => html.indexOf(text, html.indexOf('<body>')));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places.every((place) => place > 0)).toBe(true);
  });

  it('allows exactly its own style and script', () => {
    const html = renderHtml(leaky());
    const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(html)![1]!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`style-src ${hash(/<style>([\s\S]*?)<\/style>/.exec(html)![1]!)}`);
    expect(policy).toContain(`script-src ${hash(/<script>([\s\S]*?)<\/script>/.exec(html)![1]!)}`);
    expect(html).not.toMatch(/ style="/);
    expect(html).not.toMatch(/(src|href)="(?!data:,")/);
  });

  it('escapes what other programs said, shows control characters, and keeps secrets', () => {
    const html = renderHtml(scenes.hostile());
    expect(html).not.toContain('<script>alert');
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).not.toMatch(/[\u0000-\u0008\u001b\u0007\u202e]/u);
    expect(html).not.toContain(secret);
    expect(html).not.toContain('hunter2');
    expect(html).toContain('&lt;redacted&gt;');
    expect(html).toContain(longWord);
  });

  it('draws what is in breach as a path of its own, from the crossing of the threshold on', () => {
    const broken = /class="line line-breach" d="([^"]*)"/.exec(renderHtml(leaky()))![1]!;
    const held = /class="line line-breach" d="([^"]*)"/.exec(renderHtml(scenes.fixed()))![1]!;
    expect(broken).toMatch(/^M\d/);
    expect(held).toBe('');
  });

  it('says what was left behind right after the verdict', () => {
    const html = renderHtml(scenes.stuck());
    expect(html.indexOf('A fault could not be undone')).toBeLessThan(html.indexOf('id="timeline-heading"'));
    expect(renderHtml(leaky())).not.toContain('A fault could not be undone');
  });
});
