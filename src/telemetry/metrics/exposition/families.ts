// What both formats share beyond the syntax of a line: the metadata of families, and a series that is met for the
// first time.

import { type IngestOptions, withTypeAndUnit } from '../ingest-options.ts';
import { type MetricFamily, type MetricType, metricTypes, type SeriesTable } from './exposition.ts';
import { normalBound } from './number.ts';
import { type Fail, parseSeries } from './series-text.ts';

export class Families {
  readonly #byName = new Map<string, MetricFamily>();
  readonly #withTypeAndUnit: boolean;
  /** The family that the text spoke of last. */
  #current: MetricFamily | undefined;

  constructor({ typeAndUnitLabels = false }: IngestOptions = {}) {
    this.#withTypeAndUnit = typeAndUnitLabels;
  }

  get current(): MetricFamily | undefined {
    return this.#current;
  }

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
    const family = this.#withTypeAndUnit ? this.#current : undefined;
    const key = family ? `${family.type} ${family.unit} ${text}` : text;
    const known = table.find(key);
    if (known !== undefined) return known;
    // A slice keeps the whole exposition in memory; what the table keeps must stand alone.
    const own = Buffer.from(text).toString();
    const pairs = parseSeries(own, strict, fail).map(([name, value]): [string, string] =>
      this.#isBound(name, own) ? [name, normalBound(value)] : [name, value],
    );
    return table.define(family ? key : own, family ? withTypeAndUnit(pairs, family) : pairs);
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
