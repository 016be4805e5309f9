// Exemplars: the newest of all series, in a ring that forgets the oldest.

import type { Labels } from '../../base/labels.ts';
import type { Matcher } from '../../base/matcher.ts';
import { matchesAll } from '../../base/matcher.ts';
import type { Exemplar } from './exposition/exposition.ts';

export interface StoredExemplar {
  readonly series: Labels;
  readonly exemplar: Exemplar;
  /** Unix milliseconds. */
  readonly atMs: number;
}

const exemplarsMaxDefault = 100_000;

/** Characters of an exemplar's labels together, as OpenMetrics limits them. */
const labelCharactersMax = 128;

export class ExemplarStore {
  readonly #max: number;
  readonly #ring: StoredExemplar[] = [];
  readonly #newest = new Map<string, StoredExemplar>();
  readonly #listeners = new Set<(stored: StoredExemplar) => void>();
  #next = 0;

  constructor(max = exemplarsMaxDefault) {
    this.#max = max;
  }

  get size(): number {
    return this.#ring.length;
  }

  /** Why it was not taken; undefined when it was, or when it is the series' newest once more. */
  add(series: Labels, exemplar: Exemplar, atMs: number): string | undefined {
    const length = exemplar.labels.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    if (length > labelCharactersMax) return 'label length for exemplar exceeds 128 UTF-8 characters';
    const newest = this.#newest.get(series.key);
    if (newest && atMs <= newest.atMs) return atMs === newest.atMs ? undefined : 'out of order exemplar';
    const stored = { series, exemplar, atMs };
    const replaced = this.#ring[this.#next];
    if (replaced && this.#newest.get(replaced.series.key) === replaced)
      this.#newest.delete(replaced.series.key);
    this.#ring[this.#next] = stored;
    this.#next = (this.#next + 1) % this.#max;
    this.#newest.set(series.key, stored);
    for (const listener of this.#listeners) listener(stored);
    return undefined;
  }

  /** Calls `listener` with each exemplar that is taken, until the returned function is called. */
  subscribe(listener: (stored: StoredExemplar) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Those of series that one of the selectors finds, by series, in the order of their times. */
  select(selectors: readonly (readonly Matcher[])[], startMs: number, endMs: number): StoredExemplar[][] {
    const bySeries = new Map<string, StoredExemplar[]>();
    const wanted = new Map<string, boolean>();
    for (const stored of this.#ring) {
      if (stored.atMs < startMs || stored.atMs > endMs) continue;
      const { key } = stored.series;
      let matches = wanted.get(key);
      if (matches === undefined) {
        matches = selectors.some((matchers) => matchesAll(matchers, stored.series));
        wanted.set(key, matches);
      }
      if (!matches) continue;
      const list = bySeries.get(key);
      if (list) list.push(stored);
      else bySeries.set(key, [stored]);
    }
    return [...bySeries.values()].map((list) => list.sort((a, b) => a.atMs - b.atMs));
  }
}
