// Pieces of the Markdown that GitHub and GitLab share, from strings that anyone may have written.

import { visible } from './plain-text.ts';

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/**
 * Text that stays text: markup is escaped, and an `@` is parted from what follows it, because a label value must not
 * call people by mentioning them.
 */
export function plain(text: string): string {
  return visible(text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_[\]|~#!$]/g, '\\$&')
    .replace(/@(?=\w)/g, '@\u200b');
}

/** A code span in a table: a fence longer than any inside it, and no bare column separator. */
export function code(text: string): string {
  const content = visible(text).replaceAll('|', '\\|');
  const longest = Math.max(0, ...(content.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const space = longest > 0 ? ' ' : '';
  return `${fence}${space}${content}${space}${fence}`;
}
