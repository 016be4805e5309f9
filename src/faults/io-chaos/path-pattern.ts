// Patterns of paths as Chaos Mesh's glob library reads them: `*` stands for any characters, slashes too, `**/` for any
// folders or none, `?` for one character, `[…]` and `[!…]` for one of some.

import { RE2JS } from 're2js';

const pieces = /\*\*\/|\*+|\?|\[!?[^\]]+\]|[\\^$.|+(){}[\]]/g;

/** Takes time in proportion to the path, whatever the pattern. */
export function pathMatcher(pattern: string): (path: string) => boolean {
  const source = pattern.replaceAll(pieces, (piece) => {
    if (piece === '**/') return '(?:.*/)?';
    if (piece.startsWith('*')) return '.*';
    if (piece === '?') return '.';
    if (piece.length > 1) return piece.replaceAll('\\', '\\\\').replace(/^\[!/, '[^');
    return `\\${piece}`;
  });
  const expression = RE2JS.compile(source, RE2JS.DOTALL);
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
