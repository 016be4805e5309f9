// What the container engines of tests have in common: the one image, made here because there is no registry, and the
// control groups that they leave behind.

import { existsSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { copyFile, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

export const image = 'firedrill-test/busybox:1';

/** What a web container runs; it answers `hello` for /index.html on port 8080. */
export const webCommand = ['/bin/httpd', '-f', '-p', '8080', '-h', '/www'];

const applets = ['sh', 'httpd', 'sleep', 'wget', 'nslookup', 'cat', 'dd'];

/** Path of an archive with busybox, for `docker import`. */
export async function makeImage(folder: string): Promise<string> {
  const root = join(folder, 'image');
  for (const name of ['bin', 'www', 'tmp']) await mkdir(join(root, name), { recursive: true });
  writeFileSync(join(root, 'www', 'index.html'), 'hello');
  await copyFile('/bin/busybox', join(root, 'bin', 'busybox'));
  for (const applet of applets) await symlink('busybox', join(root, 'bin', applet));
  await execa('tar', ['-C', root, '-cf', `${root}.tar`, '.']);
  return `${root}.tar`;
}

/** In every hierarchy of control groups, with all that is below; the last processes in it may still be ending. */
export async function removeGroups(name: string): Promise<void> {
  for (const hierarchy of ['.', ...readdirSync('/sys/fs/cgroup')])
    await removeGroup(join('/sys/fs/cgroup', hierarchy, name));
}

async function removeGroup(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await removeGroup(join(folder, entry.name));
  for (let tries = 0; ; tries++) {
    try {
      return rmdirSync(folder);
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
