import { exitCodes } from '../../base/catalogue.ts';
import { systemClock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { duration, listenAddress, size, splitAddress } from '../../base/scalars.ts';
import { ServerApp } from '../../server/app.ts';
import { emptyConfig, readServerConfig } from '../../server/config/read.ts';
import { SeriesStore } from '../../telemetry/metrics/store.ts';
import { importOpenMetrics } from '../../telemetry/recording/openmetrics-import.ts';
import { readSecretFile } from '../../telemetry/secret-file.ts';
import { showDiagnostics, showFailure } from '../failure.ts';
import { enabledFeatures } from '../features.ts';
import { readUserFile } from '../surroundings.ts';
import { version } from '../version.ts';

export interface ServeOptions {
  readonly listen: string;
  readonly tokenFile?: string;
  readonly load?: string;
  readonly config?: string;
  readonly enableFeature?: readonly string[];
  readonly retention?: string;
  readonly retentionSize?: string;
}

/** The last hours as they are, which queries are fastest on; what is older compressed. */
const sealing = { rawMs: 8 * 3_600_000, cacheBytesMax: 64 * 2 ** 20 };

export async function serve(options: ServeOptions): Promise<number> {
  const { host, port } = splitAddress(optionValue(listenAddress, '--listen', options.listen)!)!;
  const features = enabledFeatures(options.enableFeature);
  const config = options.config
    ? await readServerConfig(options.config, readUserFile, features)
    : emptyConfig;
  showDiagnostics(config.warnings);
  const token = options.tokenFile && (await readSecretFile(options.tokenFile)).trim();
  const retentionMs = optionValue(duration, '--retention', options.retention) ?? config.retentionMs;
  const retentionBytes =
    optionValue(size, '--retention-size', options.retentionSize) ?? config.retentionBytes;
  const store = new SeriesStore(undefined, sealing);
  if (options.load) await importOpenMetrics(options.load, store);
  const app = new ServerApp({
    host,
    port,
    ...(token !== undefined && { token }),
    store,
    config: { ...config, retentionMs, retentionBytes },
    features,
    clock: systemClock,
    version,
    flags: flagsOf(options),
    workingFolder: process.cwd(),
    log: (message) => process.stderr.write(`${message}\n`),
    onBug: showFailure,
  });
  const ended = stopSignal();
  const address = await app.start();
  process.stderr.write(`listening on http://${address}\n`);
  await ended;
  await app.stop();
  return exitCodes.pass;
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
    'storage.tsdb.retention.time': options.retention,
    'storage.tsdb.retention.size': options.retentionSize,
    'enable-feature': options.enableFeature?.join(','),
    load: options.load,
  };
  return Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, value ?? '']));
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}
