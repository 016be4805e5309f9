// Patterns of paths as Chaos Mesh's glob library reads them: `*` stands for any characters, slashes too, `**/` for any
// folders or none, `?` for one character, `[…]` and `[!…]` for one of some.

import { RE2JS } from 're2js';

const pieces = /\*\*\/|\*+|\?|\[!?[^\]]+\]|[\\^$.|+(){}[\]]/g;

/** A regular expression for whole paths, in what RE2 and Python have in common; `.` stands for line feeds too. */
export function patternSource(pattern: string): string {
  return pattern.replaceAll(pieces, (piece) => {
    if (piece === '**/') return '(?:.*/)?';
    if (piece.startsWith('*')) return '.*';
    if (piece === '?') return '.';
    if (piece.length > 1) return piece.replaceAll('\\', '\\\\').replace(/^\[!/, '[^');
    return `\\${piece}`;
  });
}

/** Takes time in proportion to the path, whatever the pattern. */
export function pathMatcher(pattern: string): (path: string) => boolean {
  const expression = RE2JS.compile(patternSource(pattern), RE2JS.DOTALL);
  return (path) => expression.matches(path);
}

export function isPathPattern(pattern: string): boolean {
  try {
    pathMatcher(pattern);
    return true;
  } catch {
    return false;
  }
}
