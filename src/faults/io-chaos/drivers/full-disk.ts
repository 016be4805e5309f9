// `diskFull`: a file uses up what is free. A target that we start gets a file system of its own for the folder, so
// that nobody else runs out of space; for a running one its folder must be on a file system that the machine, and this
// drill, can do without.

import { createHash } from 'node:crypto';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { mkdir, realpath } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ActiveFault, ExtendLease, FaultDriver, FaultRequest, Usability } from '../../fault.ts';
import { LeaseEndedError } from '../../leases/journal.ts';
import type { UndoStep } from '../../leases/lease.ts';
import { removePath } from '../../leases/steps/remove.ts';
import { formatBytes } from '../../stress-chaos/size.ts';
import { fillUp, freeBytes, isFull, trialFileOf } from '../filler.ts';
import { coverOf, diskOfItsOwn, folderRefusal, hasOwnNamespace, mountRefusal } from '../own-mounts.ts';
import type { IoChaosSpec } from '../spec.ts';

type IoRequest = FaultRequest<IoChaosSpec>;

const refillEveryMs = 200;
/** More than this is no drill's disk. */
const freeBytesMax = 64 * 1024 ** 3;
const fillMsMax = 30_000;

export const fullDisk: FaultDriver<IoChaosSpec> = {
  name: 'full-disk',
  targets: ['process', 'proxy', 'host'],

  async probe(request) {
    const { spec, target, declared } = request;
    if (spec.action !== 'diskFull')
      return {
        usable: false,
        reason: 'it does diskFull only',
        remedy: 'see the other drivers',
        otherTarget: true,
      };
    if (target.type === 'proxy')
      return { usable: false, reason: `target ${target.name} has no processes`, remedy: 'name a process' };
    const refused = await folderRefusal(request);
    if (refused) return refused;
    if (declared.type === 'command') return mountRefusal(request) ?? { usable: true };
    return (await refusedDisk(request)) ?? { usable: true };
  },

  plan: ({ spec, target, declared }) => ({
    what: `fills the disk of ${spec.volumePath} for ${target.name}`,
    how:
      declared.type === 'command' && spec.action === 'diskFull'
        ? `a file in a file system of ${formatBytes(spec.sizeBytes)} in memory, with a copy of the folder, that only the target sees; what it writes there is gone when it ends`
        : 'a file on its file system, kept as large as there is room',
    undo: 'the file is removed',
    survivesCrash: 'until the watchdog sees the runner die (at once) or hang (5s)',
    hits: undefined,
  }),

  async prepare({ spec, scratchFolder }) {
    if (spec.action !== 'diskFull') throw new Error(`the probe refuses ${spec.action}`);
    const spot = join(scratchFolder, 'disk');
    await mkdir(spot, { recursive: true });
    const launch = diskOfItsOwn(await realpath(spec.volumePath), spot, spec.sizeBytes);
    return { launch, close: async () => {} };
  },

  takes: async (request) => (request.declared.type === 'command' ? [coverOf(request)] : []),

  injectMs: () => fillMsMax,

  undoSteps: async (request) => (await fillerFiles(request)).flatMap(removals),

  async inject(request, _prepared, extend): Promise<ActiveFault> {
    const disk = new FullDisk(request, extend);
    await disk.begin();
    return disk;
  },
};

/** Keeps the disk full until the undo. */
class FullDisk implements ActiveFault {
  readonly #request: IoRequest;
  readonly #extend: ExtendLease;
  readonly #files = new Set<string>();
  readonly #ending = new AbortController();
  #watching: Promise<void> = Promise.resolve();

  constructor(request: IoRequest, extend: ExtendLease) {
    this.#request = request;
    this.#extend = extend;
  }

  async begin(): Promise<void> {
    await this.#fill();
    this.#watching = this.#keepFull();
  }

  hits(): undefined {
    return undefined;
  }

