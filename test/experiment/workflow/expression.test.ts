import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCondition } from '../../../src/experiment/workflow/expression.ts';

const outcome = { exitCode: 3, stdout: 'branch-b\nready' };

describe('a condition', () => {
  it.each([
    ['exitCode == 3', true],
    ['exitCode != 3', false],
    ['exitCode >= 3 && exitCode < 4', true],
    ['exitCode == 0 || stdout contains "ready"', true],
    ['exitCode == 0 or stdout endsWith "ready" and true', true],
    ["stdout startsWith 'branch-b'", true],
    ['stdout == "branch-b"', false],
    ['stdout == "branch-b\\nready"', true],
    ['!(exitCode == 3)', false],
    ['not (exitCode == 0)', true],
    // And binds closer than or.
    ['true || false && false', true],
    ['(true || false) && false', false],
    // Nothing is turned into another type.
    ['exitCode == "3"', false],
    // Only true is true.
    ['exitCode', false],
  ])('%s is %s', (text, expected) => {
    const parsed = parseCondition(text);
    expect(parsed.ok && parsed.holds(outcome)).toBe(expected);
  });

  it.each([
    ['exitcode == 0', 'exitcode is not known; there are exitCode and stdout', 0],
    ['exitCode == ', 'it ends too early', 12],
    ['exitCode = 0', 'a character that has no meaning here', 9],
    ['(exitCode == 0', 'a ) is missing', 14],
    ['exitCode == 0 1', '1 is not expected here', 14],
    ['stdout == "a', 'a character that has no meaning here', 10],
    ['toString == 0', 'toString is not known; there are exitCode and stdout', 0],
  ])('%s is refused', (text, message, offset) => {
    expect(parseCondition(text)).toEqual({ ok: false, message, offset });
  });

  it('is read or refused with a place in it, whatever it is', () => {
    const words = fc.constantFrom(
      'exitCode',
      'stdout',
      '==',
      '!',
      '(',
      ')',
      '&&',
      'or',
      '"x"',
      '3',
      ' ',
      '@',
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 12 }), (parts) => {
        const text = parts.join(' ');
        const parsed = parseCondition(text);
        if (parsed.ok) expect(typeof parsed.holds(outcome)).toBe('boolean');
        else expect(parsed.offset).toBeLessThanOrEqual(text.length);
      }),
    );
  });
});
