// A file as it was: its bytes, and what stat(2) says of it, in a form that a lease can hold. Imports nothing of ours, because the
// watchdog carries it.

import { createHash } from 'node:crypto';
import { chmod, chown, lstat, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface FileRecord {
  readonly path: string;
  /** Its contents, in base64. */
  readonly bytes: string;
  readonly sha256: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds with fractions. */
  readonly atime: number;
  readonly mtime: number;
}

export async function recordFile(path: string): Promise<FileRecord> {
  const { mode, uid, gid, atimeMs, mtimeMs } = await stat(path);
  const bytes = await readFile(path);
  const times = { atime: atimeMs / 1000, mtime: mtimeMs / 1000 };
  return {
    path,
    bytes: bytes.toString('base64'),
    sha256: hashOf(bytes),
    mode: mode & 0o7777,
    uid,
    gid,
    ...times,
  };
}

interface Times {
  readonly atime: number;
  readonly mtime: number;
}

/** Puts bytes in the place of a file at once, whoever reads it meanwhile; with its owner and mode, and these times. */
export async function replaceFile(record: FileRecord, bytes: Buffer, times?: Times): Promise<void> {
  const fresh = besideOf(record);
  try {
    await writeSynced(fresh, bytes, 0o600);
    await chown(fresh, record.uid, record.gid);
    await chmod(fresh, record.mode);
    // Before it is put in place: who is killed in between leaves the one or the other, never a mixture.
    if (times) await utimes(fresh, times.atime, times.mtime);
    await rename(fresh, record.path);
  } finally {
    await rm(fresh, { force: true });
  }
  await sync(dirname(record.path));
}

/** What is left of a replacement when its process was killed in the middle of it. */
export async function removeHalfWritten(record: FileRecord): Promise<void> {
  await rm(besideOf(record), { force: true });
}

function besideOf({ path }: FileRecord): string {
  return join(dirname(path), `.firedrill_${hashOf(Buffer.from(path)).slice(0, 12)}`);
}

/** Gives the file its bytes, mode, owner and times back; the times as exactly as a number holds them. */
export async function restoreFile(record: FileRecord): Promise<void> {
  if ((await hashAt(record.path)) !== record.sha256) {
    const bytes = Buffer.from(record.bytes, 'base64');
    if (hashOf(bytes) !== record.sha256) throw new Error('the copy in the lease is damaged');
    await replaceFile(record, bytes, record);
  }
  await chmod(record.path, record.mode);
  await utimes(record.path, record.atime, record.mtime);
}

/** How the file differs from what it was; undefined when it does not. */
export async function differenceOf(record: FileRecord): Promise<string | undefined> {
  const now = await stat(record.path).catch(() => undefined);
  if (!now) return `${record.path} is not there`;
  if ((now.mode & 0o7777) !== record.mode)
    return `${record.path} has the mode ${(now.mode & 0o7777).toString(8)}`;
  if (now.uid !== record.uid || now.gid !== record.gid) return `${record.path} has another owner`;
  if ((await hashAt(record.path)) !== record.sha256) return `${record.path} has other contents`;
  return undefined;
}

/** SHA-256 of what is there now; `absent` without a file. A file that may not be read by its mode is ours to open. */
export async function hashAt(path: string): Promise<string> {
  const found = await lstat(path).catch(() => undefined);
  if (!found) return 'absent';
  try {
    return hashOf(await readFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    await chmod(path, found.mode | 0o400);
    try {
      return hashOf(await readFile(path));
    } finally {
      await chmod(path, found.mode & 0o7777);
    }
  }
}

export function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function writeSynced(path: string, bytes: Buffer, mode: number): Promise<void> {
  const file = await open(path, 'w', mode);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await sync(dirname(path));
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
