// Replacement texts with `$1`, `${1}`, `$name`, `${name}` and `$$`, as Go's regexp expands them: a bare name is as
// long as possible, so `$1x` is the group `1x`, which is empty.

import type { Matcher as RegexMatch } from 're2js';

type Part = { readonly text: string } | { readonly group: string };

const reference = /\$(?:\$|\{(\w+)\}|(\w+))/g;

export class Template {
  readonly #parts: readonly Part[];

  constructor(source: string) {
    const parts: Part[] = [];
    let end = 0;
    for (const match of source.matchAll(reference)) {
      parts.push({ text: source.slice(end, match.index) });
      const group = match[1] ?? match[2];
      parts.push(group === undefined ? { text: '$' } : { group });
      end = match.index + match[0].length;
    }
    parts.push({ text: source.slice(end) });
    this.#parts = parts.filter((part) => !('text' in part) || part.text !== '');
  }

  expand(match: RegexMatch): string {
    let expanded = '';
    for (const part of this.#parts) expanded += 'text' in part ? part.text : groupOf(match, part.group);
    return expanded;
  }
}

function groupOf(match: RegexMatch, group: string): string {
  if (/^\d+$/.test(group)) {
    const number = Number(group);
    return number <= match.groupCount() ? (match.group(number) ?? '') : '';
  }
  return group in match.namedGroups ? (match.group(group) ?? '') : '';
}
