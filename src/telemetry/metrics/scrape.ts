// The scraper: a loop for each target, at whole intervals from the start. What a scrape brings goes to the store; when
// a source fails, and when it is back, the run is told once.

import { setMaxListeners } from 'node:events';
import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { repeatAligned } from '../aligned-loop.ts';
import type { ScrapeSpec } from './scrape-spec.ts';
import { ScrapeTarget } from './scrape-target.ts';
import type { SeriesStore } from './store.ts';

export interface SourceListener {
  /** Called when a source that worked, or that was never asked before, fails. */
  onFailure(source: string, reason: string): void;
  /** Called when a source that had failed works again. */
  onRecovery(source: string): void;
}

export class Scraper {
  readonly #targets: readonly (readonly [ScrapeTarget, ScrapeSpec])[];
  readonly #store: SeriesStore;
  readonly #clock: Clock;
  readonly #listener: SourceListener;
  readonly #failed = new Set<string>();
  readonly #stopped = new AbortController();
  #loops: readonly Promise<void>[] = [];

  /** Throws a UserError when an address is none. */
  constructor(specs: readonly ScrapeSpec[], store: SeriesStore, clock: Clock, listener: SourceListener) {
    const names = new Set<string>();
    this.#targets = specs.flatMap((spec) =>
      spec.targets.map((target) => {
        const source = uniqueName(`${spec.jobName}/${target.address}`, names);
        return [new ScrapeTarget(spec, target, source, clock), spec] as const;
      }),
    );
    this.#store = store;
    this.#clock = clock;
    this.#listener = listener;
    // Every target's loop waits on it.
    setMaxListeners(0, this.#stopped.signal);
  }

  /** The names that batches and callbacks use, one for each target. */
  get sources(): readonly string[] {
    return this.#targets.map(([target]) => target.source);
  }

  /** Scrapes every target now, and then at its interval. */
  start(): void {
    const { signal } = this.#stopped;
    this.#loops = this.#targets.map(([target, spec]) =>
      repeatAligned(this.#clock, spec.intervalMs, signal, async (atMs) => {
        await this.#scrape(target, atMs);
      }),
    );
  }

  /** Scrapes every target once, all at the same time. Not while the loops run: a target is asked by one at a time. */
  async scrapeOnce(): Promise<{ readonly source: string; readonly failure: string | undefined }[]> {
    const atMs = this.#clock.now();
    return Promise.all(
      this.#targets.map(async ([target]) => ({
        source: target.source,
        failure: await this.#scrape(target, atMs),
      })),
    );
  }

  /** Gives up what is under way; when it resolves, nothing is appended any more. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#loops);
    await Promise.all(this.#targets.map(([target]) => target.close()));
  }

  /** Why it failed; undefined when it did not. */
  async #scrape(target: ScrapeTarget, atMs: number): Promise<string | undefined> {
    const { signal } = this.#stopped;
    const { batch, failure } = await target.scrape(atMs, signal);
    // A scrape that we gave up ourselves says nothing about its target.
    if (signal.aborted) return undefined;
    const reason = this.#append(batch) ?? failure;
    if (reason === undefined) {
      if (this.#failed.delete(target.source)) this.#listener.onRecovery(target.source);
    } else if (!this.#failed.has(target.source)) {
      this.#failed.add(target.source);
      this.#listener.onFailure(target.source, reason);
    }
    return reason;
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
