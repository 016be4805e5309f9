// What both formats share beyond the syntax of a line: the metadata of families, and a series that is met for the
// first time.

import { type MetricFamily, type MetricType, metricTypes, type SeriesTable } from './exposition.ts';
import { normalBound } from './number.ts';
import { type Fail, parseSeries } from './series-text.ts';

export class Families {
  readonly #byName = new Map<string, MetricFamily>();
  /** The family that the text spoke of last. */
  #current: MetricFamily | undefined;

  describe(name: string, more: Partial<Omit<MetricFamily, 'name'>>): void {
    const known = this.#byName.get(name) ?? { name, type: 'unknown', help: '', unit: '' };
    this.#current = { ...known, ...more };
    this.#byName.set(name, this.#current);
  }

  list(): MetricFamily[] {
    return [...this.#byName.values()];
  }

  /** The series of this text, from the table or taken apart and entered into it. */
  series<S>(text: string, table: SeriesTable<S>, strict: boolean, fail: Fail): S {
    const known = table.find(text);
    if (known !== undefined) return known;
    // A slice keeps the whole exposition in memory; what the table keeps must stand alone.
    const own = Buffer.from(text).toString();
    return table.define(
      own,
      parseSeries(own, strict, fail).map(([name, value]) =>
        this.#isBound(name, own) ? [name, normalBound(value)] : [name, value],
      ),
    );
  }

  /** Bounds of classic histograms and summaries are held in one form, as Prometheus does since 3.0. */
  #isBound(label: string, seriesText: string): boolean {
    const family = this.#current;
    if (!family) return false;
    if (label === 'le') return family.type === 'histogram' && seriesText.startsWith(`${family.name}_bucket`);
    return label === 'quantile' && family.type === 'summary' && seriesText.startsWith(family.name);
  }
}

export function metricTypeOf(word: string): MetricType | undefined {
  return metricTypes.find((type) => type === word);
}
