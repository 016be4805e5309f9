// The disk that a path is on. Limits are set for whole disks: a partition's requests are those of its disk.

import { existsSync, realpathSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** `254:0`, or why there is none. */
export async function diskOf(
  path: string,
): Promise<{ readonly number: string } | { readonly reason: string }> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return { reason: `${path} does not exist` };
  const number = nameOf(found.isBlockDevice() ? found.rdev : found.dev);
  const entry = `/sys/dev/block/${number}`;
  if (!existsSync(entry)) return { reason: `${path} is on no block device` };
  const folder = realpathSync(entry);
  if (!existsSync(join(folder, 'partition'))) return { number };
  return { number: (await readFile(join(dirname(folder), 'dev'), 'utf8')).trim() };
}

/** glibc's layout of dev_t (makedev(3)), as far as Node.js gives it as a number. */
function nameOf(device: number): string {
  const number = BigInt(device);
  const major = ((number >> 8n) & 0xfffn) | ((number >> 32n) & ~0xfffn);
  const minor = (number & 0xffn) | ((number >> 12n) & ~0xffn);
  return `${major}:${minor & 0xffff_ffffn}`;
}
