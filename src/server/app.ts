// The embedded engine as a server: the store, what fills it, what is computed from it, and the HTTP API in front. It
// starts and stops as one; the command line only says with what.

import type { Clock } from '../base/clock.ts';
import { UserError } from '../base/diagnostics.ts';
import type { Features } from '../promql/features.ts';
import { lookbackMsDefault } from '../promql/walk.ts';
import { repeatAligned } from '../telemetry/aligned-loop.ts';
import { labelLimitsDefault } from '../telemetry/config/scrape-config.ts';
import { ExemplarStore } from '../telemetry/metrics/exemplars.ts';
import { MetadataStore } from '../telemetry/metrics/metadata.ts';
import { Scraper } from '../telemetry/metrics/scrape.ts';
import type { LabelLimits, ScrapeSpec } from '../telemetry/metrics/scrape-spec.ts';
import type { SeriesStore } from '../telemetry/metrics/store.ts';
import { Alertmanager, type AlertmanagerOptions } from './alerts/alertmanager.ts';
import { addAlertmanagerRoutes } from './alerts/routes.ts';
import { addExpressionRoutes } from './api/expressions.ts';
import { addOtlpRoutes } from './api/otlp.ts';
import { addQueryRoutes } from './api/queries.ts';
import { QueryGate } from './api/query-gate.ts';
import { addRemoteWriteRoutes, type BodyLimits } from './api/remote-write.ts';
import { addRuleRoutes } from './api/rules.ts';
import { addSeriesRoutes } from './api/series.ts';
import { addStatusRoutes } from './api/status.ts';
import { addTargetRoutes } from './api/targets.ts';
import type { ServerConfig } from './config/read.ts';
import { isLoopback } from './http/access.ts';
import { text } from './http/answer.ts';
import { Listener, type ListenerLimits } from './http/listener.ts';
import { Router } from './http/router.ts';
import { RuleRunner } from './rule-runner.ts';
import { SelfMetrics } from './self-metrics.ts';

export interface ServerLimits {
  /** Queries that are worked on at once, and those that may wait for their turn. */
  readonly queries: number;
  readonly queriesWaiting: number;
  readonly querySamples: number;
  readonly queryTimeoutMs: number;
  /** Of what is sent to us. */
  readonly body: BodyLimits;
  /** Of what is sent to us, and of what is scraped where the configuration names no limits. */
  readonly labels: LabelLimits;
  readonly http: Partial<ListenerLimits>;
  /** How often what is beyond the retention is forgotten. */
  readonly retainEveryMs: number;
}

const defaultServerLimits: ServerLimits = {
  queries: 20,
  queriesWaiting: 1000,
  querySamples: 50_000_000,
  queryTimeoutMs: 120_000,
  body: { bytesMax: 32 * 2 ** 20, decodedBytesMax: 64 * 2 ** 20 },
  labels: labelLimitsDefault,
  http: {},
  retainEveryMs: 30_000,
};

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly token?: string;
  readonly store: SeriesStore;
  readonly config: ServerConfig;
  readonly features: Features;
  readonly clock: Clock;
  readonly version: string;
  readonly flags: Readonly<Record<string, string>>;
  readonly workingFolder: string;
  readonly limits?: Partial<ServerLimits>;
  /** The Alertmanager to be; without it the server notifies nobody. */
  readonly alertmanager?: Pick<AlertmanagerOptions, 'config' | 'configYaml' | 'notify'>;
  /** What somebody should know: a target that fails or works again. */
  log(message: string): void;
  onBug(error: unknown): void;
}

export class ServerApp {
  readonly #options: ServerOptions;
  readonly #limits: ServerLimits;
  readonly #metadata = new MetadataStore();
  readonly #exemplars: ExemplarStore;
  readonly #metrics = new SelfMetrics();
  readonly #scraper: Scraper;
  readonly #rules: RuleRunner;
  readonly #alertmanager: Alertmanager | undefined;
  readonly #listener: Listener;
  readonly #startedMs: number;
  readonly #stopping = new AbortController();
  #retaining: Promise<void> = Promise.resolve();

