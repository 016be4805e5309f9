// Series that were made at once and do not change any more: a history. Values stand beside shared columns of times, as
// in the store, but nothing is kept of a sample beside its number.

import { type Labels, metricName } from '../../base/labels.ts';
import type { Matcher } from '../../base/matcher.ts';
import { firstAfter, firstAtOrAfter } from '../../telemetry/metrics/columns.ts';
import { present, type Queryable, type SeriesView, type TimeColumn } from '../../telemetry/metrics/series.ts';

interface Held {
  readonly labels: Labels;
  readonly column: TimeColumn;
  readonly values: Float64Array;
  readonly states: Uint8Array;
}

export class HeldSeries implements Queryable {
  readonly #series = new Map<string, Held>();
  readonly #byName = new Map<string, Held[]>();
  /** Each sample of a history is there: columns of one length share their states. */
  readonly #states = new Map<number, Uint8Array>();
  #samples = 0;

  get seriesCount(): number {
    return this.#series.size;
  }

  get sampleCount(): number {
    return this.#samples;
  }

  /** `values` has one for each time of the column. A series is added once. */
  add(labels: Labels, column: TimeColumn, values: Float64Array): void {
    if (column.length === 0) return;
    if (this.#series.has(labels.key)) throw new Error(`${labels} has its history already`);
    const held = { labels, column, values, states: this.#allPresent(column.length) };
    this.#series.set(labels.key, held);
    const name = labels.name;
    const namesakes = this.#byName.get(name);
    if (namesakes) namesakes.push(held);
    else this.#byName.set(name, [held]);
    this.#samples += column.length;
  }

  get(labels: Labels): { readonly column: TimeColumn; readonly values: Float64Array } | undefined {
    return this.#series.get(labels.key);
  }

  select(matchers: readonly Matcher[], minMs: number, maxMs: number): SeriesView[] {
    const name = matchers.find((matcher) => matcher.name === metricName && matcher.operator === '=');
    const candidates = name ? (this.#byName.get(name.value) ?? []) : this.#series.values();
    const views: SeriesView[] = [];
    for (const { labels, column, values, states } of candidates) {
      if (!matchers.every((matcher) => matcher.matches(labels.get(matcher.name)))) continue;
      const first = firstAtOrAfter(column, minMs);
      const last = firstAfter(column, maxMs);
      if (first < last) views.push({ labels, column, offset: 0, values, states, first, last });
    }
    return views;
  }

  #allPresent(length: number): Uint8Array {
    let states = this.#states.get(length);
    if (!states) {
      states = new Uint8Array(length).fill(present);
      this.#states.set(length, states);
    }
    return states;
  }
}
