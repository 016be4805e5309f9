import type { Expr } from '../../promql/ast.ts';
import type { RuleFile } from '../model.ts';
import type { Recorded } from './bounds.ts';

const indexes = new WeakMap<readonly RuleFile[], ReadonlyMap<string, readonly Expr[]>>();

/** What the rules of these files record, by metric. */
export function recordedBy(files: readonly RuleFile[]): Recorded {
  const index = indexes.get(files) ?? indexOf(files);
  indexes.set(files, index);
  return (metric) => index.get(metric) ?? [];
}

function indexOf(files: readonly RuleFile[]): Map<string, Expr[]> {
  const index = new Map<string, Expr[]>();
  for (const rule of files.flatMap(({ groups }) => groups.flatMap(({ rules }) => rules))) {
    if (rule.kind === 'recording') index.set(rule.name, [...(index.get(rule.name) ?? []), rule.expr]);
  }
  return index;
}
