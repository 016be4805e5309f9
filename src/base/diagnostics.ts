// What a user did that we cannot accept, as data: where, what, what was expected, and a stable code. A file's
// problems are collected and reported together. Bugs are ordinary Errors and show a stack; these never do.

import { catalogue, type ErrorCode, type ExitCode, exitCodes } from './catalogue.ts';

/** A place in a file; line and column count from 1, length in characters. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length?: number;
  /** The text of that line, for the excerpt. */
  readonly text?: string;
}

export interface Diagnostic {
  readonly code: ErrorCode;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly at?: Place;
  /** What would be right there, as a phrase: `a duration such as 30s`. */
  readonly expected?: string;
  /** What to do, where the catalogue's own hint is not precise enough. */
  readonly hint?: string;
}

/** Ends a command with these diagnostics; the exit code is the highest-ranking one of their codes. */
export class UserError extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((diagnostic) => diagnostic.message).join('\n'));
    this.name = 'UserError';
    this.diagnostics = diagnostics;
  }

  static of(
    code: ErrorCode,
    message: string,
    more: Partial<Omit<Diagnostic, 'code' | 'message'>> = {},
  ): UserError {
    return new UserError([{ severity: 'error', ...more, code, message }]);
  }

  get exitCode(): ExitCode {
    const codes = new Set(this.diagnostics.map((diagnostic) => exitCodeOf(diagnostic.code)));
    return exitCodesByRank.find((code) => codes.has(code)) ?? exitCodes.badInput;
  }
}

const exitCodesByRank: readonly ExitCode[] = [
  exitCodes.notUndone,
  exitCodes.toolError,
  exitCodes.stopped,
  exitCodes.fail,
  exitCodes.inconclusive,
];

export function exitCodeOf(code: ErrorCode): ExitCode {
  const entry: object = catalogue[code];
  return 'exit' in entry ? (entry.exit as ExitCode) : exitCodes.badInput;
}

/**
 * One diagnostic as text, without colour:
 *
 *     drill.yaml:7:5: error FD106: unknown key "durations"
 *         7 |     durations: 30s
 *           |     ^^^^^^^^^
 *       expected: duration
 */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { at } = diagnostic;
  const where = at ? `${at.file}:${at.line}:${at.column}: ` : '';
  const lines = [`${where}${diagnostic.severity} ${diagnostic.code}: ${diagnostic.message}`];
  if (at?.text !== undefined) lines.push(...excerpt(at, at.text));
  if (diagnostic.expected) lines.push(`  expected: ${diagnostic.expected}`);
  // What is expected says more than the hint that all errors of a code share.
  const hint = diagnostic.hint ?? (diagnostic.expected ? undefined : catalogue[diagnostic.code].hint);
  if (hint) lines.push(`  hint: ${hint}`);
  return lines.join('\n');
}

const excerptColumnsMax = 100;
const columnsBeforePlace = 40;

function excerpt(at: Place, text: string): string[] {
  const number = String(at.line).padStart(5);
  const blank = ' '.repeat(number.length);
  const characters = [...text].map(printable);
  // A very long line is shown from a little before the place.
  const from = at.column > excerptColumnsMax - 20 ? at.column - 1 - columnsBeforePlace : 0;
  const shown = characters.slice(from, from + excerptColumnsMax);
  const before = shown.slice(0, at.column - 1 - from);
  const marked = shown.slice(before.length, before.length + (at.length ?? 1));
  const indent = ' '.repeat(columns(before));
  return [
    `${number} | ${shown.join('').trimEnd()}`,
    `${blank} | ${indent}${'^'.repeat(Math.max(1, columns(marked)))}`,
  ];
}

/** Nothing of a file may steer the terminal: not its control characters, not those that turn the writing direction. */
function printable(character: string): string {
  if (character === '\t') return ' ';
  return /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(character) ? '\ufffd' : character;
}

/** How many columns a terminal gives to these characters, so that the caret stands under the right one. */
function columns(characters: readonly string[]): number {
  let count = 0;
  for (const character of characters) {
    if (/\p{M}/u.test(character)) continue;
    count += wide.test(character) ? 2 : 1;
  }
  return count;
}

/** East Asian wide and full-width characters and emoji, as blocks (Unicode Annex 11, coarsely). */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** In the order in which a reader of the file meets them. */
export function byPlace(a: Diagnostic, b: Diagnostic): number {
  return (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0);
}

/** The candidate that a mistyped word most likely meant, if any is near enough. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein distance with swaps of neighbours counted as one. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, substitution);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, rows[i - 2]![j - 2]! + 1);
      row.push(cost);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
