// A container to break, in a Docker daemon of its own: both are made for one trial.

import { type Dockerd, startDockerd } from '../../test/support/dockerd.ts';
import { commandOf, groupsOf, linesOf } from './machine-look.ts';
import type { Answer } from './recipes.ts';

/** What a container is, as its engine says it; networks by name, because addresses may change. */
const template = [
  '{{.State.Status}}',
  '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.NanoCpus}} {{json .HostConfig.PidsLimit}}',
  '{{range $name, $network := .NetworkSettings.Networks}}{{$name}} {{end}}',
].join('; ');

/** Files of its control groups, below the hierarchy's folder. */
const groupFiles = [
  ['cpu', 'cpu.cfs_quota_us'],
  ['memory', 'memory.limit_in_bytes'],
  ['pids', 'pids.max'],
] as const;

export class TortureContainer {
  readonly name = 'service';
  readonly #daemon: Dockerd;
  #id = '';

  private constructor(daemon: Dockerd) {
    this.#daemon = daemon;
  }

  static async start(): Promise<TortureContainer> {
    const container = new TortureContainer(await startDockerd());
    container.#id = await container.#daemon.runWeb(container.name, ['--restart', 'always']);
    return container;
  }

  get socket(): string {
    return this.#daemon.socket;
  }

  /** Whether a process is the engine's, or in the container: those come and go as it is started again. */
  isPartOf(pid: number): boolean {
    const { folder } = this.#daemon;
    const isEngine = commandOf(pid).includes(folder) || /(^|\/)(dockerd|containerd)/.test(commandOf(pid));
    return isEngine || groupsOf(pid).includes(this.#id);
  }

  /** Mounts of the engine. */
  owns(mount: string): boolean {
    return mount.includes(this.#daemon.folder) || mount.includes('/docker/netns/');
  }

  /** Phrases, as of the machine. */
  async look(): Promise<string[]> {
    const inspect = (format: string) => this.#docker('inspect', '-f', format, this.name);
    const pid = (await inspect('{{.State.Pid}}')).trim();
    const groups = groupFiles.map(
      ([hierarchy, file]) =>
        `${file} ${linesOf(['cat', `/sys/fs/cgroup/${hierarchy}/${this.#parent}/${this.#id}/${file}`])}`,
    );
    const inside = [
      ['nft', 'list', 'ruleset'],
      ['tc', 'qdisc', 'show'],
    ].flatMap((command) => linesOf(['nsenter', '--target', pid, '--net', ...command]));
    // The engine counts its devices on when it attaches a network again.
    const devices = inside.map((line) => line.replace(/\beth\d+\b/, 'eth'));
    const outside = await this.#daemon.outside('nft', 'list', 'tables');
    const ours = outside.stdout.split('\n').filter((line) => line.includes('firedrill_'));
    return [await inspect(template), ...groups, ...devices, ...ours].map((line) => `container: ${line}`);
  }

  async ask(limitMs: number): Promise<Answer> {
    const startedAt = performance.now();
    const address = (await this.#daemon.addressOf(this.name).catch(() => '')) || '192.0.2.1';
    const seconds = String(limitMs / 1000);
    const { exitCode, stdout } = await this.#daemon.outside(
      ...['curl', '-s', '--max-time', seconds, '-w', ' %{http_code} %{time_total}'],
      `http://${address}:8080/index.html`,
    );
    const [, text = '', code, took] = /^(.*) (\d+) ([\d.]+)$/s.exec(stdout) ?? [];
    const ms = took === undefined ? performance.now() - startedAt : Number(took) * 1000;
    return { status: exitCode === 0 ? Number(code) : undefined, text, ms: Math.round(ms) };
  }

  /** Pid of the daemon, which does not answer while it is stopped. */
  get engine(): number | undefined {
    return Number(linesOf(['cat', `${this.#daemon.folder}/pid`])[0]) || undefined;
  }

  stop(): Promise<void> {
    return this.#daemon.stop();
  }

  get #parent(): string {
    return this.#daemon.folder.split('/').at(-1)!;
  }

  #docker(...args: readonly string[]): Promise<string> {
    return this.#daemon.docker(...args).catch((error: Error) => error.message.split('\n')[0]!);
  }
}
