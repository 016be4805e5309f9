// Folders in which a driver tries something before it says that it can be used. No lease tells of them, because a plan
// has none; the name carries the pid of who tries, so that what a killed one left can be told from what is in use.

import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify } from './targets/process/proc.ts';

const prefix = 'firedrill-trial-';

/** Lets `attempt` use a folder that is removed afterwards. */
export async function inTrialFolder<T>(attempt: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
  try {
    return await attempt(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes those of dead processes of this user. */
export function removeAbandonedTrials(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN;
    if (Number.isNaN(pid) || identify(pid)) continue;
    const folder = join(tmpdir(), name);
    const stat = lstatSync(folder, { throwIfNoEntry: false });
    // Anybody may put such a name into a folder of temporary files.
    if (stat?.isDirectory() && stat.uid === process.getuid!())
      rmSync(folder, { recursive: true, force: true });
  }
}
