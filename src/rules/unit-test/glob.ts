// File patterns as Go's filepath.Glob reads them: `*`, `?`, `[a-z]`, `[^a]` and `\` within one part of a path; `*` never
// crosses a slash, and a pattern that names nothing gives nothing.

import { createMatcher } from '../../base/matcher.ts';
import { NotationError } from './notation-error.ts';

/** Names in a folder, or undefined when it is none. */
export type ListFolder = (folder: string) => readonly string[] | undefined;

/** Throws a NotationError for a pattern that is none. Paths come sorted. */
export function expandGlob(pattern: string, list: ListFolder): string[] {
  const parts = pattern.split('/');
  let found = [pattern.startsWith('/') ? '/' : ''];
  for (const part of parts) {
    if (part === '') continue;
    if (part === '.' || part === '..') {
      found = found.map((folder) => join(folder, part));
      continue;
    }
    const matches = partMatcher(part);
    found = found.flatMap((folder) =>
      [...(list(folder === '' ? '.' : folder) ?? [])]
        .filter(matches)
        .sort()
        .map((name) => join(folder, name)),
    );
  }
  return found;
}

function join(folder: string, name: string): string {
  return folder === '' || folder.endsWith('/') ? folder + name : `${folder}/${name}`;
}

function partMatcher(part: string): (name: string) => boolean {
  if (!/[*?[\\]/.test(part)) return (name) => name === part;
  const tokens = part.match(/\*|\?|\[\^?(?:\\.|[^\]\\])+\]|\\.|[^*?[\\]+/gsu) ?? [];
  if (tokens.join('') !== part)
    throw new NotationError(`${JSON.stringify(part)} is no pattern of file names`);
  const expression = tokens.map(tokenExpression).join('');
  return createMatcher('', '=~', expression).matches;
}

function tokenExpression(token: string): string {
  if (token === '*') return '.*';
  if (token === '?') return '.';
  // A class of Go's patterns is one of RE2's, but for an opening bracket in it.
  if (token.startsWith('[')) return `[${token.slice(1, -1).replaceAll('[', '\\[')}]`;
  const text = token.startsWith('\\') ? token.slice(1) : token;
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
