// The targets of one scrape_config: those that it names and those that are discovered, each with its own loop. When
// discovery brings others, loops of targets that are gone end, and their series with them.

import { setMaxListeners } from 'node:events';
import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { type LabelRecord, Labels } from '../../base/labels.ts';
import { repeatAligned } from '../aligned-loop.ts';
import { discover } from './discovery/discovery.ts';
import { compileRelabel, type Relabel } from './relabel/relabel.ts';
import type { DeclaredTarget, ScrapeSpec } from './scrape-spec.ts';
import { type ScrapeSinks, ScrapeTarget } from './scrape-target.ts';
import type { SampleBatch } from './store.ts';
import { discoveredLabels, type ResolvedTarget, resolveTarget } from './target-labels.ts';

export interface PoolOptions {
  readonly clock: Clock;
  readonly sinks: ScrapeSinks;
  /** A name that no other target has or had. */
  uniqueName(name: string): string;
  /** One scrape of a target and what becomes of it; never rejects for what the target did. */
  scrape(target: ScrapeTarget, atMs: number, signal: AbortSignal): Promise<void>;
  append(batch: SampleBatch): void;
  onDiscovery(source: string, failure: string | undefined): void;
  onRemoved(target: ScrapeTarget): void;
}

interface ActiveTarget {
  readonly target: ScrapeTarget;
  readonly stop: AbortController;
  loop: Promise<void>;
}

/** Dropped targets that are kept to be shown. */
const droppedMax = 1000;

export class ScrapePool {
  readonly spec: ScrapeSpec;
  readonly #options: PoolOptions;
  readonly #relabel: Relabel | undefined;
  readonly #metricRelabel: Relabel | undefined;
  /** What each part of discovery named last. */
  readonly #parts = new Map<string, readonly DeclaredTarget[]>();
  readonly #active = new Map<string, ActiveTarget>();
  readonly #ending = new Set<Promise<void>>();
  #dropped: readonly LabelRecord[] = [];
  #droppedCount = 0;
  #stopped: AbortSignal | undefined;
  #discovery: Promise<unknown> = Promise.resolve();

  /** Throws a UserError when an address of the spec is none. */
  constructor(spec: ScrapeSpec, options: PoolOptions) {
    this.spec = spec;
    this.#options = options;
    this.#relabel = spec.relabel && compileRelabel(spec.relabel);
    this.#metricRelabel = spec.metricRelabel && compileRelabel(spec.metricRelabel);
    this.#parts.set('static', spec.targets);
    this.#sync();
  }

  get targets(): readonly ScrapeTarget[] {
    return [...this.#active.values()].map(({ target }) => target);
  }

  /** Labels of targets that relabeling has dropped: the first of them, and how many there are. */
  get dropped(): { readonly labels: readonly LabelRecord[]; readonly count: number } {
    return { labels: this.#dropped, count: this.#droppedCount };
  }

  start(stopped: AbortSignal): void {
    this.#stopped = stopped;
    for (const active of this.#active.values()) this.#run(active, stopped);
    const { clock, onDiscovery } = this.#options;
    const sources = (this.spec.discovery ?? []).map((spec, i) =>
      discover(
        spec,
        clock,
        {
          onTargets: (part, targets) => {
            this.#parts.set(`${i} ${part}`, targets);
            this.#sync();
          },
          onState: (part, failure) => onDiscovery(`${this.spec.jobName}/${part}`, failure),
        },
        stopped,
      ),
    );
    this.#discovery = Promise.all(sources);
  }

  /** After `stopped` was aborted: resolves when nothing is appended any more. */
  async ended(): Promise<void> {
    await this.#discovery;
    await Promise.all([...this.#active.values()].map(({ loop }) => loop));
    await Promise.all(this.#ending);
    await Promise.all(this.targets.map((target) => target.close()));
  }

  #sync(): void {
    const wanted = this.#wanted();
    for (const [key, active] of this.#active) {
      if (wanted.has(key)) continue;
      this.#active.delete(key);
      this.#remove(active);
    }
    for (const [key, resolved] of wanted) {
      if (this.#active.has(key)) continue;
      const source = this.#options.uniqueName(
        `${this.spec.jobName}/${resolved.labels.instance ?? resolved.url.host}`,
      );
      const { clock, sinks } = this.#options;
      const more = { metricRelabel: this.#metricRelabel, sinks, refusal: () => this.#refusal() };
      const target = new ScrapeTarget(this.spec, resolved, source, clock, more);
      const active = { target, stop: new AbortController(), loop: Promise.resolve() };
      setMaxListeners(0, active.stop.signal);
      this.#active.set(key, active);
      if (this.#stopped) this.#run(active, this.#stopped);
    }
  }

  #refusal(): string | undefined {
    const { targetLimit: limit = 0 } = this.spec;
    const count = this.#active.size;
    return limit > 0 && count > limit
      ? `target_limit exceeded (number of targets: ${count}, limit: ${limit})`
      : undefined;
  }

  /** By what makes a target another one: where it is scraped, how often, and its labels. */
  #wanted(): Map<string, ResolvedTarget> {
    const wanted = new Map<string, ResolvedTarget>();
    const dropped: LabelRecord[] = [];
    this.#droppedCount = 0;
    for (const [part, targets] of this.#parts) {
      for (const declared of targets) {
        const resolved = this.#resolve(part, declared);
        if (resolved) {
          const { url, labels, intervalMs, timeoutMs } = resolved;
          wanted.set([url.href, intervalMs, timeoutMs, Labels.from(labels).key].join(' '), resolved);
          continue;
        }
        this.#droppedCount++;
        if (dropped.length < droppedMax) dropped.push(discoveredLabels(this.spec, declared));
      }
    }
    this.#dropped = dropped;
    return wanted;
  }

  /** What was discovered and cannot be scraped is told and left out; what the file names is a mistake of the file. */
  #resolve(part: string, declared: DeclaredTarget): ResolvedTarget | undefined {
    try {
      return resolveTarget(this.spec, declared, this.#relabel);
    } catch (error) {
      if (part === 'static' || !(error instanceof UserError)) throw error;
      this.#options.onDiscovery(`${this.spec.jobName}/${part}`, error.message);
      return undefined;
    }
  }

  #run(active: ActiveTarget, stopped: AbortSignal): void {
    const { clock, scrape } = this.#options;
    const { target, stop } = active;
    const signal = AbortSignal.any([stop.signal, stopped]);
    setMaxListeners(0, signal);
    active.loop = repeatAligned(clock, target.resolved.intervalMs, signal, (atMs) =>
      scrape(target, atMs, signal),
    );
  }

  #remove({ target, stop, loop }: ActiveTarget): void {
    stop.abort();
    const ending: Promise<void> = loop
      .then(async () => {
        if (!this.#stopped?.aborted) this.#options.append(target.end(this.#options.clock.now()));
        this.#options.onRemoved(target);
        await target.close();
      })
      .finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}
