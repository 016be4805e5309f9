import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Condition } from '../support/requires.ts';

/** A folder of the published test vectors. */
export function conformanceFolder(name: string): string {
  return join(process.env.FIREDRILL_CONFORMANCE ?? '', name);
}

export function conformance(name: string): Condition {
  return {
    name: `FIREDRILL_CONFORMANCE with its folder ${name}`,
    met: () => (process.env.FIREDRILL_CONFORMANCE ?? '') !== '' && existsSync(conformanceFolder(name)),
  };
}
