// The faults that act in one proxy, and what they did so far.

import type { HttpChaosSpec } from '../spec.ts';

export class HttpRule {
  readonly spec: HttpChaosSpec;
  /** Requests or responses that were changed, delayed or aborted. */
  hits = 0;
  /** Bodies that should have been patched and could not: no JSON, or too large. */
  unpatched = 0;
  readonly #end = new AbortController();

  constructor(spec: HttpChaosSpec) {
    this.spec = spec;
  }

  /** Aborted when the fault is taken back: whatever it holds back goes on. */
  get over(): AbortSignal {
    return this.#end.signal;
  }

  end(): void {
    this.#end.abort();
  }
}
