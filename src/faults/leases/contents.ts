// Files that a lease holds may be secret: they are dropped when they are not needed any more, and shown to nobody.

import type { Lease, UndoStep } from './lease.ts';

/** After the end of a lease that could not be undone, for somebody who puts the file back by hand: a day. */
export const contentsKeptMs = 86_400_000;

export function holdsContents({ undo }: Pick<Lease, 'undo'>): boolean {
  return undo.some((step) => step.type === 'restore-file' && step.file.bytes !== '');
}

export function withoutContents(steps: readonly UndoStep[]): UndoStep[] {
  return steps.map((step) =>
    step.type === 'restore-file' ? { ...step, file: { ...step.file, bytes: '' } } : step,
  );
}
