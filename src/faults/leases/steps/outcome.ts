import type { Clock } from '../../../base/clock.ts';

/** What an undo step came to: how it was seen to be done, or what is left and the command that would remove it. */
export type StepOutcome =
  | { readonly done: true; readonly evidence: string }
  | { readonly done: false; readonly left: string };

export interface StepContext {
  readonly clock: Clock;
  /** Time that processes get to end by themselves before SIGKILL; 0 gives none. */
  readonly graceMs: number;
}

export function done(evidence: string): StepOutcome {
  return { done: true, evidence };
}

export function left(what: string): StepOutcome {
  return { done: false, left: what };
}
