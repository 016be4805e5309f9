// Puts a file back that a fault has removed, changed or locked, and tells the programs that read it. What somebody
// else has put there meanwhile is left alone.

import {
  differenceOf,
  type FileRecord,
  hashAt,
  hashOf,
  removeHalfWritten,
  restoreFile,
} from '../../targets/file-copy.ts';
import { sendSignal } from '../../targets/process/signal.ts';
import type { ProcessId } from '../../targets/target.ts';
import { done, left, type StepOutcome } from './outcome.ts';

export interface RestoreFile {
  readonly file: FileRecord;
  /** SHA-256 of what the fault put there; `absent` when it removed the file. */
  readonly put: string;
  readonly reload?: {
    readonly signal: 'SIGHUP' | 'SIGUSR1' | 'SIGUSR2';
    readonly processes: readonly ProcessId[];
  };
}

export async function restoreFileStep({ file, put, reload }: RestoreFile): Promise<StepOutcome> {
  const { path } = file;
  try {
    await removeHalfWritten(file);
    if ((await differenceOf(file)) === undefined) {
      // Whoever put it back may have been killed before the programs were told; being told twice harms nobody.
      tell(reload);
      return done(`${path} is as it was`);
    }
    const now = await hashAt(path);
    if (now !== put && now !== file.sha256)
      return left(
        `${path} was changed by somebody else and is left as it is; what it was is in the lease for a day, in base64`,
      );
    if (now !== file.sha256 && hashOf(Buffer.from(file.bytes, 'base64')) !== file.sha256)
      return left(`${path} is not as it was, and the lease does not hold what it was any more`);
    await restoreFile(file);
    tell(reload);
    const after = await differenceOf(file);
    return after === undefined ? done(`${path} is as it was`) : left(`${after}: firedrill undo`);
  } catch (error) {
    return left(
      `${path} cannot be put back (${(error as Error).message}): its contents are in the lease, in base64; firedrill undo tries again`,
    );
  }
}

function tell(reload: RestoreFile['reload']): void {
  for (const id of reload?.processes ?? []) sendSignal(id, reload!.signal);
}
