// What is known of metrics beside their samples: type, help and unit, by source and metric, as the last scrape or
// write of that source said it.

import type { MetricFamily } from './exposition/exposition.ts';

export type MetricMetadata = Pick<MetricFamily, 'type' | 'help' | 'unit'>;

/** Families of one source; what a source sends beyond is not kept. */
const familiesMax = 20_000;
const textLengthMax = 4096;

/** What a source says that it did not say before. */
export interface MetadataChange {
  readonly source: string;
  readonly families: readonly MetricFamily[];
  /** In place of all that it said before. */
  readonly replaces: boolean;
}

export class MetadataStore {
  readonly #bySource = new Map<string, Map<string, MetricMetadata>>();
  readonly #listeners = new Set<(change: MetadataChange) => void>();

  /** What the source says now, in place of what it said before. */
  replace(source: string, families: readonly MetricFamily[]): void {
    const before = this.#bySource.get(source);
    const now = new Map<string, MetricMetadata>();
    const changed = putFamilies(families, now, before);
    this.#bySource.set(source, now);
    const isGone = before && [...before.keys()].some((name) => !now.has(name));
    if (isGone) this.#tell({ source, families: familiesOf(now), replaces: true });
    else if (changed.length > 0) this.#tell({ source, families: changed, replaces: false });
  }

  /** What the source says now of some of its metrics. */
  add(source: string, families: readonly MetricFamily[]): void {
    if (families.length === 0) return;
    let known = this.#bySource.get(source);
    if (!known) {
      known = new Map();
      this.#bySource.set(source, known);
    }
    const changed = putFamilies(families, known, known);
    if (changed.length > 0) this.#tell({ source, families: changed, replaces: false });
  }

  remove(source: string): void {
    if (this.#bySource.delete(source)) this.#tell({ source, families: [], replaces: true });
  }

  /** Calls `listener` whenever a source says something else than before, until the returned function is called. */
  subscribe(listener: (change: MetadataChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  ofSource(source: string): ReadonlyMap<string, MetricMetadata> {
    return this.#bySource.get(source) ?? new Map();
  }

  /** By metric, each different statement once. */
  all(): Map<string, MetricMetadata[]> {
    const found = new Map<string, MetricMetadata[]>();
    for (const families of this.#bySource.values()) {
      for (const [name, metadata] of families) {
        const known = found.get(name);
        if (!known) found.set(name, [metadata]);
        else if (!known.some((other) => same(other, metadata))) known.push(metadata);
      }
    }
    return found;
  }

  #tell(change: MetadataChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

/** Returns the families of which `before` says nothing or something else. */
function putFamilies(
  families: readonly MetricFamily[],
  into: Map<string, MetricMetadata>,
  before: ReadonlyMap<string, MetricMetadata> | undefined,
): MetricFamily[] {
  const changed: MetricFamily[] = [];
  for (const { name, type, help: whole, unit } of families) {
    if (into.size >= familiesMax && !into.has(name)) break;
    const help = whole.slice(0, textLengthMax);
    const known = before?.get(name);
    const metadata = { type, help, unit };
    if (!known || !same(known, metadata)) changed.push({ name, type, help, unit });
    into.set(name, metadata);
  }
  return changed;
}

function familiesOf(known: ReadonlyMap<string, MetricMetadata>): MetricFamily[] {
  return Array.from(known, ([name, metadata]) => ({ name, ...metadata }));
}

function same(a: MetricMetadata, b: MetricMetadata): boolean {
  return a.type === b.type && a.help === b.help && a.unit === b.unit;
}
