import { describe, expect, it } from 'vitest';
import { type Diagnostic, formatDiagnostic, nearest, UserError } from '../../src/base/diagnostics.ts';

function shown(text: string, column: number, length: number): string {
  const at = { file: 'drill.yaml', line: 7, column, length, text };
  return formatDiagnostic({ code: 'FD105', severity: 'error', message: 'wrong', at });
}

describe('a diagnostic as text', () => {
  it('shows place, excerpt with carets, expectation and hint', () => {
    const diagnostic: Diagnostic = {
      code: 'FD106',
      severity: 'error',
      message: 'unknown key "durations"',
      at: { file: 'drill.yaml', line: 7, column: 5, length: 9, text: '    durations: 30s' },
      expected: 'duration',
    };
    expect(formatDiagnostic(diagnostic)).toMatchInlineSnapshot(`
      "drill.yaml:7:5: error FD106: unknown key "durations"
          7 |     durations: 30s
            |     ^^^^^^^^^
        expected: duration"
    `);
  });

  it('shows a warning without a place, with a hint of its own', () => {
    expect(
      formatDiagnostic({ code: 'FD120', severity: 'warning', message: 'of no use', hint: 'Leave it out.' }),
    ).toMatchInlineSnapshot(`
      "warning FD120: of no use
        hint: Leave it out."
    `);
  });

  it('puts the caret under the right column behind tabs, wide characters and accents', () => {
    expect(shown('\tname: "温度 😀 e\u0301" == 1', 17, 2)).toMatchInlineSnapshot(`
      "drill.yaml:7:17: error FD105: wrong
          7 |  name: "温度 😀 é" == 1
            |                   ^^
        hint: The message says what is expected there."
    `);
  });

  it('cuts a long line around the place', () => {
    const text = `${'x'.repeat(300)}HERE${'y'.repeat(300)}`;
    expect(shown(text, 301, 4)).toMatchInlineSnapshot(`
      "drill.yaml:7:301: error FD105: wrong
          7 | xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxHEREyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy
            |                                         ^^^^
        hint: The message says what is expected there."
    `);
  });

  it('keeps a caret within what is shown', () => {
    expect(shown('a: b', 5, 40)).toMatchInlineSnapshot(`
      "drill.yaml:7:5: error FD105: wrong
          7 | a: b
            |     ^
        hint: The message says what is expected there."
    `);
  });

  it('lets nothing in a file steer the terminal', () => {
    expect(shown('a: \u001b[2J\u202Eevil\u0007', 4, 1)).not.toMatch(/[\u001b\u202e\u0007]/u);
  });
});

describe('the nearest word', () => {
  it.each([
    ['durations', ['duration', 'during', 'spec'], 'duration'],
    ['Follows', ['follows', 'rings'], 'follows'],
    ['tagret', ['target', 'targets'], 'target'],
    ['xyz', ['objectives', 'alerts'], undefined],
    ['', ['objectives'], undefined],
  ])('%s', (word, candidates, expected) => {
    expect(nearest(word, candidates)).toBe(expected);
  });
});

describe('the exit code of an error', () => {
  it('is that of bad input, unless a code of the list has another', () => {
    expect(UserError.of('FD105', 'wrong').exitCode).toBe(2);
    const mixed = new UserError([
      { code: 'FD105', severity: 'error', message: 'a' },
      { code: 'FD801', severity: 'error', message: 'b' },
    ]);
    expect(mixed.exitCode).toBe(5);
  });
});