  /** Throws a UserError when the configuration cannot be carried out, or when anybody could reach the server. */
  constructor(options: ServerOptions) {
    const { host, port, token, store, config, clock } = options;
    if (token === undefined && !isLoopback(host))
      throw UserError.of('FD902', `${host} can be reached from other machines, and no token is required`);
    this.#options = options;
    this.#limits = { ...defaultServerLimits, ...options.limits };
    this.#startedMs = clock.now();
    this.#exemplars = new ExemplarStore(config.exemplarsMax);
    this.#scraper = new Scraper(
      config.scrape.map((spec) => withLabelLimits(spec, this.#limits.labels)),
      store,
      clock,
      {
        onFailure: (source, reason) => options.log(`${source} fails: ${reason}`),
        onRecovery: (source) => options.log(`${source} works again`),
      },
      { metadata: this.#metadata, exemplars: this.#exemplars },
    );
    const { version, log, onBug } = options;
    this.#alertmanager =
      options.alertmanager && new Alertmanager({ ...options.alertmanager, clock, version, log, onBug });
    this.#rules = new RuleRunner(
      config.groups,
      {
        defaultIntervalMs: config.evaluationIntervalMs,
        externalLabels: config.externalLabels,
        externalUrl: `http://${host}:${port}/`,
        offset: 'hash',
        features: options.features,
      },
      {
        clock,
        source: store,
        append: (batch) => store.appendBatch(batch),
        onDue: (alerts) => this.#alertmanager?.receive(alerts),
      },
    );
    this.#listener = new Listener({
      host,
      port,
      ...(token !== undefined && { token }),
      router: this.#routes(),
      limits: this.#limits.http,
      onAnswer: (route, status) => this.#metrics.countRequest(route, status),
      onBug: options.onBug,
    });
  }

  /** host:port on which it answers. */
  async start(): Promise<string> {
    const address = await this.#listener.start();
    this.#scraper.start();
    this.#alertmanager?.start();
    this.#rules.start();
    const { clock } = this.#options;
    this.#retaining = repeatAligned(clock, this.#limits.retainEveryMs, this.#stopping.signal, (atMs) =>
      this.#retain(atMs),
    );
    return address;
  }

  /** Answers what is under way, then ends; nothing is appended any more. */
  async stop(): Promise<void> {
    await this.#listener.stop();
    this.#stopping.abort();
    await this.#retaining;
    await this.#rules.stop();
    await this.#alertmanager?.stop();
    await this.#scraper.stop();
  }

  #retain(atMs: number): void {
    const { store, config } = this.#options;
    const { retentionMs, retentionBytes: bytesMax } = config;
    store.retain({ keepFromMs: retentionMs === undefined ? undefined : atMs - retentionMs, bytesMax });
  }

  #routes(): Router {
    const { store, clock, config, features, version, flags, workingFolder } = this.#options;
    const { queries, queriesWaiting, querySamples, queryTimeoutMs, body, labels } = this.#limits;
    const now = () => clock.now();
    const router = new Router();
    addQueryRoutes(router, {
      store,
      gate: new QueryGate(clock, queries, queriesWaiting),
      limits: { samples: querySamples, timeoutMs: queryTimeoutMs },
      lookbackMs: lookbackMsDefault,
      defaultSubqueryStepMs: config.evaluationIntervalMs,
      features,
      now,
    });
    addSeriesRoutes(router, store);
    addExpressionRoutes(router, this.#exemplars, features);
    addTargetRoutes(router, this.#scraper, this.#metadata);
    addRuleRoutes(router, this.#rules);
    const sinks = { store, metadata: this.#metadata, exemplars: this.#exemplars, labelLimits: labels };
    addRemoteWriteRoutes(router, { ...sinks, source: 'remote-write' }, body);
    addAlertmanagerRoutes(router, this.#alertmanager, { bytesMax: body.bytesMax, labels });
    addOtlpRoutes(router, { ...sinks, source: 'otlp' }, body);
    const { yaml: configYaml, retentionMs } = config;
    addStatusRoutes(router, {
      ...{ store, version, configYaml, flags, retentionMs, workingFolder, now },
      startedMs: this.#startedMs,
    });
    router.add('GET', '/-/healthy', () => text(200, 'Prometheus Server is Healthy.\n'));
    router.add('GET', '/-/ready', () => text(200, 'Prometheus Server is Ready.\n'));
    router.add('GET', '/metrics', () => ({
      status: 200,
      contentType: 'text/plain; version=0.0.4; charset=utf-8',
      body: this.#metrics.render(this.#gauges()),
    }));
    return router;
  }

  #gauges() {
    const { store, version } = this.#options;
    const gauge = (name: string, help: string, value: number, labels = '') => ({
      ...{ name, help },
      type: 'gauge' as const,
      values: [[labels, value] as const],
    });
    const { rss, heapUsed } = process.memoryUsage();
    const { rawBytes, sealedBytes } = store.memory();
    return [
      gauge('firedrill_build_info', 'The version of firedrill.', 1, `version="${version}"`),
      gauge('process_start_time_seconds', 'Start of the server, Unix seconds.', this.#startedMs / 1000),
      gauge('process_resident_memory_bytes', 'Resident memory in bytes.', rss),
      gauge('nodejs_heap_size_used_bytes', 'Memory in use of the heap.', heapUsed),
      gauge('prometheus_tsdb_head_series', 'Series in the store.', store.seriesCount),
      gauge('firedrill_store_bytes', 'Memory of the samples in bytes.', rawBytes + sealedBytes),
      gauge('firedrill_store_samples', 'Samples and stale markers in the store.', store.sampleCount),
      gauge(
        'firedrill_store_samples_dropped',
        'Samples refused: out of order or repeated.',
        store.droppedCount,
      ),
      gauge(
        'prometheus_tsdb_exemplar_exemplars_in_storage',
        'Exemplars that are kept.',
        this.#exemplars.size,
      ),
    ];
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
