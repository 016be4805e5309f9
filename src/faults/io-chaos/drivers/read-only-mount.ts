// `readOnly`: a read-only view of the folder is mounted over it, in the target's own mount namespace. Files that the
// target has open for writing stay so; whatever it opens, makes, renames or removes from then on is refused (EROFS).

import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { ActiveFault, FaultDriver, FaultRequest } from '../../fault.ts';
import { unmount } from '../../leases/steps/unmount.ts';
import { mountsAt } from '../../targets/process/mounts.ts';
import { isAlive } from '../../targets/process/proc.ts';
import type { ProcessId } from '../../targets/target.ts';
import { folderRefusal, hasOwnNamespace, mountRefusal, ownNamespace } from '../own-mounts.ts';
import type { IoChaosSpec } from '../spec.ts';

const run = promisify(execFile);
const commandMsMax = 5000;

export const readOnlyMount: FaultDriver<IoChaosSpec> = {
  name: 'read-only-mount',

  async probe(request) {
    const { spec, target, declared } = request;
    if (spec.action !== 'readOnly')
      return {
        usable: false,
        reason: 'it does readOnly only',
        remedy: 'see the other drivers',
        otherTarget: true,
      };
    if (target.type !== 'process')
      return { usable: false, reason: `target ${target.name} has no processes`, remedy: 'name a process' };
    const refused = mountRefusal(request) ?? (await folderRefusal(request));
    if (refused) return refused;
    const shared = (await target.processes()).find(({ pid }) => !hasOwnNamespace(pid));
    if (declared.type === 'command' || !shared) return { usable: true };
    return {
      usable: false,
      reason: `process ${shared.pid} shares its mounts with the machine, which would be read-only as well`,
      remedy: 'declare it with process.command, so that Firedrill starts it with mounts of its own',
    };
  },

  plan: ({ spec, target }) => ({
    what: `makes ${spec.volumePath} read-only for ${target.name}`,
    how: 'a read-only mount over it in a mount namespace of its own; what is open for writing stays open',
    undo: 'the mount is taken away',
    survivesCrash: 'until the watchdog sees the runner die (at once) or hang (5s)',
    hits: undefined,
  }),

  prepare: async () => ({ launch: ownNamespace, close: async () => {} }),

  undoSteps: async (request) => {
    const [first] = await processesOf(request);
    const path = realpathSync(request.spec.volumePath);
    return first ? [{ type: 'unmount', process: first, path, before: mountsAt(first.pid, path) }] : [];
  },

  async inject(request): Promise<ActiveFault> {
    const [first] = await processesOf(request);
    if (!first) throw new Error(`target ${request.target.name} has no process`);
    if (!hasOwnNamespace(first.pid)) throw new Error(`process ${first.pid} has no mounts of its own`);
    const path = realpathSync(request.spec.volumePath);
    const before = mountsAt(first.pid, path);
    await inside(first, 'mount', '--bind', path, path);
    await inside(first, 'mount', '-o', 'remount,bind,ro', path);
    return {
      hits: () => undefined,
      missing: () => missing(first, path),
      undo: async () => void (await unmount(first, path, before)),
      async verifyUndone() {
        const outcome = await unmount(first, path, before);
        if (!outcome.done) return { undone: false, left: [outcome.left] };
        const writable = !isAlive(first) || (await isWritable(first, path));
        if (writable) return { undone: true, evidence: `${path} is writable for process ${first.pid}` };
        return { undone: false, left: [`${path} is still read-only for process ${first.pid}`] };
      },
    };
  },
};

async function missing(first: ProcessId, path: string): Promise<string | undefined> {
  if (!isAlive(first)) return `process ${first.pid} is gone, and its mounts with it`;
  return (await isWritable(first, path)) ? `${path} is writable for process ${first.pid}` : undefined;
}

/** access(2) says EROFS of a read-only mount, also to root. */
async function isWritable({ pid }: ProcessId, path: string): Promise<boolean> {
  return access(`/proc/${pid}/root${path}`, constants.W_OK).then(
    () => true,
    () => false,
  );
}

async function inside({ pid }: ProcessId, ...command: string[]): Promise<void> {
  await run('nsenter', ['--target', String(pid), '--mount', '--', ...command], { timeout: commandMsMax });
}

async function processesOf({ target }: FaultRequest<IoChaosSpec>): Promise<ProcessId[]> {
  return target.type === 'process' ? await target.processes() : [];
}
