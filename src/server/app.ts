// The embedded engine as a server: the store, what fills it, what is computed from it, and the HTTP API in front. It
// starts and stops as one; the command line only says with what.

import type { Clock } from '../base/clock.ts';
import { UserError } from '../base/diagnostics.ts';
import { type Features, ingestOptionsOf } from '../promql/features.ts';
import { lookbackMsDefault } from '../promql/walk.ts';
import type { GroupOptions } from '../rules/group.ts';
import { repeatAligned } from '../telemetry/aligned-loop.ts';
import { labelLimitsDefault } from '../telemetry/config/scrape-config.ts';
import { ExemplarStore } from '../telemetry/metrics/exemplars.ts';
import { MetadataStore } from '../telemetry/metrics/metadata.ts';
import type { LabelLimits } from '../telemetry/metrics/scrape-spec.ts';
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
import { addStatusRoutes, type LastReload } from './api/status.ts';
import { addTargetRoutes } from './api/targets.ts';
import type { ServerConfig } from './config/read.ts';
import { isLoopback } from './http/access.ts';
import { success } from './http/answer.ts';
import { Listener, type ListenerLimits } from './http/listener.ts';
import { Router } from './http/router.ts';
import { addLifecycleRoutes } from './lifecycle.ts';
import { RuleRunner } from './rule-runner.ts';
import { ScrapeJobs } from './scrape-jobs.ts';
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
  /** For `reload`; undefined when there is none to read. */
  readonly readConfig?: () => Promise<ServerConfig>;
  /** Whether a request may reload the configuration or end the server. */
  readonly lifecycle?: boolean;
  /** A request has asked for the end. */
  onQuit?(): void;
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
  #config: ServerConfig;
  #lastReload: LastReload;
  /** One at a time. */
  #reloading: Promise<void> = Promise.resolve();
  readonly #scrapes: ScrapeJobs;
  readonly #rules: RuleRunner;
  readonly #alertmanager: Alertmanager | undefined;
  readonly #gate: QueryGate;
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
    this.#gate = new QueryGate(clock, this.#limits.queries, this.#limits.queriesWaiting);
    this.#exemplars = new ExemplarStore(config.exemplarsMax);
    this.#config = config;
    this.#lastReload = { ok: true, atMs: this.#startedMs };
    this.#scrapes = new ScrapeJobs(config.scrape, {
      ...{ store, clock, labelLimits: this.#limits.labels },
      listener: {
        onFailure: (source, reason) => options.log(`${source} fails: ${reason}`),
        onRecovery: (source) => options.log(`${source} works again`),
      },
      sinks: {
        ingest: ingestOptionsOf(options.features),
        metadata: this.#metadata,
        exemplars: this.#exemplars,
      },
    });
    const { version, log, onBug } = options;
    this.#alertmanager =
      options.alertmanager && new Alertmanager({ ...options.alertmanager, clock, version, log, onBug });
    this.#rules = new RuleRunner(config.groups, this.#groupOptions(config), {
      ...{ clock, source: store },
      append: (batch) => store.appendBatch(batch),
      onDue: (alerts) => this.#alertmanager?.receive(alerts),
    });
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
    this.#scrapes.start();
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
    await this.#scrapes.stop();
  }

  /**
   * Reads the configuration again and goes on with it; jobs and groups that are the same are not interrupted. Rejects
   * with what is wrong, and then nothing has changed.
   */
  reload(): Promise<void> {
    const reloaded = this.#reloading.then(() => this.#reload());
    this.#reloading = reloaded.catch(() => {});
    return reloaded;
  }

  async #reload(): Promise<void> {
    const { readConfig, clock, log } = this.#options;
    try {
      const config = await readConfig?.();
      if (!config) throw UserError.of('FD905', 'the server was started without a configuration');
      await this.#scrapes.replace(config.scrape);
      await this.#rules.replace(config.groups, this.#groupOptions(config));
      this.#config = config;
      this.#lastReload = { ok: true, atMs: clock.now() };
      log('the configuration was read again');
    } catch (error) {
      this.#lastReload = { ...this.#lastReload, ok: false };
      throw error;
    }
  }

  #groupOptions({ evaluationIntervalMs, externalLabels }: ServerConfig): GroupOptions {
    const { host, port, features, clock } = this.#options;
    return {
      defaultIntervalMs: evaluationIntervalMs,
      externalLabels,
      externalUrl: `http://${host}:${port}/`,
      offset: 'hash',
      features,
      now: () => clock.now(),
      queryTimeoutMs: this.#limits.queryTimeoutMs,
    };
  }

  #retain(atMs: number): void {
    const { store } = this.#options;
    const { retentionMs, retentionBytes: bytesMax } = this.#config;
    store.retain({ keepFromMs: retentionMs === undefined ? undefined : atMs - retentionMs, bytesMax });
  }

  #routes(): Router {
    const { store, clock, features, version, flags, workingFolder } = this.#options;
    const { querySamples, queryTimeoutMs, body, labels } = this.#limits;
    const now = () => clock.now();
    const router = new Router();
    addQueryRoutes(router, {
      store,
      gate: this.#gate,
      limits: { samples: querySamples, timeoutMs: queryTimeoutMs },
      lookbackMs: lookbackMsDefault,
      defaultSubqueryStepMs: () => this.#config.evaluationIntervalMs,
      features,
      now,
    });
    addSeriesRoutes(router, store);
    addExpressionRoutes(router, this.#exemplars, features);
    addTargetRoutes(router, this.#scrapes, this.#metadata);
    const alertsUrl = `http://${this.#options.host}:${this.#options.port}/api/v2/alerts`;
    const activeAlertmanagers = this.#alertmanager ? [{ url: alertsUrl }] : [];
    router.add('GET', '/api/v1/alertmanagers', () =>
      success({ activeAlertmanagers, droppedAlertmanagers: [] }),
    );
    addRuleRoutes(router, this.#rules);
    const ingest = ingestOptionsOf(features);
    const besides = { metadata: this.#metadata, exemplars: this.#exemplars };
    const sinks = { store, clock, labelLimits: labels, ...besides };
    addRemoteWriteRoutes(router, { ...sinks, source: 'remote-write' }, body, ingest);
    addAlertmanagerRoutes(router, this.#alertmanager, { bytesMax: body.bytesMax, labels });
    addOtlpRoutes(router, { ...sinks, source: 'otlp' }, body, ingest);
    addStatusRoutes(router, {
      ...{ store, version, flags, workingFolder, now },
      startedMs: this.#startedMs,
      config: () => this.#config,
      lastReload: () => this.#lastReload,
    });
    addLifecycleRoutes(router, {
      enabled: this.#options.lifecycle ?? false,
      reload: () => this.reload(),
      quit: () => this.#options.onQuit?.(),
    });
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
      gauge(
        'prometheus_config_last_reload_successful',
        'Whether the last attempt to read the configuration succeeded.',
        this.#lastReload.ok ? 1 : 0,
      ),
      gauge(
        'prometheus_config_last_reload_success_timestamp_seconds',
        'When the configuration was last read, Unix seconds.',
        this.#lastReload.atMs / 1000,
      ),
      gauge('process_resident_memory_bytes', 'Resident memory in bytes.', rss),
      gauge('nodejs_heap_size_used_bytes', 'Memory in use of the heap.', heapUsed),
      gauge('prometheus_engine_queries', 'Queries that are worked on or wait.', this.#gate.size),
      gauge('prometheus_engine_queries_concurrent_max', 'Queries worked on at once.', this.#limits.queries),
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
