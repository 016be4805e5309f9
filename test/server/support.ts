// A server of the embedded engine inside the test's process, on a free port of loopback.

import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { Labels } from '../../src/base/labels.ts';
import { type Features, noFeatures } from '../../src/promql/features.ts';
import { ServerApp, type ServerOptions } from '../../src/server/app.ts';
import { emptyConfig, readServerConfig } from '../../src/server/config/read.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';

export interface TestApp {
  readonly url: string;
  /** host:port */
  readonly address: string;
  readonly store: SeriesStore;
  readonly log: string[];
  get(path: string): Promise<{ status: number; body: string }>;
  /** Of a path below /api/v1: the parsed envelope. */
  api(path: string): Promise<Envelope>;
  stop(): Promise<void>;
}

interface Envelope {
  readonly status: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
  readonly data?: any;
  readonly error?: string;
  readonly errorType?: string;
  readonly warnings?: string[];
}

const running: TestApp[] = [];
const bugs: unknown[] = [];

/** Ends every server that a test has started; fails when one of them met a bug of ours. */
export async function stopApps(): Promise<void> {
  await Promise.all(running.splice(0).map((app) => app.stop()));
  const [first] = bugs.splice(0);
  if (first) throw first;
}

export async function startApp(options: Partial<ServerOptions> = {}): Promise<TestApp> {
  const store = options.store ?? new SeriesStore();
  const log: string[] = [];
  const app = new ServerApp({
    host: '127.0.0.1',
    port: 0,
    config: emptyConfig,
    features: new Set(),
    clock: systemClock,
    version: 'test',
    flags: { load: '' },
    workingFolder: '/',
    log: (message) => log.push(message),
    onBug: (error) => bugs.push(error),
    ...options,
    store,
  });
  const address = await app.start();
  const url = `http://${address}`;
  const get = async (path: string) => {
    const response = await fetch(`${url}${path}`);
    return { status: response.status, body: await response.text() };
  };
  const started: TestApp = {
    ...{ url, address, store, log, get },
    api: async (path) => JSON.parse((await get(`/api/v1/${path}`)).body),
    stop: () => app.stop(),
  };
  running.push(started);
  return started;
}

/** The configuration of a prometheus.yml with this text. */
export async function configOf(folder: string, yaml: string, features: Features = noFeatures) {
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, yaml);
  return readServerConfig(file, (path) => readFile(path, 'utf8'), features);
}

/** `up` of two jobs and a counter, on whole quarters of a minute from 1,700,000,000 on. */
export function smallStore(): SeriesStore {
  const store = new SeriesStore();
  const at = (seconds: number) => (1_700_000_000 + seconds) * 1000;
  const labels = (text: string, job: string) => Labels.from({ __name__: text, job });
  for (let step = 0; step < 5; step++)
    store.appendBatch({
      source: 'test',
      atMs: at(step * 15),
      samples: [
        { labels: labels('up', 'a'), value: 1 },
        { labels: labels('up', 'b'), value: step === 2 ? 0 : 1 },
        { labels: labels('requests_total', 'a'), value: step * 30 },
      ],
    });
  return store;
}
