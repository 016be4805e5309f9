// Notes of a binary operator. Of all that goes wrong at one step Prometheus tells the last.

import type { Annotations } from '../annotations.ts';

export interface Note {
  readonly kind: 'warning' | 'info';
  readonly text: string;
}

export class StepNotes {
  readonly #byStep = new Map<number, Note>();

  set(step: number, note: Note): void {
    this.#byStep.set(step, note);
  }

  flush(annotations: Annotations, start: number): void {
    for (const { kind, text } of this.#byStep.values()) {
      if (kind === 'info') annotations.info(text, start);
      else annotations.warn(text, start);
    }
  }
}
