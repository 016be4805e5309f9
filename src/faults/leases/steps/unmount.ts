// Takes a read-only mount away that we put over a folder in the mount namespace of a process. The namespace and all
// that is mounted in it end with its last process.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { mountsAt } from '../../targets/process/mounts.ts';
import { isAlive } from '../../targets/process/proc.ts';
import type { ProcessId } from '../../targets/target.ts';
import { done, left, type StepOutcome } from './outcome.ts';

const run = promisify(execFile);
const commandMsMax = 5000;

/** `before`: how many mounts were at the folder before ours; so many stay. */
export async function unmount(process: ProcessId, path: string, before: number): Promise<StepOutcome> {
  const ours = () => (isAlive(process) ? Math.max(0, mountsAt(process.pid, path) - before) : 0);
  const inside = ['--target', String(process.pid), '--mount', '--'];
  let trouble = '';
  for (let rounds = ours(); rounds > 0 && ours() > 0; rounds--) {
    const take = (...command: string[]) =>
      run('nsenter', [...inside, ...command], { timeout: commandMsMax }).catch((error: Error) => {
        trouble = error.message.split('\n').at(1) ?? error.message;
      });
    // Writable first: who has a working folder in it keeps it after the mount is gone from the tree.
    await take('mount', '-o', 'remount,bind,rw', path);
    await take('umount', '--lazy', path);
  }
  if (ours() === 0) return done(`nothing of ours is mounted at ${path} of process ${process.pid}`);
  return left(
    `${path} of process ${process.pid} is still covered (${trouble}): nsenter -t ${process.pid} -m umount '${path}'`,
  );
}
