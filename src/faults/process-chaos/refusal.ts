import type { Usability } from '../fault.ts';

export type Refusal = Exclude<Usability, { usable: true }>;

export function refusal(reason: string, remedy: string): Refusal {
  return { usable: false, reason, remedy };
}

/** For the other drivers of the kind, when the action is not theirs. */
export function otherAction(what: string): Refusal {
  return { ...refusal(`it ${what} only`, 'see the other drivers'), otherTarget: true };
}
