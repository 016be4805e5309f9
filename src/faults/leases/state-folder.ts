// Where a machine's leases and live runs are kept, and how files there are written: whole or not at all, and on the
// disk before anyone relies on them.

import { open, readdir, rename, rm } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { UserError } from '../../base/diagnostics.ts';
import { makeFolder } from '../../base/make-folder.ts';
import { identify } from '../targets/process/proc.ts';

/** One folder a machine and user, so that every command finds what any run left. */
export function stateFolder(env: Readonly<Record<string, string | undefined>>, uid: number): string {
  // Absolute, because the watchdog works from another folder.
  if (env.FIREDRILL_STATE) return resolve(env.FIREDRILL_STATE);
  if (uid === 0) return '/var/lib/firedrill';
  // The XDG base directory specification: a relative path there is invalid and ignored.
  if (env.XDG_STATE_HOME && isAbsolute(env.XDG_STATE_HOME)) return join(env.XDG_STATE_HOME, 'firedrill');
  if (env.HOME) return join(env.HOME, '.local', 'state', 'firedrill');
  throw UserError.of(
    'FD601',
    'neither FIREDRILL_STATE, XDG_STATE_HOME nor HOME says where leases can be kept',
  );
}

const temporaryPrefix = '.writing';
let temporaryNumber = 0;

/** Puts `content` at folder/name: temporary file, fsync, rename, fsync of the folder. */
export async function writeDurably(folder: string, name: string, content: string): Promise<void> {
  const temporary = join(folder, `${temporaryPrefix}-${process.pid}-${temporaryNumber++}`);
  try {
    // Only its owner may write here: what stands in these files is carried out with the rights of who reads them.
    await makeFolder(folder, 0o700);
    await writeAndSync(temporary, content);
    await rename(temporary, join(folder, name));
    await syncFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw UserError.of('FD601', `cannot write ${join(folder, name)}: ${(error as Error).message}`);
  }
}

async function writeAndSync(path: string, content: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Text of a file that this user (`uid`) wrote; undefined when there is none; an Error when it is another's. */
export async function readOwn(path: string, uid: number): Promise<string | undefined> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (!file) return undefined;
  try {
    const { uid: owner } = await file.stat();
    if (owner !== uid) throw new Error(`it belongs to user ${owner}, and we are user ${uid}`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** Names of the JSON files of a folder, in the order of their names; none when there is no folder. */
export async function listJson(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw UserError.of('FD601', `cannot read ${folder}: ${error.message}`);
  });
  return names.filter((name) => name.endsWith('.json') && !name.startsWith('.')).sort();
}

/** Removes what writers left that died while they were writing. */
export async function removeTornWrites(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(`${temporaryPrefix}-`)) continue;
    const writer = Number(name.split('-')[1]);
    if (!identify(writer)) await rm(join(folder, name), { force: true });
  }
}
