// Chunks that queries have decoded, within a limit of memory. Two generations: what was not asked for while the younger
// one filled up is forgotten with the older one.

import type { SealedBlock, SealedSlots } from './sealed-block.ts';

/** Of the objects around the arrays. */
const entryOverheadBytes = 300;
const idsMax = 2 ** 30;

export class DecodedCache {
  readonly #generationBytesMax: number;
  #young = new Map<number, SealedSlots>();
  #old = new Map<number, SealedSlots>();
  #youngBytes = 0;
  #oldBytes = 0;

  /** 0 keeps nothing. */
  constructor(bytesMax: number) {
    this.#generationBytesMax = bytesMax / 2;
  }

  get bytes(): number {
    return this.#youngBytes + this.#oldBytes;
  }

  decode(block: SealedBlock, seriesId: number): SealedSlots | undefined {
    const key = block.number * idsMax + seriesId;
    const young = this.#young.get(key);
    if (young) return young;
    const slots = this.#old.get(key) ?? block.decode(seriesId);
    if (slots) this.#keep(key, slots);
    return slots;
  }

  /** Forgets everything, because blocks were dropped. */
  clear(): void {
    this.#young = new Map();
    this.#old = new Map();
    this.#youngBytes = 0;
    this.#oldBytes = 0;
  }

  #keep(key: number, slots: SealedSlots): void {
    const bytes = slots.values.length * (slots.starts ? 17 : 9) + entryOverheadBytes;
    if (bytes > this.#generationBytesMax) return;
    if (this.#youngBytes + bytes > this.#generationBytesMax) {
      this.#old = this.#young;
      this.#oldBytes = this.#youngBytes;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    this.#young.set(key, slots);
    this.#youngBytes += bytes;
  }
}
