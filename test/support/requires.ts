// Tests that need a program which may not be installed say so: they are skipped with the reason printed, or, with
// FIREDRILL_REQUIRE_ALL=1 (as in CI), they fail.

import { spawnSync } from 'node:child_process';
import { describe } from 'vitest';

/** The reason why tests that need these cannot run, or undefined. A need is a program's name or a named condition. */
function missing(needs: readonly (string | Condition)[]): string | undefined {
  const unmet = needs.filter((need) =>
    typeof need === 'string' ? spawnSync('sh', ['-c', `command -v ${need}`]).status !== 0 : !need.met(),
  );
  if (unmet.length === 0) return undefined;
  return `needs ${unmet.map((need) => (typeof need === 'string' ? need : need.name)).join(', ')}`;
}

export interface Condition {
  readonly name: string;
  met(): boolean;
}

export const root: Condition = { name: 'root', met: () => process.getuid?.() === 0 };

/** `describe` that is skipped, with its reason printed, when something it needs is missing. */
export function describeWith(needs: readonly (string | Condition)[], name: string, body: () => void): void {
  const reason = missing(needs);
  if (reason === undefined) {
    describe(name, body);
    return;
  }
  if (process.env.FIREDRILL_REQUIRE_ALL === '1') {
    describe(name, () => {
      throw new Error(`${name}: ${reason}, and FIREDRILL_REQUIRE_ALL is set`);
    });
    return;
  }
  console.warn(`skipped: ${name}: ${reason}`);
  describe.skip(`${name} (${reason})`, body);
}
