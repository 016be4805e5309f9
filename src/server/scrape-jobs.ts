// The scrapers of the configuration, one a job. Other jobs can take the place of those that run: a job that is the same
// goes on, and series of one that is gone or changed end where it ended.

import type { Clock } from '../base/clock.ts';
import { Scraper, type SourceListener } from '../telemetry/metrics/scrape.ts';
import type { ScrapePool } from '../telemetry/metrics/scrape-pool.ts';
import type { LabelLimits, ScrapeSpec } from '../telemetry/metrics/scrape-spec.ts';
import type { ScrapeSinks } from '../telemetry/metrics/scrape-target.ts';
import type { SeriesStore } from '../telemetry/metrics/store.ts';

interface Surroundings {
  readonly store: SeriesStore;
  readonly clock: Clock;
  readonly listener: SourceListener;
  readonly sinks: ScrapeSinks;
  /** Where the configuration names none. */
  readonly labelLimits: LabelLimits;
}

interface Job {
  readonly identity: string;
  readonly scraper: Scraper;
}

export class ScrapeJobs {
  readonly #surroundings: Surroundings;
  #jobs: readonly Job[];
  #started = false;

  /** Throws a UserError when an address is none. */
  constructor(specs: readonly ScrapeSpec[], surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#jobs = specs.map((spec) => this.#job(spec));
  }

  get pools(): readonly ScrapePool[] {
    return this.#jobs.flatMap(({ scraper }) => scraper.pools);
  }

  start(): void {
    this.#started = true;
    for (const { scraper } of this.#jobs) scraper.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#jobs.map(({ scraper }) => scraper.stop()));
  }

  /** Throws a UserError, and leaves all as it was, when an address is none. */
  async replace(specs: readonly ScrapeSpec[]): Promise<void> {
    const before = this.#jobs;
    const after = specs.map((spec) => {
      const identity = JSON.stringify(spec);
      return before.find((job) => job.identity === identity) ?? this.#job(spec);
    });
    this.#jobs = after;
    await Promise.all(before.filter((job) => !after.includes(job)).map((job) => this.#end(job)));
    if (this.#started) for (const job of after) if (!before.includes(job)) job.scraper.start();
  }

  async #end({ scraper }: Job): Promise<void> {
    await scraper.stop();
    const { store, clock } = this.#surroundings;
    for (const target of scraper.pools.flatMap((pool) => pool.targets))
      store.appendBatch(target.end(clock.now()));
  }

  #job(spec: ScrapeSpec): Job {
    const { store, clock, listener, sinks, labelLimits } = this.#surroundings;
    const limited = withLabelLimits(spec, labelLimits);
    return {
      identity: JSON.stringify(spec),
      scraper: new Scraper([limited], store, clock, listener, sinks),
    };
  }
}

/** A label bomb must not come in by a scrape that nobody thought to limit. */
function withLabelLimits(spec: ScrapeSpec, limits: LabelLimits): ScrapeSpec {
  const { count = 0, nameBytes = 0, valueBytes = 0 } = spec.labelLimits ?? {};
  return {
    ...spec,
    labelLimits: {
      count: count || limits.count,
      nameBytes: nameBytes || limits.nameBytes,
      valueBytes: valueBytes || limits.valueBytes,
    },
  };
}
