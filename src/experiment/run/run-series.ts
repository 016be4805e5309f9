// The run's series as everything that evaluates sees them: the store, and before it the history once there is one.

import type { Matcher } from '../../base/matcher.ts';
import type { Queryable, SeriesView } from '../../telemetry/metrics/series.ts';
import type { BatchListener, SampleBatch, SeriesStore } from '../../telemetry/metrics/store.ts';
import { WarmedSource } from '../history/warmed-source.ts';

export class RunSeries implements Queryable {
  readonly #store: SeriesStore;
  #source: Queryable;

  constructor(store: SeriesStore) {
    this.#store = store;
    this.#source = store;
  }

  warmWith(history: Queryable): void {
    this.#source = new WarmedSource(history, this.#store);
  }

  select(matchers: readonly Matcher[], minMs: number, maxMs: number): SeriesView[] {
    return this.#source.select(matchers, minMs, maxMs);
  }

  appendBatch(batch: SampleBatch): void {
    this.#store.appendBatch(batch);
  }

  subscribe(listener: BatchListener): () => void {
    return this.#store.subscribe(listener);
  }
}
