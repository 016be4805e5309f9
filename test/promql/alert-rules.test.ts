// Rules that people run in production: every expression is read, printed, and read again as the same tree.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { formatPromqlError } from '../../src/promql/errors.ts';
import { parseExpr } from '../../src/promql/parser.ts';
import { printExpr } from '../../src/promql/printer.ts';
import { describeWith } from '../support/requires.ts';
import { conformance, conformanceFolder } from './conformance.ts';
import { plainTree } from './plain-tree.ts';

interface RuleFile {
  readonly groups?: readonly { readonly rules?: readonly { readonly expr?: unknown }[] }[];
  readonly spec?: RuleFile;
}

function expressionsIn(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => /\.ya?ml$/.test(file))
    .flatMap((file) => parseAllDocuments(readFileSync(`${folder}/${file}`, 'utf8')))
    .flatMap((document) => {
      const value = document.toJS() as RuleFile | null;
      const groups = value?.groups ?? value?.spec?.groups ?? [];
      return groups.flatMap(({ rules }) => rules ?? []).map(({ expr }) => String(expr));
    });
}

describeWith([conformance], 'alert rules in use', () => {
  const expressions = conformance.met() ? expressionsIn(conformanceFolder('alert-rules')) : [];

  it('finds the rules', () => {
    expect(expressions.length).toBeGreaterThan(1000);
  });

  it('reads every expression', () => {
    const errors = expressions.flatMap((text) => {
      const parsed = parseExpr(text);
      return parsed.ok ? [] : [`${formatPromqlError(text, parsed.error)}\n${text}`];
    });
    expect(errors).toEqual([]);
  });

  it('prints every expression so that it reads as the same tree', () => {
    for (const text of expressions) {
      const parsed = parseExpr(text);
      if (!parsed.ok) continue;
      const printed = printExpr(parsed.expr);
      const again = parseExpr(printed);
      expect(again.ok && plainTree(again.expr), text).toEqual(plainTree(parsed.expr));
      expect(again.ok && printExpr(again.expr)).toBe(printed);
    }
  });
});
