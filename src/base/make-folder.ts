import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder, and those above it, where they are not there yet; the mode is that of all that it makes. Not
 * `recursive: true`: Node.js 20 never returns from that under /proc, where a parent exists and takes no folders.
 */
export async function makeFolder(folder: string, mode = 0o777): Promise<void> {
  const make = () =>
    mkdir(folder, { mode }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  await make().catch(async (error: NodeJS.ErrnoException) => {
    const parent = dirname(folder);
    if (error.code !== 'ENOENT' || parent === folder) throw error;
    await makeFolder(parent, mode);
    await make();
  });
}
