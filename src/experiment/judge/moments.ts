// Times of one event from another, in words.

import { humanDuration } from '../../base/duration.ts';
import type { RunFacts } from './facts.ts';

/** `3s after the breach`, `2s before the breach`, `at the breach`. */
export function around(ms: number, what: string): string {
  if (ms === 0) return `at ${what}`;
  return ms < 0 ? `${humanDuration(-ms)} before ${what}` : `${humanDuration(ms)} after ${what}`;
}

/** `3s after the undo`; a one-shot fault is not undone, so what follows is counted from the fault itself. */
export function sinceUndo(at: number, facts: RunFacts): string {
  if (facts.undoneAt === null) return 'before the undo';
  return around(at - facts.undoneAt, facts.undoingAt === null ? 'the fault' : 'the undo');
}
