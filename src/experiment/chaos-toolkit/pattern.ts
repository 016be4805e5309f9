// A regular expression of Python in RE2, which is linear on any input. A `$` at the end also stands before a last line
// break, as in Python: what programs print ends with one.

import { RE2JS } from 're2js';

/** Throws an Error that says what is wrong with the pattern. */
export function compilePattern(pattern: string): RE2JS {
  return RE2JS.compile(inRe2(pattern));
}

const parts = /\\[\s\S]|\[\^?\]?(?:[^\]\\]|\\[\s\S])*\]|\$|[\s\S]/g;

function inRe2(pattern: string): string {
  const isMultiline = /\(\?[a-zA-Z]*m/.test(pattern);
  return pattern.replace(parts, (part) => {
    if (part === '\\Z') return '\\z';
    return part === '$' && !isMultiline ? '(?:\\n?\\z)' : part;
  });
}
