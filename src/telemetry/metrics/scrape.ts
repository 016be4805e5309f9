// The scraper: a loop for each target, at whole intervals from the start. What a scrape brings goes to the store; when
// a source fails, and when it is back, the run is told once.

import { setMaxListeners } from 'node:events';
import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { ScrapePool } from './scrape-pool.ts';
import type { ScrapeSpec } from './scrape-spec.ts';
import type { ScrapeSinks, ScrapeTarget } from './scrape-target.ts';
import type { SeriesStore } from './store.ts';

export interface SourceListener {
  /** Called when a source that worked, or that was never asked before, fails. */
  onFailure(source: string, reason: string): void;
  /** Called when a source that had failed works again. */
  onRecovery(source: string): void;
}

export class Scraper {
  readonly #pools: readonly ScrapePool[];
  readonly #store: SeriesStore;
  readonly #clock: Clock;
  readonly #listener: SourceListener;
  readonly #failed = new Set<string>();
  readonly #stopped = new AbortController();

  /** Throws a UserError when an address is none. */
  constructor(
    specs: readonly ScrapeSpec[],
    store: SeriesStore,
    clock: Clock,
    listener: SourceListener,
    sinks: ScrapeSinks = {},
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#listener = listener;
    // Every target's loop waits on it.
    setMaxListeners(0, this.#stopped.signal);
    const names = new Set<string>();
    this.#pools = specs.map(
      (spec) =>
        new ScrapePool(spec, {
          clock,
          sinks,
          uniqueName: (name) => uniqueName(name, names),
          scrape: async (target, atMs, signal) => {
            await this.#scrape(target, atMs, signal);
          },
          append: (batch) => this.#append(batch),
          onDiscovery: (source, failure) => this.#tell(source, failure),
          onRemoved: (target) => {
            names.delete(target.source);
            this.#failed.delete(target.source);
          },
        }),
    );
  }

  get pools(): readonly ScrapePool[] {
    return this.#pools;
  }

  /** The names that batches and callbacks use, one for each target. */
  get sources(): readonly string[] {
    return this.#pools.flatMap(({ targets }) => targets.map(({ source }) => source));
  }

  /** Scrapes every target now, and then at its interval; looks for further targets where the specs say so. */
  start(): void {
    for (const pool of this.#pools) pool.start(this.#stopped.signal);
  }

  /** Scrapes every target once, all at the same time. Not while the loops run: a target is asked by one at a time. */
  async scrapeOnce(): Promise<{ readonly source: string; readonly failure: string | undefined }[]> {
    const atMs = this.#clock.now();
    return Promise.all(
      this.#pools
        .flatMap((pool) => pool.targets)
        .map(async (target) => ({
          source: target.source,
          failure: await this.#scrape(target, atMs, this.#stopped.signal),
        })),
    );
  }

  /** Gives up what is under way; when it resolves, nothing is appended any more. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#pools.map((pool) => pool.ended()));
  }

  /** Why it failed; undefined when it did not. */
  async #scrape(target: ScrapeTarget, atMs: number, signal: AbortSignal): Promise<string | undefined> {
    const { batch, failure } = await target.scrape(atMs, signal);
    // A scrape that we gave up ourselves says nothing about its target.
    if (signal.aborted) return undefined;
    const reason = this.#append(batch) ?? failure;
    this.#tell(target.source, reason);
    return reason;
  }

  #tell(source: string, failure: string | undefined): void {
    if (failure === undefined) {
      if (this.#failed.delete(source)) this.#listener.onRecovery(source);
    } else if (!this.#failed.has(source)) {
      this.#failed.add(source);
      this.#listener.onFailure(source, failure);
    }
  }

  #append(batch: Parameters<SeriesStore['appendBatch']>[0]): string | undefined {
    try {
      this.#store.appendBatch(batch);
      return undefined;
    } catch (error) {
      if (error instanceof UserError) return error.message;
      throw error;
    }
  }
}

function uniqueName(name: string, taken: Set<string>): string {
  let unique = name;
  for (let number = 2; taken.has(unique); number++) unique = `${name}#${number}`;
  taken.add(unique);
  return unique;
}
