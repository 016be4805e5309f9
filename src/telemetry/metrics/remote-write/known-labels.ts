// Label sets that were met before, by what a request writes for them: a sender sends the same series again and again,
// and checking, sorting and naming a label set takes longer than storing a sample.

import { Labels } from '../../../base/labels.ts';
import { labelSetMistake } from './request.ts';

/** When there are more, all are forgotten and learned anew. */
const knownMax = 200_000;

export class KnownLabels {
  #known = new Map<string, Labels | string>();

  /** The label set of this key, or what is wrong with it; `pairs` is asked when the key is new. */
  get(key: string, pairs: () => readonly (readonly [string, string])[]): Labels | string {
    let known = this.#known.get(key);
    if (known === undefined) {
      const found = pairs();
      known = labelSetMistake(found) ?? Labels.from(found);
      if (this.#known.size >= knownMax) this.#known = new Map();
      this.#known.set(key, known);
    }
    return known;
  }
}
