import { exitCodes } from '../../base/catalogue.ts';
import { systemClock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { duration, listenAddress, size, splitAddress } from '../../base/scalars.ts';
import { type Features, storeOptionsOf } from '../../promql/features.ts';
import { ServerApp } from '../../server/app.ts';
import { emptyConfig, readServerConfig, type ServerConfig } from '../../server/config/read.ts';
import { SeriesStore } from '../../telemetry/metrics/store.ts';
import { importOpenMetrics } from '../../telemetry/recording/openmetrics-import.ts';
import { readSecretFile } from '../../telemetry/secret-file.ts';
import { showDiagnostics, showFailure } from '../failure.ts';
import { enabledFeatures } from '../features.ts';
import { withLeanHeap } from '../lean-heap.ts';
import { servedNotifier } from '../served-notifier.ts';
import { readUserFile } from '../surroundings.ts';
import { version } from '../version.ts';

export interface ServeOptions {
  readonly listen: string;
  readonly tokenFile?: string;
  readonly load?: string;
  readonly config?: string;
  readonly alertmanager?: string;
  readonly notify: string;
  readonly enableFeature?: readonly string[];
  readonly enableLifecycle?: boolean;
  readonly retention?: string;
  readonly retentionSize?: string;
}

/** The last hours as they are, which queries are fastest on; what is older compressed. */
const sealing = { rawMs: 8 * 3_600_000, cacheBytesMax: 64 * 2 ** 20 };

export async function serve(options: ServeOptions): Promise<number> {
  const { host, port } = splitAddress(optionValue(listenAddress, '--listen', options.listen)!)!;
  const features = enabledFeatures(options.enableFeature);
  const readConfig =
    options.config === undefined ? undefined : configReader(options, options.config, features);
  const config = (await readConfig?.()) ?? withRetention(emptyConfig, options);
  const alertmanager =
    options.alertmanager === undefined
      ? undefined
      : await servedNotifier(options.alertmanager, options.notify, `http://${options.listen}/`);
  const token = options.tokenFile && (await readSecretFile(options.tokenFile)).trim();
  const store = new SeriesStore(undefined, sealing, storeOptionsOf(features));
  const { load } = options;
  if (load) await withLeanHeap(() => importOpenMetrics(load, store));
  const app = new ServerApp({
    host,
    port,
    ...(token !== undefined && { token }),
    store,
    config,
    ...(readConfig && { readConfig }),
    lifecycle: options.enableLifecycle ?? false,
    onQuit: () => process.kill(process.pid, 'SIGTERM'),
    features,
    clock: systemClock,
    version,
    flags: flagsOf(options),
    ...(alertmanager && { alertmanager }),
    workingFolder: process.cwd(),
    log: (message) => process.stderr.write(`${message}\n`),
    onBug: showFailure,
  });
  const ended = stopSignal();
  const address = await app.start();
  // Before anybody is told that it runs.
  process.on('SIGHUP', () => void app.reload().catch(showFailure));
  process.stderr.write(`listening on http://${address}\n`);
  await ended;
  await app.stop();
  return exitCodes.pass;
}

/** Reads the file whenever it is called; options of the command line win over what it says. */
function configReader(options: ServeOptions, file: string, features: Features): () => Promise<ServerConfig> {
  return async () => {
    const config = await readServerConfig(file, readUserFile, features);
    showDiagnostics(config.warnings);
    return withRetention(config, options);
  };
}

function withRetention(config: ServerConfig, options: ServeOptions): ServerConfig {
  return {
    ...config,
    retentionMs: optionValue(duration, '--retention', options.retention) ?? config.retentionMs,
    retentionBytes: optionValue(size, '--retention-size', options.retentionSize) ?? config.retentionBytes,
  };
}

/** What an option's text means. Throws FD105 or what the schema says. */
function optionValue<T>(
  schema: {
    safeParse(text: string): { success: boolean; data?: T; error?: { issues: { message: string }[] } };
  },
  option: string,
  text: string | undefined,
): T | undefined {
  if (text === undefined) return undefined;
  const checked = schema.safeParse(text);
  if (!checked.success) throw UserError.of('FD105', `${option}: ${checked.error!.issues[0]!.message}`);
  return checked.data;
}

/** Names and values as status/flags shows them; the token is not among them. */
function flagsOf(options: ServeOptions): Record<string, string> {
  const shown = {
    'web.listen-address': options.listen,
    'config.file': options.config,
    'alertmanager.config.file': options.alertmanager,
    'storage.tsdb.retention.time': options.retention,
    'storage.tsdb.retention.size': options.retentionSize,
    'web.enable-lifecycle': String(options.enableLifecycle ?? false),
    'enable-feature': options.enableFeature?.join(','),
    load: options.load,
  };
  return Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, value ?? '']));
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
