// Removes a file or folder that a fault made.

import { lstat, rm } from 'node:fs/promises';
import { isAbsolute, normalize, sep } from 'node:path';
import { done, left, type StepOutcome } from './outcome.ts';

export async function removePath(path: string): Promise<StepOutcome> {
  // A damaged record must not be able to remove a whole top-level folder.
  const depth = normalize(path).split(sep).filter(Boolean).length;
  if (!isAbsolute(path) || depth < 2) return left(`${path} does not look like a file of ours: not removed`);
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    return left(`${path} cannot be removed (${(error as Error).message}): rm -rf '${path}'`);
  }
  const stays = await lstat(path).then(
    () => true,
    () => false,
  );
  return stays ? left(`${path} is still there: rm -rf '${path}'`) : done(`${path} is not there`);
}
