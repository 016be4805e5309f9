// The log of a target. The target writes to the file itself, so that neither our death nor our slowness reaches it;
// we look at its size now and then and keep it within bounds.

import { open, readFile, stat, truncate, writeFile } from 'node:fs/promises';

/** What one target may leave on disk: this much in the file, and as much again in `FILE.1`. */
const logBytesMax = 8 * 1024 * 1024;

const tailBytes = 4096;

/** Moves what is over the limit to `FILE.1`. The writer appends, and so goes on at the new end. */
export async function boundLog(path: string, bytesMax = logBytesMax): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size <= bytesMax) return;
  await writeFile(`${path}.1`, await readEnd(path, bytesMax));
  await truncate(path, 0);
}

/** The last lines of a log, each indented, or a phrase that says that there are none. */
export async function logTail(path: string, linesMax = 10): Promise<string> {
  const text = await readEnd(path, tailBytes).catch(() => Buffer.alloc(0));
  const lines = text.toString('utf8').trimEnd().split('\n').slice(-linesMax).filter(Boolean);
  return lines.length === 0
    ? 'its log is empty'
    : `its last lines:\n${lines.map((line) => `    ${line}`).join('\n')}`;
}

async function readEnd(path: string, bytes: number): Promise<Buffer> {
  const { size } = await stat(path);
  if (size <= bytes) return await readFile(path);
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, size - bytes);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
