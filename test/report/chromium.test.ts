// The page in a real browser: nothing sticks out, nothing is loaded, nothing complains, and the script works.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { renderHtml } from '../../src/report/html/render.ts';
import { renderJunit } from '../../src/report/junit.ts';
import { describeWith } from '../support/requires.ts';
import { leaky, scenes } from './fixtures.ts';

describeWith(['chromium'], 'HTML report in Chromium', () => {
  let browser: Browser;
  let folder: string;
  const troubles: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'firedrill-report-'));
    for (const [name, scene] of Object.entries(scenes))
      writeFileSync(join(folder, `${name}.html`), renderHtml(scene()));
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
  });

  afterAll(async () => {
    await browser?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  async function open(name: string, width: number, javaScriptEnabled = true): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height: 900 }, javaScriptEnabled });
    page.on('console', (message) => troubles.push(`${name}: console: ${message.text()}`));
    page.on('pageerror', (error) => troubles.push(`${name}: ${error.message}`));
    page.on('dialog', (dialog) => {
      troubles.push(`${name}: dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      if (!request.url().startsWith('file:') && !request.url().startsWith('data:'))
        troubles.push(`${name}: loads ${request.url()}`);
    });
    await page.goto(pathToFileURL(join(folder, `${name}.html`)).href);
    return page;
  }

  it.each(Object.keys(scenes))(
    '%s: fits the width of a desktop and of a phone, and is quiet',
    async (name) => {
      for (const width of [1280, 800, 390, 320]) {
        const page = await open(name, width);
        // Runs in the page, where a string needs no types of the browser.
        await page.evaluate('for (const fold of document.querySelectorAll("details")) fold.open = true');
        const sticksOut = await page.evaluate(`(() => {
        const wide = [...document.querySelectorAll('main *')].filter((element) =>
          !element.closest('.yaml') && !element.closest('svg svg') && element.getBoundingClientRect().right > innerWidth + 1);
        return [document.documentElement.scrollWidth - innerWidth, wide.map((element) => element.outerHTML.slice(0, 80))];
      })()`);
        expect(sticksOut, `${name} at ${width} px`).toEqual([0, []]);
        await page.close();
      }
      expect(troubles).toEqual([]);
    },
  );

  it('reads out every lane at the moment under the pointer', async () => {
    const page = await open('leaky', 1280);
    const plot = (await page.locator('.lane-objective .lane-plot').boundingBox())!;
    // T+10s of a run from T−12s to T+46s.
    await page.mouse.move(plot.x + (plot.width * 22.05) / 58, plot.y + 20);
    const texts = await page.locator('.lane-readout').allTextContents();
    expect(texts[0]).toMatch(/^T\+10\.\ds · 18:23:24$/);
    expect(texts[1]).toMatch(/^10\d(\.\d)? MB$/);
    expect(texts[2]).toBe('pending');
    expect(texts[3]).toMatch(/^1[34]\d hits$/);
    await page.close();
  });

  it('filters events without script', async () => {
    const page = await open('leaky', 1280, false);
    await page.locator('#events summary').click();
    const shown = () => page.locator('.event:visible').count();
    const before = await shown();
    await page.locator('#show-alert').uncheck();
    expect(before - (await shown())).toBe(3);
    await page.close();
  });

  it('prints on pages without what only a screen can use, folds opened', async () => {
    const page = await open('leaky', 1280);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.filters').isVisible()).toBe(false);
    expect(await page.locator('.yaml').isVisible()).toBe(true);
    expect((await page.pdf({ format: 'A4' })).byteLength).toBeGreaterThan(20_000);
    await page.close();
  });

  it('writes JUnit XML that an XML parser accepts', async () => {
    const page = await open('leaky', 1280);
    for (const [name, scene] of Object.entries(scenes)) {
      const xml = JSON.stringify(renderJunit(scene()));
      const counts = await page.evaluate(`(() => {
        const parsed = new DOMParser().parseFromString(${xml}, 'application/xml');
        const error = parsed.querySelector('parsererror');
        return error ? error.textContent : [parsed.querySelectorAll('testcase').length, Number(parsed.documentElement.getAttribute('tests'))];
      })()`);
      expect(counts, name).toEqual([expect.any(Number), (counts as number[])[0]]);
    }
    expect(leaky().verdict.alerts).toHaveLength(1);
    await page.close();
  });
});
