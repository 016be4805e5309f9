// Conditions of a Task's branches: `exitCode == 0 && stdout contains "ready"`.

import { parseExpression } from '../../base/expression/parse.ts';
import { ExpressionError } from '../../base/expression/value.ts';

export interface TaskOutcome {
  readonly exitCode: number;
  /** Without white space at its ends. */
  readonly stdout: string;
}

export type ParsedCondition =
  | { readonly ok: true; readonly holds: (outcome: TaskOutcome) => boolean }
  | { readonly ok: false; readonly message: string; readonly offset: number };

/** A condition whose values do not suit it, such as `stdout > 3`, does not hold. */
export function parseCondition(text: string): ParsedCondition {
  const parsed = parseExpression(text, { values: ['exitCode', 'stdout'] });
  if (!parsed.ok) return parsed;
  return {
    ok: true,
    holds: ({ exitCode, stdout }) => {
      try {
        return parsed.evaluate({ exitCode, stdout }) === true;
      } catch (error) {
        if (error instanceof ExpressionError) return false;
        throw error;
      }
    },
  };
}
