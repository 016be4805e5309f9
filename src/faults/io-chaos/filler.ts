// Fills a file system with one file, and keeps it full: what the target removes is used up again.

import { execFile } from 'node:child_process';
import { type FileHandle, open, rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const pieceBytes = 1024 * 1024;
const blockBytes = 4096;
const commandMsMax = 30_000;

export async function freeBytes(folder: string): Promise<number> {
  const { bfree, bsize } = await statfs(folder);
  return bfree * bsize;
}

/** Until the next byte is refused with ENOSPC. */
export async function fillUp(file: string): Promise<void> {
  const free = await freeBytes(dirname(file));
  const handle = await open(file, 'a', 0o600);
  try {
    const { size } = await handle.stat();
    // At once where the file system can; where it cannot, the writes below do it.
    if (free > pieceBytes)
      await run('fallocate', ['-o', String(size), '-l', String(free - pieceBytes), file], {
        timeout: commandMsMax,
      }).catch(() => {});
    for (const bytes of [pieceBytes, blockBytes, 1]) await append(handle, Buffer.alloc(bytes));
  } finally {
    await handle.close();
  }
}

async function append(handle: FileHandle, piece: Buffer): Promise<void> {
  for (;;) {
    try {
      await handle.appendFile(piece);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return;
      throw error;
    }
  }
}

/** What `isFull` tries with: beside the file that fills, and in the lease with it. */
export function trialFileOf(filler: string): string {
  return `${filler}_trial`;
}

/** Tries with a file of our own, which is removed again, beside the one that fills. */
export async function isFull(filler: string): Promise<boolean> {
  const file = trialFileOf(filler);
  try {
    const handle = await open(file, 'w', 0o600);
    try {
      await handle.writeFile(Buffer.alloc(blockBytes));
      return false;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return true;
    throw error;
  } finally {
    await rm(file, { force: true });
  }
}
