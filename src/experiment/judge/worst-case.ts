// The slowest of the rules that an entry stands for, as the plan predicted it.

import type { PlannedRule } from '../timeline.ts';
import type { AlertVerdict } from '../verdict.ts';

export function worstCase(rules: readonly PlannedRule[]): AlertVerdict['predicted'] {
  if (rules.length === 0) return null;
  return {
    firingMs: Math.max(...rules.map((rule) => rule.worstFiringMs)),
    notifiedMs: Math.max(...rules.map((rule) => rule.worstNotifiedMs)),
  };
}
