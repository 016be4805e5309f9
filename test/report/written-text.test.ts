import { describe, expect, it } from 'vitest';
import { redactInput } from '../../src/report/input.ts';
import { visible, visibleLines } from '../../src/report/plain-text.ts';
import { redactReport } from '../../src/report/redact-report.ts';
import { scenes } from './fixtures.ts';

describe('redaction of a report', () => {
  it('reaches every text of plain data, and leaves our own words alone', () => {
    const data = {
      verdict: 'pass',
      reason: 'the word is pass',
      labels: { token: 'pass' },
      list: ['pass', 1, null],
    };
    expect(redactReport(data, ['pass'])).toEqual({
      verdict: 'pass',
      reason: 'the word is <redacted>',
      labels: { token: '<redacted>' },
      list: ['<redacted>', 1, null],
    });
  });

  it('keeps the secrets themselves out of what reports are made from', () => {
    const { secrets } = redactInput(scenes.hostile()).experiment;
    expect(secrets).toEqual([]);
  });
});

describe('visible text', () => {
  it('shows control characters and direction marks instead of obeying them', () => {
    expect(visible('a\u001b[2Jb\u202ec\nd')).toBe('a\\x1b[2Jb\\u202ec d');
    expect(visibleLines('a\r\nb\u0007')).toBe('a\nb\\x07');
  });
});
