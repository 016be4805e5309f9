// A private view of the files by which a program finds its name server: what to put where, and the shell script that
// mounts it inside a mount namespace before the program begins.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram } from '../find-program.ts';
import { withDnsOnly, withNameserver } from './resolver-files.ts';
import { exists, textOf } from './surroundings.ts';

/** Sockets by which glibc asks a caching daemon, which lives outside and would answer in our server's place. */
const cacheFolders = ['/var/run/nscd', '/run/nscd'];

/**
 * Mounts each pair of its arguments (what, where) up to `--`, then becomes the command after it: the process keeps
 * its pid. The paths are arguments and never part of the script, so nothing in them can be taken for a command.
 */
const mountScript = `mount=$1
shift
while [ "$1" != -- ]; do
  "$mount" --bind "$1" "$2" || exit 125
  shift 2
done
shift
exec "$@"`;

/** What to put before a command, inside a mount namespace, so that it sees the files of these pairs. */
export async function mountCommand(pairs: readonly string[]): Promise<string[]> {
  return ['/bin/sh', '-c', mountScript, 'sh', (await findProgram('mount')) ?? 'mount', ...pairs, '--'];
}

/** Writes the files into `folder`; returns the pairs for the script. */
export async function writeResolverFiles(folder: string, nameserver: string): Promise<string[]> {
  const resolvConf = join(folder, 'resolv.conf');
  // Whoever the target runs as has to read it.
  await writeFile(resolvConf, withNameserver(await textOf('/etc/resolv.conf'), nameserver), { mode: 0o644 });
  const pairs = [resolvConf, '/etc/resolv.conf'];
  if (await exists('/etc/nsswitch.conf')) {
    const nsswitchConf = join(folder, 'nsswitch.conf');
    await writeFile(nsswitchConf, withDnsOnly(await textOf('/etc/nsswitch.conf')), { mode: 0o644 });
    pairs.push(nsswitchConf, '/etc/nsswitch.conf');
  }
  for (const cacheFolder of cacheFolders) {
    if (!(await exists(cacheFolder))) continue;
    const empty = join(folder, 'nscd');
    await mkdir(empty, { recursive: true });
    pairs.push(empty, cacheFolder);
    break;
  }
  return pairs;
}
