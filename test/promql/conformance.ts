// The folder of test vectors that other projects publish; tests that need it are skipped without it.

import type { Condition } from '../support/requires.ts';

export const conformance: Condition = {
  name: 'FIREDRILL_CONFORMANCE',
  met: () => (process.env.FIREDRILL_CONFORMANCE ?? '') !== '',
};

export function conformanceFolder(name: string): string {
  return `${process.env.FIREDRILL_CONFORMANCE}/${name}`;
}
