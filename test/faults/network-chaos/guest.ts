// A virtual machine with Debian's kernel, in software: for what the kernel of the test machine lacks. The guest has a
// file system in memory with a few programs and modules, runs one program, and is gone with its process.

import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Condition } from '../../support/requires.ts';
import { cleanup } from '../leases/support.ts';

/** A folder in which Debian's package of a kernel (linux-image-VERSION-amd64) was unpacked by `dpkg -x`. */
const kernelFolder = process.env.FIREDRILL_GUEST_KERNEL ?? '';

export const guestKernel: Condition = {
  name: 'FIREDRILL_GUEST_KERNEL, a folder with an unpacked linux-image package',
  met: () => kernelFolder !== '' && existsSync(join(kernelFolder, 'boot')),
};

interface GuestFile {
  readonly from: string;
  /** Absolute path in the guest. */
  readonly to: string;
}

export interface GuestOptions {
  /** Where it is put together; removed by whoever made it. */
  readonly folder: string;
  /** Absolute paths, with the libraries that they are linked to. */
  readonly programs: readonly string[];
  readonly files: readonly GuestFile[];
  /** Names of kernel modules; what they depend on comes along. */
  readonly modules: readonly string[];
  /** Commands of sh, after everything is mounted and loaded. */
  readonly script: string;
  readonly timeoutMs: number;
}

/** Everything that the guest wrote to its console. */
export async function runGuest(options: GuestOptions): Promise<string> {
  const root = join(options.folder, 'root');
  for (const program of ['/bin/busybox', ...options.programs]) copyProgram(program, root);
  for (const { from, to } of options.files) copyInto(root, from, to);
  const modules = modulePaths(options.modules);
  for (const path of modules) copyInto(root, path, `/modules/${basename(path)}`);
  writeFileSync(
    join(root, 'init'),
    initScript(
      modules.map((path) => basename(path)),
      options.script,
    ),
  );
  chmodSync(join(root, 'init'), 0o755);
  const image = join(options.folder, 'initrd');
  // Not compressed: the guest would take longer to unpack it than we save.
  execFileSync('sh', ['-c', 'find . | busybox cpio -o -H newc >"$0" 2>/dev/null', image], { cwd: root });
  return await boot(image, options.timeoutMs);
}

function boot(image: string, timeoutMs: number): Promise<string> {
  const folder = join(kernelFolder, 'boot');
  const kernel = readdirSync(folder).find((name) => name.startsWith('vmlinuz'))!;
  const child = spawn(
    'qemu-system-x86_64',
    [
      ...[
        '-accel',
        'tcg,thread=multi',
        '-cpu',
        'max',
        '-m',
        '1024',
        '-nographic',
        '-no-reboot',
        '-nodefaults',
      ],
      ...['-serial', 'stdio', '-kernel', join(folder, kernel), '-initrd', image],
      ...['-append', 'console=ttyS0 quiet panic=-1'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  cleanup(() => {
    child.kill('SIGKILL');
  });
  return new Promise((resolve) => {
    let said = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    child.once('close', () => {
      clearTimeout(timer);
      resolve(said);
    });
  });
}

function initScript(modules: readonly string[], script: string): string {
  return `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp /bin /sbin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t cgroup2 cgroup2 /sys/fs/cgroup
export PATH=/usr/sbin:/usr/bin:/bin HOME=/tmp
${modules.map((name) => `insmod /modules/${name}`).join('\n')}
ip link set lo up
${script}
poweroff -f
`;
}

function copyProgram(path: string, root: string): void {
  copyInto(root, path, path);
  const linked = execFileSync('sh', ['-c', 'ldd "$0" 2>/dev/null || true', path], { encoding: 'utf8' });
  for (const [, library] of linked.matchAll(/(\/\S+) \(0x/g)) copyInto(root, library!, library!);
}

function copyInto(root: string, from: string, to: string): void {
  const place = join(root, to);
  mkdirSync(dirname(place), { recursive: true });
  if (!existsSync(place)) copyFileSync(from, place);
}

/** The modules and what they depend on, in the order in which they can be loaded. */
function modulePaths(names: readonly string[]): string[] {
  const listing = execFileSync('find', [join(kernelFolder, 'lib/modules'), '-name', '*.ko'], {
    encoding: 'utf8',
  });
  const byName = new Map(
    listing
      .split('\n')
      .filter(Boolean)
      .map((path) => [basename(path, '.ko').replaceAll('-', '_'), path]),
  );
  const ordered = new Set<string>();
  const visit = (name: string) => {
    const path = byName.get(name.replaceAll('-', '_'));
    // What is not there as a module is built in.
    if (path === undefined || ordered.has(path)) return;
    const depends = /\0depends=([^\0]*)\0/.exec(readFileSync(path, 'latin1'))?.[1] ?? '';
    for (const other of depends.split(',').filter(Boolean)) visit(other);
    ordered.add(path);
  };
  for (const name of names) visit(name);
  return [...ordered];
}
