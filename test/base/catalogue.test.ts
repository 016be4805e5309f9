import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../src/base/catalogue.ts';

const codes = Object.keys(catalogue);
const root = new URL('../..', import.meta.url).pathname;

/** The codes that a source file raises: the string, not the mention in a comment. */
function codesIn(text: string): string[] {
  return [...text.matchAll(/'(FD\d{3})'/g)].map((match) => match[1]!);
}

const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && path !== join('base', 'catalogue.ts'))
  .map((path) => readFileSync(join(root, 'src', path), 'utf8'));

describe('the catalogue of errors', () => {
  it('has no code that nothing raises', () => {
    const raised = new Set(sources.flatMap(codesIn));
    expect(codes.filter((code) => !raised.has(code))).toEqual([]);
  });

  it('is the whole of docs/errors.md, and nothing else is in it', () => {
    const documented = [...readFileSync(join(root, 'docs/errors.md'), 'utf8').matchAll(/<\/a>(FD\d{3}) \|/g)];
    expect(documented.map((match) => match[1]).sort()).toEqual([...codes].sort());
  });

  it.each(Object.entries(catalogue))('%s says what is wrong and what to do', (_code, { title, hint }) => {
    expect(title).toMatch(/^[A-Z].*[^.]$/);
    expect(hint).toMatch(/^[A-Z`].*[.?]$/);
  });
});
