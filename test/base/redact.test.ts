import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redact, redactDeep } from '../../src/base/redact.ts';

describe('redact', () => {
  it.each<[string, string, string[], string]>([
    ['inside a longer text', 'token=s3cr3t-value.', ['s3cr3t-value'], 'token=<redacted>.'],
    ['the longest first', 'abcdefgh-ijkl', ['abcdefgh', 'abcdefgh-ijkl'], '<redacted>'],
    ['a longer value inside a word', 'xhunter2hunter2x', ['hunter2hunter2'], 'x<redacted>x'],
    [
      'a short value as a word',
      'http://h:8080/ took 18080 ms',
      ['8080'],
      'http://h:<redacted>/ took 18080 ms',
    ],
    ['nothing that is too short to be one', 'on and on: 1', ['on', '1', ''], 'on and on: 1'],
    ['percent-encoded', 'GET /?k=p%40ss%2Fword1', ['p@ss/word1'], 'GET /?k=<redacted>'],
    ['escaped in JSON', '{"k":"line one\\nline two"}', ['line one\nline two'], '{"k":"<redacted>"}'],
    ['characters that mean something in a pattern', 'a+b(c)[d]$1', ['a+b(c)[d]$1'], '<redacted>'],
    ['without secrets', 'text', [], 'text'],
  ])('%s', (_name, text, secrets, expected) => {
    expect(redact(text, secrets)).toBe(expected);
  });

  it('leaves no long secret behind, whatever the others are', () => {
    const secret = fc
      .string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 12 })
      .filter((s) => s.trim().length >= 8);
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 4 }), fc.string(), (secrets, between) => {
        const left = redact(secrets.join(between), secrets).replaceAll('<redacted>', '\u0000');
        for (const one of secrets) expect(left).not.toContain(one);
      }),
    );
  });
});

describe('redactDeep', () => {
  it('replaces in strings, and keeps keys and numbers', () => {
    const data = { port: 8080, list: ['at 8080', null, true], 'k-8080': { deep: 'x' } };
    expect(redactDeep(data, ['8080'])).toEqual({
      port: 8080,
      list: ['at <redacted>', null, true],
      'k-8080': { deep: 'x' },
    });
  });

  it('leaves our own words alone', () => {
    const data = { verdict: 'pass', reason: 'did not pass', kind: { env: ['pass'] } };
    expect(redactDeep(data, ['pass'], new Set(['verdict', 'kind']))).toEqual({
      verdict: 'pass',
      reason: 'did not <redacted>',
      kind: { env: ['<redacted>'] },
    });
  });
});
