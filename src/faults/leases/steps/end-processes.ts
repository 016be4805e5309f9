// Ends what a run started: by its tree and session, or by the mark in its environment.

import { endFamily } from '../../targets/process/end.ts';
import { Family, marked, processes, sessionOf } from '../../targets/process/family.ts';
import type { ProcessId } from '../../targets/target.ts';
import { done, left, type StepContext, type StepOutcome } from './outcome.ts';

export function endTree(id: ProcessId, context: StepContext): Promise<StepOutcome> {
  return end(new Family(processes([id]), sessionOf(id)), `the tree of process ${id.pid}`, context);
}

export function endMarked(mark: string, context: StepContext): Promise<StepOutcome> {
  return end(new Family(marked(mark)), `processes marked ${mark}`, context);
}

async function end(family: Family, what: string, { graceMs, clock }: StepContext): Promise<StepOutcome> {
  const outcome = await endFamily(family, graceMs, clock);
  if (outcome.left.length > 0) return left(outcome.left.join('; '));
  return done(outcome.ended === 0 ? `${what}: none left` : `${what}: ${outcome.ended} ended, none left`);
}
