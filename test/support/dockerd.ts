// A Docker daemon of the test's own: in a network namespace, a folder and control groups of its own, so that nothing of
// the machine's is touched. Its one image is busybox, made here, because there is no registry.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { image, makeImage, removeGroups, webCommand } from './engines.ts';

const readyMsMax = 20_000;

/** The programs that `startDockerd` needs, for `describeWith`. */
export const dockerdNeeds = ['dockerd', 'docker', 'busybox', 'ip', 'nsenter', 'curl'];

export interface Dockerd {
  readonly socket: string;
  readonly folder: string;
  /** Runs the daemon's own client, and returns what it prints. */
  docker(...args: readonly string[]): Promise<string>;
  /** Starts a container of busybox in the background; returns its id. `options` are those of `docker run`. */
  run(name: string, command: readonly string[], options?: readonly string[]): Promise<string>;
  /** Starts one with a web server on port 8080 that answers `hello`; returns its id. */
  runWeb(name: string, options?: readonly string[]): Promise<string>;
  /** Its address in the first network. */
  addressOf(name: string): Promise<string>;
  /** A program in the daemon's network namespace, where the containers can be reached. */
  outside(...command: readonly string[]): Promise<{ exitCode: number | undefined; stdout: string }>;
  /** What a web container answers within two seconds; its exit code when it does not. */
  ask(address: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startDockerd(): Promise<Dockerd> {
  const folder = mkdtempSync(join(tmpdir(), 'firedrill-dockerd-'));
  const name = basename(folder);
  const socket = join(folder, 'docker.sock');
  const config = join(folder, 'dockerd.json');
  writeFileSync(
    config,
    JSON.stringify({
      'data-root': join(folder, 'data'),
      'exec-root': join(folder, 'exec'),
      pidfile: join(folder, 'pid'),
      hosts: [`unix://${socket}`],
      'cgroup-parent': `/${name}`,
      'default-ulimits': { nofile: { Name: 'nofile', Soft: 1024, Hard: 1024 } },
    }),
  );
  execFileSync('ip', ['netns', 'add', name]);
  execFileSync('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  const log: string[] = [];
  // Not `ip netns exec`: it mounts /sys anew, without the control groups.
  const daemon = spawn('nsenter', [`--net=/run/netns/${name}`, 'dockerd', '--config-file', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  daemon.stderr.setEncoding('utf8').on('data', (text: string) => {
    log.push(text);
    log.splice(0, log.length - 50);
  });
  const dockerd = new RunningDockerd(folder, socket, daemon);
  try {
    await dockerd.ready(() => log.join(''));
    return dockerd;
  } catch (error) {
    await dockerd.stop();
    throw error;
  }
}

class RunningDockerd implements Dockerd {
  readonly folder: string;
  readonly socket: string;
  readonly #daemon: ChildProcess;
  constructor(folder: string, socket: string, daemon: ChildProcess) {
    this.folder = folder;
    this.socket = socket;
    this.#daemon = daemon;
  }

  get #name(): string {
    return basename(this.folder);
  }

  async ready(log: () => string): Promise<void> {
    const deadline = Date.now() + readyMsMax;
    for (;;) {
      if (existsSync(this.socket) && (await this.#answers())) break;
      if (Date.now() > deadline || this.#daemon.exitCode !== null)
        throw new Error(`dockerd is not ready: ${log()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await this.docker('import', await makeImage(this.folder), image);
  }

  async docker(...args: readonly string[]): Promise<string> {
    const { stdout } = await execa('docker', ['-H', `unix://${this.socket}`, ...args]);
    return stdout;
  }

  run(name: string, command: readonly string[], options: readonly string[] = []): Promise<string> {
    return this.docker('run', '-d', '--name', name, ...options, image, ...command);
  }

  async runWeb(name: string, options: readonly string[] = []): Promise<string> {
    const id = await this.run(name, webCommand, options);
    const address = await this.addressOf(name);
    for (let tries = 0; address !== '' && tries < 50 && (await this.ask(address)) !== 'hello'; tries++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    return id;
  }

  addressOf(name: string): Promise<string> {
    const template = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}';
    return this.docker('inspect', '-f', template, name).then((text) => text.trim().split(' ')[0] ?? '');
  }

  async outside(...command: readonly string[]): Promise<{ exitCode: number | undefined; stdout: string }> {
    const args = [`--net=/run/netns/${this.#name}`, ...command];
    const { exitCode, stdout } = await execa('nsenter', args, { reject: false });
    return { exitCode, stdout };
  }

  async ask(address: string): Promise<string> {
    const url = `http://${address}:8080/index.html`;
    const { exitCode, stdout } = await this.outside('curl', '-s', '--max-time', '2', url);
    return exitCode === 0 ? stdout : `curl exits with ${exitCode}`;
  }

  async stop(): Promise<void> {
    if (this.#daemon.exitCode === null) {
      const containers = await this.docker('ps', '-aq').catch(() => '');
      if (containers) await this.docker('rm', '-f', ...containers.split('\n')).catch(() => {});
      const gone = new Promise((resolve) => this.#daemon.once('exit', resolve));
      this.#daemon.kill('SIGTERM');
      const forced = setTimeout(() => this.#daemon.kill('SIGKILL'), 10_000);
      await gone;
      clearTimeout(forced);
    }
    for (const mount of mountsBelow(this.folder)) execFileSync('umount', ['-l', mount]);
    execFileSync('ip', ['netns', 'delete', this.#name]);
    await removeGroups(this.#name);
    rmSync(this.folder, { recursive: true, force: true });
    removeStrays();
  }

  async #answers(): Promise<boolean> {
    return await this.docker('version').then(
      () => true,
      () => false,
    );
  }
}

/** The deepest first. */
function mountsBelow(folder: string): string[] {
  const lines = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return lines
    .map((line) => line.split(' ')[1] ?? '')
    .filter((mount) => mount.startsWith(`${folder}/`))
    .reverse();
}

/** What every daemon makes whatever its configuration says; left alone while another one may use it. */
function removeStrays(): void {
  const others = ['/run/docker.sock', '/run/containerd/containerd.sock'];
  if (!others.some((path) => existsSync(path)))
    for (const path of ['/run/docker', '/run/containerd']) removeEmpty(path);
}

function removeEmpty(folder: string): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeEmpty(join(folder, entry.name));
  try {
    rmdirSync(folder);
  } catch {
    // Sockets of another test's containers are in it.
  }
}
