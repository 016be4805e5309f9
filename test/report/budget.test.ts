// Budgets for people: the table and the page.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { renderBudgetsHtml } from '../../src/report/budget/html.ts';
import { renderBudgetsText } from '../../src/report/budget/text.ts';
import type { Budget } from '../../src/slo/budget/budget.ts';
import { describeWith } from '../support/requires.ts';

const dayMs = 86_400_000;
const atMs = Date.UTC(2026, 10, 20, 12);

function budget(over: Partial<Budget> = {}): Budget {
  const left = over.left ?? 0.4;
  return {
    id: 'web-availability',
    displayName: null,
    service: 'web',
    labels: {},
    target: '99.9 %',
    method: 'Occurrences',
    window: { type: 'rolling', text: '30d', fromMs: atMs - 30 * dayMs, toMs: atMs },
    status: left > 0 ? 'left' : 'exhausted',
    problem: null,
    atMs,
    data: { knownMs: 30 * dayMs, windowMs: 30 * dayMs, isPartial: false },
    sli: 0.9994,
    left,
    counts: { unit: 'events', bad: 600, total: 1_000_000, badLeft: 400 },
    burnRates: [
      { over: '1h', windowMs: 3_600_000, rate: 14.4, isPartial: false },
      { over: 'window', windowMs: 30 * dayMs, rate: 1 - left, isPartial: false },
    ],
    exhaustion: { over: '1h', inMs: 20 * 3_600_000 },
    curve: Array.from({ length: 31 }, (_, i) => ({
      atMs: atMs - (30 - i) * dayMs,
      left: i === 0 ? 1 : 1 - ((1 - left) * i) / 30,
    })),
    parts: [],
    ...over,
  };
}

const nothing: Partial<Budget> = {
  status: 'no-data',
  problem: 'no series',
  sli: null,
  left: null,
  counts: null,
  burnRates: [],
  exhaustion: null,
  curve: [],
};
const hostile = '</script><img src=x onerror=alert(1)>\u001b[2J';
const all = [
  budget(),
  budget({ id: 'overspent', left: -0.7 }),
  budget({ id: 'far-overspent', left: -400, labels: { region: 'eu' } }),
  budget({ id: 'no-budget', target: '100 %', left: Number.NEGATIVE_INFINITY }),
  budget({ ...nothing, id: 'gone' }),
  budget({ id: hostile, displayName: hostile, labels: { [hostile]: hostile } }),
];

describe('the table of budgets', () => {
  const text = (of: readonly Budget[], width = 100) => renderBudgetsText(of, { color: false, width });

  it('tells what is left, how fast it burns and when it ends', () => {
    expect(text([budget()])).toBe(
      [
        'web-availability  40 % left  █████▇▇▇▇▆▆▆▅▅▅▅▅▄▄▄',
        '  99.9 % over 30d, measured 99.94 %',
        '  burns at  1h 14.4  window 0.6',
        '  exhausted in 20h00m at the rate of 1h',
        '  600 of 1,000,000 events bad, 400 more may be',
        '',
      ].join('\n'),
    );
  });

  it('tells what was overspent, and what has no data', () => {
    const shown = text(all);
    expect(shown).toContain('budget at -70 %');
    expect(shown).toContain('far-overspent{region="eu"}');
    expect(shown).toContain('no series');
    expect(shown).not.toContain('\u001b');
  });

  it('stays within the width of the terminal', () => {
    for (const line of text(all, 60).split('\n')) expect(line.length).toBeLessThanOrEqual(60);
  });
});

describeWith(['chromium'], 'the page of budgets in Chromium', () => {
  it('fits a desktop and a phone, loads nothing and runs nothing of others', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'firedrill-budgets-'));
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
    try {
      const file = join(folder, 'budgets.html');
      writeFileSync(file, renderBudgetsHtml({ budgets: all, atMs, source: hostile }));
      for (const width of [1280, 390]) {
        const page = await browser.newPage({ viewport: { width, height: 900 } });
        const troubles: string[] = [];
        page.on('console', (message) => troubles.push(message.text()));
        page.on('dialog', (dialog) => troubles.push(dialog.message()));
        page.on('request', (request) => {
          if (!/^(file|data):/.test(request.url())) troubles.push(request.url());
        });
        await page.goto(pathToFileURL(file).href);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
        expect(await page.locator('article').count()).toBe(all.length);
        expect(await page.locator('article').first().innerText()).toContain('no-budget');
        expect(await page.locator('svg.budget-curve').count()).toBe(all.length - 1);
        expect(troubles).toEqual([]);
      }
    } finally {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
