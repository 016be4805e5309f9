// Label sets that were met before, by what a request writes for them: a sender sends the same series again and again,
// and checking, sorting and naming a label set takes longer than storing a sample.

import { Labels } from '../../../base/labels.ts';
import { labelSetMistake } from './request.ts';

/** When there are more, all are forgotten and learned anew. */
const knownMax = 200_000;

export interface KnownLabelSet {
  /** What the request writes for it, one byte a character. */
  readonly bytes: Buffer;
  /** Or what is wrong with it. */
  readonly labels: Labels | string;
  /** The one that came after it last. */
  next: KnownLabelSet | undefined;
}

export class KnownLabels {
  #known = new Map<string, KnownLabelSet>();

  /** The label set of this key; `pairs` is asked when the key is new. */
  get(key: string, pairs: () => readonly (readonly [string, string])[]): KnownLabelSet {
    let known = this.#known.get(key);
    if (known === undefined) {
      const found = pairs();
      const labels = labelSetMistake(found) ?? Labels.from(found);
      known = { bytes: Buffer.from(key, 'latin1'), labels, next: undefined };
      if (this.#known.size >= knownMax) this.#known = new Map();
      this.#known.set(key, known);
    }
    return known;
  }
}
