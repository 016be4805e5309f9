// The driver for targets that we start: a file system of ours (FUSE) lies over the folder from the start on, in a
// mount namespace of the target's own, and passes everything through but for what the fault says.
//
// A running process is not given one: the files that it opens through it would need it for as long as they are open.

import { accessSync, constants, readFileSync, realpathSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { tryLaunch } from '../../dns-chaos/surroundings.ts';
import type {
  ActiveFault,
  ExtendLease,
  FaultDriver,
  FaultRequest,
  PreparedFault,
  Usability,
} from '../../fault.ts';
import { sourcesAt } from '../../targets/process/mounts.ts';
import { isAlive } from '../../targets/process/proc.ts';
import type { ProcessId } from '../../targets/target.ts';
import { inTrialFolder } from '../../trial-folder.ts';
import { describeIo } from '../describe.ts';
import { FileSystem, sourceOf } from '../file-system.ts';
import { chooseOperations } from '../operations.ts';
import { coverOf, folderRefusal, mountRefusal } from '../own-mounts.ts';
import { patternSource } from '../path-pattern.ts';
import type { IoChaosSpec } from '../spec.ts';

type IoRequest = FaultRequest<IoChaosSpec>;
type Refusal = Exclude<Usability, { usable: true }>;

const lookMsMax = 2000;

const serving = new WeakMap<PreparedFault, FileSystem>();
let trial: Promise<Refusal | undefined> | undefined;

export const fuse: FaultDriver<IoChaosSpec> = {
  name: 'fuse',

  async probe(request) {
    const refused =
      refusedByTarget(request) ??
      refusedByAsking(request.spec) ??
      mountRefusal(request) ??
      (await folderRefusal(request)) ??
      patternRefusal(request.spec);
    if (refused) return refused;
    trial ??= tryMount();
    return (await trial) ?? { usable: true };
  },

  plan: ({ spec, target }) => ({
    what: describeIo(spec, target.name, `${spec.percent} % of the calls`),
    how: 'a file system of ours (FUSE) over the folder, from the start of the target on and for it alone',
    undo: 'the file system passes everything through, and goes with the target',
    survivesCrash: 'nothing that acts: without Firedrill the file system passes everything through',
    hits: spec.action === 'attrOverride' ? 'answers with other attributes' : 'calls hit',
  }),

  // What lies below another would be covered by it, and gone with it for whoever is above.
  takes: async (request) => [coverOf(request)],

  async prepare({ spec, scratchFolder }) {
    const fileSystem = await FileSystem.start(scratchFolder);
    const prepared: PreparedFault = {
      launch: fileSystem.over(realpathSync(spec.volumePath)),
      close: () => fileSystem.close(),
    };
    serving.set(prepared, fileSystem);
    return prepared;
  },

  undoSteps: async (request) => {
    const first = await firstOf(request);
    const path = realpathSync(request.spec.volumePath);
    const before = first ? sourcesAt(first.pid, path).indexOf(sourceOf(request.scratchFolder)) : -1;
    return [
      { type: 'ends-with-owner', what: 'the fault in the file system' },
      // For whom the program has died: the folder itself comes to light again.
      ...(first && before >= 0 ? [{ type: 'unmount' as const, process: first, path, before }] : []),
    ];
  },

  inject: async (request, prepared, extend) => await inject(request, prepared, extend),
};

async function inject(
  request: IoRequest,
  prepared: PreparedFault | undefined,
  _extend: ExtendLease,
): Promise<ActiveFault> {
  const { spec, random, clock } = request;
  const fileSystem = prepared && serving.get(prepared);
  if (!fileSystem) throw new Error('it was not prepared');
  const place = realpathSync(spec.volumePath);
  const covered = async () => {
    const first = await firstOf(request);
    if (!first) return `target ${request.target.name} has no process any more`;
    if (fileSystem.ended) return 'the file system has ended';
    return isCovered(first.pid, fileSystem.source) ? undefined : `nothing of ours is mounted over ${place}`;
  };
  const uncovered = await covered();
  if (uncovered) throw new Error(uncovered);
  const before = fileSystem.hits;
  const { volumePath: _, path, methods: __, ...rest } = spec;
  await fileSystem.begin({
    ...rest,
    methods: chooseOperations(spec).operations,
    pattern: path === undefined ? undefined : patternSource(path),
    seed: Math.floor(random() * 2 ** 31),
  });
  return {
    hits: () => fileSystem.hits - before,
    missing: async () =>
      (await covered()) ??
      (fileSystem.state === 'on' ? undefined : 'the file system passes everything through'),
    undo: () => fileSystem.end(),
    async verifyUndone() {
      const first = await firstOf(request);
      if (!first) return { undone: true, evidence: 'the target is gone, and its mounts with it' };
      if (!isCovered(first.pid, fileSystem.source))
        return { undone: true, evidence: `nothing of ours is mounted for process ${first.pid}` };
      if (fileSystem.ended)
        return {
          undone: false,
          left: [`${place} of process ${first.pid} fails: nsenter -t ${first.pid} -m umount -l '${place}'`],
        };
      const seen = await Promise.race([look(first, place), clock.sleep(lookMsMax)]);
      if (fileSystem.state === 'off' && seen !== undefined)
        return { undone: true, evidence: `${place} passes through to process ${first.pid}: ${seen} entries` };
      return {
        undone: false,
        left: [`${place} of process ${first.pid} does not answer: kill -KILL ${fileSystem.id.pid}`],
      };
    },
  };
}

/** Through the target's own view. */
async function look({ pid }: ProcessId, place: string): Promise<number | undefined> {
  return await readdir(`/proc/${pid}/root${place}`).then(
    (names) => names.length,
    () => undefined,
  );
}

function isCovered(pid: number, source: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/mountinfo`, 'utf8').includes(` ${source} `);
  } catch {
    return false;
  }
}

async function firstOf({ target }: IoRequest): Promise<ProcessId | undefined> {
  const processes = target.type === 'process' ? await target.processes() : [];
  return processes.find(isAlive);
}

function refusedByTarget({ target, declared }: IoRequest): Refusal | undefined {
  if (target.type === 'process' && declared.type === 'command') return undefined;
  return {
    ...refusal(
      'the target runs already, and what it opened through a file system would need it for ever',
      'declare it with process.command, so that Firedrill starts it with one',
    ),
    otherTarget: true,
  };
}

function refusedByAsking(spec: IoChaosSpec): Refusal | undefined {
  if (spec.percent === 0) return refusal('0 percent of the calls is none', 'ask for 1 to 100 percent');
  const { operations, impossible } = chooseOperations(spec);
  if (spec.action === 'mistake' && spec.methods.includes('write'))
    return refusal(
      'what is written wrongly stays on the disk after the undo',
      'leave `write` out of `methods`: what is read wrongly is right again afterwards',
    );
  if (impossible.length > 0)
    return refusal(
      `a file system is not asked for ${impossible.join(', ')} with action ${spec.action}`,
      'leave them out of `methods`',
    );
  if (spec.action === 'attrOverride' && spec.attr.kind !== undefined && !operations.includes('lookup'))
    return refusal('the kind of a file is told when its name is looked up', 'put `lookup` into `methods`');
  return undefined;
}

/** The files may be made by the target; the folder that the pattern begins with must be there. */
function patternRefusal({ path }: IoChaosSpec): Refusal | undefined {
  if (path === undefined) return undefined;
  const fixed = dirname(`${path.split(/[*?[]/)[0]!}x`);
  if (statSync(fixed, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  return refusal(`no file matches ${path}: ${fixed} is no folder`, 'correct `path`');
}

/** A file read through a mount of our own, which ends with the attempt. */
async function tryMount(): Promise<Refusal | undefined> {
  const remedy = 'install python3 and util-linux, with a kernel that has FUSE (modprobe fuse)';
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
  } catch {
    return refusal('/dev/fuse cannot be opened', remedy);
  }
  return await inTrialFolder(async (folder) => {
    let fileSystem: FileSystem | undefined;
    try {
      fileSystem = await FileSystem.start(folder);
      const { source } = fileSystem;
      const answer = await tryLaunch(fileSystem.over(folder), [
        ...['sh', '-c', 'ls "$1" && cat /proc/self/mountinfo', 'sh', folder],
      ]);
      const works = 'printed' in answer && answer.printed.includes(` ${source} `);
      return works ? undefined : refusal(`no file system of ours can be mounted (${whyOf(answer)})`, remedy);
    } catch (error) {
      return refusal((error as Error).message, remedy);
    } finally {
      await fileSystem?.close();
    }
  });
}

function whyOf(answer: Awaited<ReturnType<typeof tryLaunch>>): string {
  return 'failure' in answer ? answer.failure : 'it was not there';
}

function refusal(reason: string, remedy: string): Refusal {
  return { usable: false, reason, remedy };
}
