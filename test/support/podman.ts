// Podman's service with a folder of its own; its containers have no network, and are asked from inside.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { image, makeImage, removeGroups, webCommand } from './engines.ts';

export const podmanNeeds = ['podman', 'runc', 'conmon', 'busybox', 'nsenter'];

export interface Podman {
  readonly socket: string;
  podman(...args: readonly string[]): Promise<string>;
  /** Starts a container with a web server; returns its id. */
  runWeb(name: string): Promise<string>;
  /** What it answers within two seconds, asked inside of it; `no answer` when it does not. */
  ask(name: string): Promise<string>;
  stop(): Promise<void>;
}

/** Made whatever the configuration says. */
const strayPaths = ['/run/runc', '/run/libpod', '/var/lib/containers', '/dev/shm/libpod_lock'];
const strayGroup = 'libpod_parent';
const readyTries = 200;

export async function startPodman(): Promise<Podman> {
  const strays = strayPaths.filter((path) => !existsSync(path));
  const folder = mkdtempSync(join(tmpdir(), 'firedrill-podman-'));
  const name = basename(folder);
  const socket = join(folder, 'podman.sock');
  const file = (base: string, lines: readonly string[]) => {
    writeFileSync(join(folder, base), lines.join('\n'));
    return join(folder, base);
  };
  const env = {
    CONTAINERS_CONF: file('containers.conf', [
      '[containers]',
      'default_ulimits=["nofile=1024:1024","nproc=4096:4096"]',
      '[engine]',
      'runtime="runc"',
      'cgroup_manager="cgroupfs"',
      'events_logger="none"',
      `tmp_dir="${join(folder, 'tmp')}"`,
    ]),
    CONTAINERS_STORAGE_CONF: file('storage.conf', [
      '[storage]',
      'driver="vfs"',
      `graphroot="${join(folder, 'graph')}"`,
      `runroot="${join(folder, 'run')}"`,
    ]),
  };
  const podman = async (...args: readonly string[]) => (await execa('podman', args, { env })).stdout;
  await podman('import', await makeImage(folder), image);
  const service = spawn('podman', ['system', 'service', '--time=0', `unix://${socket}`], {
    env: { ...process.env, ...env },
    stdio: 'ignore',
  });
  const stop = async () => {
    await podman('rm', '-f', '-t', '0', '-a').catch(() => {});
    const gone = new Promise((resolve) => service.once('exit', resolve));
    if (service.exitCode === null && service.kill('SIGTERM')) await gone;
    await removeGroups(name);
    await removeGroups(strayGroup);
    for (const path of [folder, ...strays]) rmSync(path, { recursive: true, force: true });
  };
  for (let tries = 0; !existsSync(socket) && tries < readyTries; tries++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return {
    socket,
    podman,
    runWeb: (container) =>
      podman(
        'run',
        '-d',
        '--network',
        'none',
        '--cgroup-parent',
        `/${name}`,
        '--name',
        container,
        image,
        ...webCommand,
      ),
    async ask(container) {
      const pid = await podman('inspect', '-f', '{{.State.Pid}}', container);
      const args = [
        '--target',
        pid,
        '--net',
        'curl',
        '-s',
        '--max-time',
        '2',
        'http://127.0.0.1:8080/index.html',
      ];
      const { exitCode, stdout } = await execa('nsenter', args, { reject: false });
      return exitCode === 0 ? stdout : 'no answer';
    },
    stop,
  };
}
