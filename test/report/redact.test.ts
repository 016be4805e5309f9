import { describe, expect, it } from 'vitest';
import { visible, visibleLines } from '../../src/report/plain-text.ts';
import { redact, redactAll } from '../../src/report/redact.ts';

describe('redact', () => {
  it('replaces every occurrence, the longest secret first', () => {
    expect(redact('a token-1 and token-12', ['token-1', 'token-12'])).toBe('a <redacted> and <redacted>');
  });

  it('replaces a short secret only where it stands alone', () => {
    expect(redact('key=ab, tab, 10ab', ['ab'])).toBe('key=<redacted>, tab, 10ab');
    expect(redact('a+b c', ['+'])).toBe('a+b c');
    expect(redact('nothing', [''])).toBe('nothing');
  });

  it('reaches every text of plain data, and leaves our own words alone', () => {
    const data = {
      verdict: 'pass',
      reason: 'the word is pass',
      labels: { 'x-pass': 'pass' },
      list: ['pass', 1, null],
    };
    expect(redactAll(data, ['pass'])).toEqual({
      verdict: 'pass',
      reason: 'the word is <redacted>',
      labels: { 'x-pass': '<redacted>' },
      list: ['<redacted>', 1, null],
    });
  });
});

describe('visible text', () => {
  it('shows control characters and direction marks instead of obeying them', () => {
    expect(visible('a\u001b[2Jb\u202ec\nd')).toBe('a\\x1b[2Jb\\u202ec d');
    expect(visibleLines('a\r\nb\u0007')).toBe('a\nb\\x07');
  });
});
