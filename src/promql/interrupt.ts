// Ends a query that has run out of time. Only whoever asks knows a clock: here work is counted, and from time to time the
// caller is asked, so that the question costs nothing however long the loops are.

import { UserError } from '../base/diagnostics.ts';

/** Samples or steps between two questions: a few milliseconds. */
const workPerQuestion = 2 ** 18;

export class Interrupt {
  readonly #isExpired: () => boolean;
  #work = 0;

  constructor(isExpired: () => boolean) {
    this.#isExpired = isExpired;
  }

  /** Says how many samples or steps are about to be looked at. Throws FD206 when time is up. */
  spend(work: number): void {
    this.#work += work;
    if (this.#work < workPerQuestion) return;
    this.#work = 0;
    if (this.#isExpired()) throw UserError.of('FD206', 'query timed out in expression evaluation');
  }
}
