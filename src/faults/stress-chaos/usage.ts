// Processor time and memory of a changing set of processes. What a process used is remembered after its end.

import { anonymousBytes, type ProcessStat, processKey, ticksPerSecond } from '../targets/process/proc.ts';

export interface Usage {
  /** Used by all of them so far, ended ones included. */
  readonly cpuSeconds: number;
  /** Held now, by those that live. */
  readonly heldBytes: number;
  /** The most that was held at any measurement. */
  readonly heldBytesMost: number;
}

export class UsageMeter {
  readonly #look: () => ProcessStat[];
  readonly #cpuTicks = new Map<string, number>();
  #heldBytesMost = 0;

  constructor(look: () => ProcessStat[]) {
    this.#look = look;
  }

  measure(): Usage {
    let heldBytes = 0;
    for (const stat of this.#look()) {
      this.#cpuTicks.set(processKey(stat), stat.cpuTicks);
      heldBytes += anonymousBytes(stat.pid);
    }
    this.#heldBytesMost = Math.max(this.#heldBytesMost, heldBytes);
    const cpuTicks = [...this.#cpuTicks.values()].reduce((sum, ticks) => sum + ticks, 0);
    return { cpuSeconds: cpuTicks / ticksPerSecond, heldBytes, heldBytesMost: this.#heldBytesMost };
  }
}
