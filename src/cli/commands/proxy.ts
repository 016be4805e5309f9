import { randomInt } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { exitCodes } from '../../base/catalogue.ts';
import { type Clock, systemClock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { duration } from '../../base/scalars.ts';
import { ProxyServer } from '../../server/proxy/server.ts';
import { readSecretFile } from '../../telemetry/secret-file.ts';
import { showFailure } from '../failure.ts';
import { readUserFile } from '../surroundings.ts';
import { version } from '../version.ts';

export interface ProxyOptions {
  readonly host: string;
  readonly port: string;
  readonly config?: string;
  readonly seed?: string;
  readonly runtimeMetrics?: boolean;
  readonly proxyMetrics?: boolean;
  readonly tokenFile?: string;
  readonly toxicTtl?: string;
}

/** Toxics of few milliseconds need a finer time than whole ones, and none that is set in between. */
const preciseClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  sleep: systemClock.sleep,
};

export async function proxy(options: ProxyOptions): Promise<number> {
  const port = wholeNumber('--port', options.port, 65_535);
  const seed = options.seed === undefined ? randomInt(2 ** 32) : wholeNumber('--seed', options.seed);
  const token = options.tokenFile && (await readSecretFile(options.tokenFile)).trim();
  const toxicTtlMs = options.toxicTtl === undefined ? undefined : ttlOf(options.toxicTtl);
  const server = new ProxyServer({
    // As a name it might be the one of IPv6, to which not every client library goes.
    host: options.host === 'localhost' ? '127.0.0.1' : options.host,
    port,
    ...(token !== undefined && { token }),
    ...(toxicTtlMs !== undefined && { toxicTtlMs }),
    clock: preciseClock,
    seed,
    version,
    metrics: { proxy: options.proxyMetrics ?? false, runtime: options.runtimeMetrics ?? false },
    onBug: showFailure,
  });
  const ended = stopSignal();
  try {
    if (options.config !== undefined) {
      const proxies = await server.populate(options.config, await readUserFile(options.config));
      process.stderr.write(`${proxies} proxies of ${options.config}\n`);
    }
    process.stderr.write(`listening on http://${await server.start()}, seed ${seed}\n`);
    await ended;
  } finally {
    await server.stop();
  }
  return exitCodes.pass;
}

function wholeNumber(option: string, text: string, max = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= max) return value;
  throw UserError.of('FD105', `${option}: ${JSON.stringify(text)} is no whole number from 0 to ${max}`);
}

function ttlOf(text: string): number {
  const checked = duration.safeParse(text);
  if (checked.success) return checked.data;
  throw UserError.of('FD112', `--toxic-ttl: ${checked.error.issues[0]!.message}`);
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
