// Chaos Mesh's name patterns: an exact name, `?` for one character, `*` for any number of them, dots included. Chaos
// Mesh allows `*` at the end only; we allow it anywhere (`*.example.test`). No patterns at all mean every name.

import { matchesWildcards } from '../wildcard.ts';

/** Names are at most 253 characters (RFC 1035, section 2.3.4, without the length octets). */
const patternLengthMax = 253;

/** What is wrong with a pattern, or undefined. */
export function patternMistake(pattern: string): string | undefined {
  if (pattern === '') return 'a pattern must not be empty';
  if (pattern.length > patternLengthMax)
    return `a pattern has at most ${patternLengthMax} characters, like a name`;
  const wrong = /[^A-Za-z0-9_.*?-]/.exec(pattern);
  if (wrong) return `${JSON.stringify(wrong[0])} cannot stand in a host name`;
  if (/\.\.|^\./.test(pattern)) return 'a name has no empty labels';
  return undefined;
}

export function matchesPatterns(name: string, patterns: readonly string[]): boolean {
  return (
    patterns.length === 0 || patterns.some((pattern) => matchesWildcards(canonical(name), canonical(pattern)))
  );
}

/** A name that the patterns match and that nobody uses: for asking whether the fault is in place. */
export function sampleName(patterns: readonly string[]): string {
  const pattern = patterns[0] ?? '*.test';
  return canonical(pattern).replaceAll('*', 'firedrill-check').replaceAll('?', 'x');
}

/** Names are compared without case (RFC 4343) and without the root's dot. */
export function canonical(name: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}
