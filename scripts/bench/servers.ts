// The two servers that are compared, as processes of their own on free ports of the loopback interface.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const readyWithinMs = 180_000;

export class Server {
  readonly url: string;
  readonly #process: ChildProcess;

  constructor(url: string, process: ChildProcess) {
    this.url = url;
    this.#process = process;
  }

  /** Resident memory in megabytes: what it is now, or the most that it has been. */
  memoryMb(which: 'VmRSS' | 'VmHWM'): number {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, 'utf8');
    return Number(new RegExp(`^${which}:\\s+(\\d+) kB`, 'm').exec(status)![1]) / 1024;
  }

  /** Processor time so far, in milliseconds; the clock ticks a hundred times a second. */
  cpuMs(): number {
    const stat = readFileSync(`/proc/${this.#process.pid}/stat`, 'utf8');
    // The name of the program in parentheses may have blanks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(timer);
  }
}

async function started(
  program: string,
  args: readonly string[],
  port: number,
  servers: Server[],
): Promise<Server> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  await once(child, 'spawn');
  const server = new Server(`http://127.0.0.1:${port}`, child);
  servers.push(server);
  const deadline = performance.now() + readyWithinMs;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
    const answer = await fetch(`${server.url}/-/ready`).catch(() => undefined);
    if (answer?.ok) return server;
    await delay(50);
  }
  throw new Error(`${program} was not ready within ${readyWithinMs / 1000} s`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}

/** Our built server on the samples of a file; it is added to `servers` as soon as it runs. */
export async function startOurs(program: string, file: string, servers: Server[]): Promise<Server> {
  const port = await freePort();
  const args = [program, 'serve', '--listen', `127.0.0.1:${port}`, '--load', file];
  return started(process.execPath, args, port, servers);
}

/** A Prometheus on blocks that are built from a file. */
export async function startPrometheus(folder: string, file: string, servers: Server[]): Promise<Server> {
  const data = join(folder, 'data');
  const promtool = process.env.PROMTOOL_BIN ?? 'promtool';
  await promisify(execFile)(promtool, ['tsdb', 'create-blocks-from', 'openmetrics', '-q', file, data]);
  const config = join(folder, 'prometheus.yml');
  writeFileSync(config, 'global: {}\n');
  const port = await freePort();
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${data}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--storage.tsdb.retention.time=100y',
    // Nothing is compacted while we measure.
    '--storage.tsdb.min-block-duration=2h',
    '--storage.tsdb.max-block-duration=2h',
    '--log.level=error',
  ];
  return started(process.env.PROMETHEUS_BIN ?? 'prometheus', args, port, servers);
}
