// An alerting rule as the plan needs it, wherever it was read: from our rule files or from a remote's rules API.

import type { LabelRecord } from '../../base/labels.ts';
import type { Expr } from '../../promql/ast.ts';
import { selectorsOf } from '../../promql/walk.ts';
import type { RuleGroup } from '../../rules/model.ts';

export interface KnownRule {
  readonly group: string;
  readonly file: string;
  readonly name: string;
  readonly expr: Expr;
  readonly exprText: string;
  readonly labels: LabelRecord;
  readonly annotations: LabelRecord;
  readonly forMs: number;
  readonly keepFiringForMs: number;
  readonly evaluationIntervalMs: number;
  /** Evaluation intervals of the recording rules of other groups that it reads, added up. */
  readonly upstreamEvaluationMs: number;
}

export function rulesOfGroups(groups: readonly RuleGroup[], defaultIntervalMs: number): KnownRule[] {
  const interval = (group: RuleGroup) => group.intervalMs ?? defaultIntervalMs;
  const recordedBy = new Map(
    groups.flatMap((group) =>
      group.rules.filter((rule) => rule.kind === 'recording').map((rule) => [rule.name, group] as const),
    ),
  );
  return groups.flatMap((group) =>
    group.rules.flatMap((rule) => {
      if (rule.kind !== 'alerting') return [];
      const read = new Set(selectorsOf(rule.expr).flatMap((use) => recordedBy.get(use.selector.name) ?? []));
      read.delete(group);
      return [
        {
          group: group.name,
          file: group.file,
          name: rule.name,
          expr: rule.expr,
          exprText: rule.exprText,
          labels: rule.labels,
          annotations: rule.annotations,
          forMs: rule.forMs,
          keepFiringForMs: rule.keepFiringForMs,
          evaluationIntervalMs: interval(group),
          upstreamEvaluationMs: [...read].reduce((sum, other) => sum + interval(other), 0),
        },
      ];
    }),
  );
}

/** Longest range that an expression reads, subqueries added; 0 for plain selectors. */
export function longestRangeMs(expr: Expr): number {
  return Math.max(0, ...selectorsOf(expr).map((use) => use.rangeMs));
}
