// Why a run ends before its plan does. The first reason counts; everything that waits in a run waits on its signal.

import type { EventOf } from '../timeline.ts';

export interface StopReason {
  readonly by: EventOf<'stop.triggered'>['by'] | 'error';
  readonly reason: string;
}

export class StopSwitch {
  readonly #controller = new AbortController();
  readonly #onPull: (reason: StopReason) => void;
  #reason: StopReason | undefined;

  constructor(onPull: (reason: StopReason) => void) {
    this.#onPull = onPull;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get reason(): StopReason | undefined {
    return this.#reason;
  }

  /** `error` is for what the tool or its surroundings did wrong; all others are stops that somebody wanted. */
  pull(reason: StopReason): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#onPull(reason);
    this.#controller.abort();
  }
}
