// What is known of metrics beside their samples: type, help and unit, by source and metric, as the last scrape or
// write of that source said it.

import type { MetricFamily } from './exposition/exposition.ts';

export type MetricMetadata = Pick<MetricFamily, 'type' | 'help' | 'unit'>;

/** Families of one source; what a source sends beyond is not kept. */
const familiesMax = 20_000;
const textLengthMax = 4096;

export class MetadataStore {
  readonly #bySource = new Map<string, ReadonlyMap<string, MetricMetadata>>();

  /** What the source says now, in place of what it said before. */
  replace(source: string, families: readonly MetricFamily[]): void {
    this.#bySource.set(source, metadataOf(families, new Map()));
  }

  /** What the source says now of some of its metrics. */
  add(source: string, families: readonly MetricFamily[]): void {
    if (families.length === 0) return;
    this.#bySource.set(source, metadataOf(families, new Map(this.#bySource.get(source))));
  }

  remove(source: string): void {
    this.#bySource.delete(source);
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
}

function metadataOf(
  families: readonly MetricFamily[],
  into: Map<string, MetricMetadata>,
): Map<string, MetricMetadata> {
  for (const { name, type, help, unit } of families) {
    if (into.size >= familiesMax && !into.has(name)) break;
    into.set(name, { type, help: help.slice(0, textLengthMax), unit });
  }
  return into;
}

function same(a: MetricMetadata, b: MetricMetadata): boolean {
  return a.type === b.type && a.help === b.help && a.unit === b.unit;
}