  async missing(): Promise<string | undefined> {
    const [file] = await fillerFiles(this.#request);
    if (file === undefined) return `target ${this.#request.target.name} has no process any more`;
    return (await isFull(file)) ? undefined : `${this.#request.spec.volumePath} has room again`;
  }

  async undo(): Promise<void> {
    this.#ending.abort();
    await this.#watching;
    for (const file of this.#files) await removePath(file);
  }

  async verifyUndone(): ReturnType<ActiveFault['verifyUndone']> {
    const left = [...this.#files].filter((file) => existsSync(file)).map((file) => `rm '${file}'`);
    if (left.length > 0) return { undone: false, left };
    const [file] = await fillerFiles(this.#request);
    const folder = file && dirname(file);
    if (file === undefined || folder === undefined || !existsSync(folder))
      return { undone: true, evidence: 'the disk is gone' };
    if (await isFull(file))
      return { undone: false, left: [`${folder} is still full, though not by our file`] };
    return { undone: true, evidence: `${formatBytes(await freeBytes(folder))} are free in ${folder}` };
  }

  async #keepFull(): Promise<void> {
    const { clock } = this.#request;
    for (;;) {
      await clock.sleep(refillEveryMs, this.#ending.signal);
      if (this.#ending.signal.aborted) return;
      try {
        await this.#fill();
      } catch (error) {
        // The lease was undone by the watchdog: the fault is over.
        if (error instanceof LeaseEndedError) return;
        // The target may have ended meanwhile; `missing` tells of it.
      }
    }
  }

  // A target that was started again has a new disk.
  async #fill(): Promise<void> {
    for (const file of await fillerFiles(this.#request)) {
      const { declared, spec } = this.#request;
      if (declared.type === 'command' && statSync(dirname(file)).dev === statSync(spec.volumePath).dev)
        throw new Error(`${spec.volumePath} of the target is on no disk of its own`);
      // Asked each time: once the watchdog has taken the file away, it must not come again.
      await this.#extend(this.#files.has(file) ? [] : removals(file));
      this.#files.add(file);
      await fillUp(file);
    }
  }
}

function removals(file: string): UndoStep[] {
  return [file, trialFileOf(file)].map((path) => ({ type: 'remove', path }));
}

/** The file as we see it: in the namespace of a target that has mounts of its own, through its process. */
async function fillerFiles({ spec, target, scratchFolder }: IoRequest): Promise<string[]> {
  const [first] = target.type === 'process' ? await target.processes() : [];
  if (!first && target.type !== 'host') return [];
  const volume = realpathSync(spec.volumePath);
  const folder = first && hasOwnNamespace(first.pid) ? `/proc/${first.pid}/root${volume}` : volume;
  const name = createHash('sha256').update(scratchFolder).digest('hex').slice(0, 12);
  return [join(folder, `.firedrill_full_${name}`)];
}

async function refusedDisk({
  spec,
  target,
  scratchFolder,
}: IoRequest): Promise<Exclude<Usability, { usable: true }> | undefined> {
  const remedy =
    target.type === 'host'
      ? 'name a folder on a disk that the machine, and this drill, can do without'
      : 'declare it with process.command, so that Firedrill starts it with a disk of its own';
  const [first] = target.type === 'process' ? await target.processes() : [];
  if (first && hasOwnNamespace(first.pid))
    return { usable: false, reason: `process ${first.pid} has mounts of its own`, remedy };
  const disk = statSync(spec.volumePath).dev;
  const needed = ['/', tmpdir(), homedir(), '/var', '/run', '/dev/shm', scratchFolder, process.cwd()];
  const shared = needed.find((folder) => statSync(folder, { throwIfNoEntry: false })?.dev === disk);
  if (shared !== undefined)
    return { usable: false, reason: `${spec.volumePath} is on the same disk as ${shared}`, remedy };
  const free = await freeBytes(spec.volumePath);
  if (free <= freeBytesMax) return undefined;
  return { usable: false, reason: `${formatBytes(free)} are free in ${spec.volumePath}`, remedy };
}
