// Undo of a limit of open files: the former one comes back, for the process and for what it forked meanwhile.

import { restoreOpenFiles } from '../../targets/process/open-files.ts';
import type { ProcessId } from '../../targets/target.ts';
import { done, left, type StepOutcome } from './outcome.ts';

export async function openFiles(process: ProcessId, limited: number, former: number): Promise<StepOutcome> {
  const [kept] = await restoreOpenFiles(process, limited, former);
  if (kept === undefined) return done(`process ${process.pid} may open ${former} files`);
  return left(`process ${kept} may open only ${limited} files: prlimit --pid ${kept} --nofile=${former}:`);
}
