// What this machine lets us do. Found out by trying, because configuration tells less, in namespaces of their own
// that end with the attempt: nothing is left.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Machine } from './fault.ts';

const run = promisify(execFile);
const attemptMsMax = 5000;

let found: Promise<Machine> | undefined;

/** Asked once a process; the answer does not change while it lives. */
export function probeMachine(): Promise<Machine> {
  found ??= probe();
  return found;
}

async function probe(): Promise<Machine> {
  const uid = process.getuid!();
  const mount = ['mount', '--bind', '/etc', '/etc'];
  const [canMount, canUserNamespace, stressNg] = await Promise.all([
    uid === 0 ? works(['unshare', '--mount', '--', ...mount]) : false,
    works(['unshare', '--user', '--map-root-user', '--mount', '--net', '--', ...mount]),
    findStressNg(),
  ]);
  return { uid, canMount, canUserNamespace, stressNg };
}

async function works([program, ...args]: readonly string[]): Promise<boolean> {
  return await run(program!, args, { timeout: attemptMsMax }).then(
    () => true,
    () => false,
  );
}

/** Absolute path of a stress-ng that starts in the way that ties it to our life. */
async function findStressNg(): Promise<string | undefined> {
  if (!(await works(['setpriv', '--pdeathsig', 'KILL', '--', 'stress-ng', '--version']))) return undefined;
  const { stdout } = await run('sh', ['-c', 'command -v stress-ng'], { timeout: attemptMsMax });
  return stdout.trim() || undefined;
}
