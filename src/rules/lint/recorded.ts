import type { Expr } from '../../promql/ast.ts';
import type { RuleFile } from '../model.ts';
import type { Recorded } from './bounds.ts';

const known = new WeakMap<readonly RuleFile[], Recorded>();

/** What the rules of these files record, by metric. */
export function recordedBy(files: readonly RuleFile[]): Recorded {
  const recorded = known.get(files) ?? recordedOf(files);
  known.set(files, recorded);
  return recorded;
}

function recordedOf(files: readonly RuleFile[]): Recorded {
  const index = new Map<string, Expr[]>();
  for (const rule of files.flatMap(({ groups }) => groups.flatMap(({ rules }) => rules))) {
    if (rule.kind === 'recording') index.set(rule.name, [...(index.get(rule.name) ?? []), rule.expr]);
  }
  return { definitions: (metric) => index.get(metric) ?? [], bounds: new Map() };
}
