import type { DeclaredTarget } from '../scrape-spec.ts';

export interface DiscoveryListener {
  /** All targets of one part of the source, in place of those that it had before. */
  onTargets(part: string, targets: readonly DeclaredTarget[]): void;
  /** Called once when a part that could be read can be no more; undefined when it can again. */
  onState(part: string, failure: string | undefined): void;
}

/** Tells the listener of a part's state only when it changes. */
export class PartStates {
  readonly #listener: DiscoveryListener;
  readonly #failing = new Set<string>();

  constructor(listener: DiscoveryListener) {
    this.#listener = listener;
  }

  failed(part: string, reason: string): void {
    if (this.#failing.has(part)) return;
    this.#failing.add(part);
    this.#listener.onState(part, reason);
  }

  worked(part: string): void {
    if (this.#failing.delete(part)) this.#listener.onState(part, undefined);
  }
}
