// What only a person may do: the commands of a user's own file, which may need what is not on disk. A file says what;
// it is removed when that is done.

import { lstat } from 'node:fs/promises';
import { done, left, type StepOutcome } from './outcome.ts';

export async function leftByHand(what: string, file: string): Promise<StepOutcome> {
  const isThere = await lstat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
  return isThere
    ? left(`${what}: see ${file}, and remove it then: rm '${file}'`)
    : done(`${file} was removed`);
}
