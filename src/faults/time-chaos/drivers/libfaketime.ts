// libfaketime comes between the target and the clock, from its start on. What it adds to the time stands in a file of
// ours that it reads at every reading of the clock, so that the fault begins and ends with a line of text.

import { renameSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatDuration } from '../../../base/duration.ts';
import { tryLaunch } from '../../dns-chaos/surroundings.ts';
import type {
  ActiveFault,
  ExtendLease,
  FaultDriver,
  FaultRequest,
  PreparedFault,
  Usability,
} from '../../fault.ts';
import type { UndoStep } from '../../leases/lease.ts';
import { environment } from '../../targets/process/proc.ts';
import type { Launch } from '../../targets/target.ts';
import { inTrialFolder } from '../../trial-folder.ts';
import { whyOutOfReach } from '../program.ts';
import type { ClockId, TimeChaosSpec } from '../spec.ts';

type TimeRequest = FaultRequest<TimeChaosSpec>;

/** A clock that drifts is moved in such steps. */
const driftEveryMs = 100;
const trialOffsetMs = 864_000_000;
/** How far two looks at the clock may lie apart by themselves. */
const toleranceMs = 5000;

/** What libfaketime keeps in shared memory for a target, and leaves there when its processes are killed. */
const memoryOf = new WeakMap<PreparedFault, readonly string[]>();

export const libfaketime: FaultDriver<TimeChaosSpec> = {
  name: 'libfaketime',

  async probe({ declared, spec }) {
    if (declared.type !== 'command')
      return refusal(
        'the target runs already, and a library cannot be put under a running program',
        'declare it with process.command, so that Firedrill starts it',
      );
    const clocks = clockRefusal(spec.clockIds);
    if (clocks) return clocks;
    const unreachable = await whyOutOfReach(declared);
    if (unreachable)
      return refusal(
        unreachable,
        'start a program that is linked dynamically against glibc and uses its clock',
      );
    return await trial();
  },

  plan: ({ spec, target }) => ({
    what: `${effectOf(spec)} of ${target.name}`,
    how: `libfaketime, preloaded when Firedrill starts it (${namesOf(spec)})`,
    undo: 'the clock shows the true time again; libfaketime stays loaded until the target ends',
    survivesCrash: 'until the watchdog sees the runner die (at once) or hang (5s)',
    hits: 'processes whose clock is wrong',
  }),

  async prepare(request) {
    const file = fileOf(request);
    writeOffset(file, 0);
    const library = await findLibrary();
    if (!library) throw new Error('the probe refuses machines without libfaketime');
    const launch = launchWith(request, library, file);
    const prepared: PreparedFault = {
      launch,
      async close() {
        const files = [file, ...(memoryOf.get(prepared) ?? [])];
        for (const each of files) await rm(each, { force: true });
      },
    };
    return prepared;
  },

  // Without the file libfaketime shows the true time.
  undoSteps: async (request) => [{ type: 'remove', path: fileOf(request) }],

  inject: async (request, prepared, extend) => await inject(request, prepared, extend),
};

function clockRefusal(clocks: readonly ClockId[]): Exclude<Usability, { usable: true }> | undefined {
  const remedy =
    'ask for CLOCK_REALTIME, with or without CLOCK_MONOTONIC; or run it with Chaos Mesh on a cluster';
  const strange = clocks.find((clock) => /CPUTIME|ALARM/.test(clock));
  if (strange) return refusal(`libfaketime leaves ${strange} alone`, remedy);
  if (clocks.some((clock) => clock.startsWith('CLOCK_REALTIME'))) return undefined;
  return refusal(`libfaketime cannot change ${clocks[0]} and leave CLOCK_REALTIME as it is`, remedy);
}

function refusal(reason: string, remedy: string): Exclude<Usability, { usable: true }> {
  return { usable: false, reason, remedy };
}

/** Asks `date` under the library what time it is. */
async function trial(): Promise<Usability> {
  const library = await findLibrary();
  const remedy = 'install the package faketime';
  if (!library) return refusal('libfaketime is not installed', remedy);
  return await inTrialFolder<Usability>(async (folder) => {
    const file = join(folder, 'offset');
    writeOffset(file, trialOffsetMs);
    const seen = await shownOffset(library, file);
    if (seen !== undefined && Math.abs(seen - trialOffsetMs) < toleranceMs) return { usable: true };
    return refusal(`${library} does not change the time of a program`, remedy);
  });
}

/** Milliseconds by which a new program under the library is ahead of one without it. */
async function shownOffset(library: string, file: string): Promise<number | undefined> {
  const ask = async (env: Launch['env']) => {
    const answer = await tryLaunch({ prefix: [], env }, ['date', '+%s%3N']);
    return 'printed' in answer ? Number(answer.printed) : undefined;
  };
  const shown = await ask({ LD_PRELOAD: library, ...settings(file) });
  const real = await ask({});
  return shown === undefined || real === undefined ? undefined : shown - real;
}

/** Debian's place for each architecture, and that of libfaketime's own installation. */
async function findLibrary(): Promise<string | undefined> {
  const architectures = await readdir('/usr/lib').catch(() => []);
  const folders = [
    ...architectures.filter((name) => name.includes('-linux-')),
    '.',
    '../lib64',
    '../local/lib',
  ];
  for (const folder of folders) {
    const library = join('/usr/lib', folder, 'faketime', 'libfaketimeMT.so.1');
    if ((await readFile(library).catch(() => undefined)) !== undefined) return library;
  }
  return undefined;
}

function settings(file: string): Record<string, string> {
  // Times of files stay true, as with Chaos Mesh.
  return { FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1', NO_FAKE_STAT: '1' };
}

function launchWith({ spec, declared }: TimeRequest, library: string, file: string): Launch {
  const before = declared.type === 'command' ? (declared.env.LD_PRELOAD ?? process.env.LD_PRELOAD ?? '') : '';
  const env = {
    LD_PRELOAD: `${library} ${before}`.trim(),
    ...settings(file),
    ...(hasMonotonic(spec) ? {} : { DONT_FAKE_MONOTONIC: '1' }),
  };
  return { prefix: [], env, residue: sharedMemory };
}

function hasMonotonic({ clockIds }: TimeChaosSpec): boolean {
  return clockIds.some((clock) => !clock.startsWith('CLOCK_REALTIME'));
}

function namesOf(spec: TimeChaosSpec): string {
  return hasMonotonic(spec) ? 'real time, and with it all monotonic clocks' : 'real time; timers run as ever';
}

function effectOf({ offsetMs, rate }: TimeChaosSpec): string {
  const parts = [
    ...(offsetMs === 0 ? [] : [`moves the clock by ${formatDuration(offsetMs)}`]),
    ...(rate === 1 ? [] : [`lets the clock run at ${rate} times its speed`]),
  ];
  return parts.join(' and ') || 'leaves the clock as it is';
}

function fileOf({ scratchFolder }: TimeRequest): string {
  return join(scratchFolder, 'time-offset');
}

/** Renamed into its place, because a reading of the clock may come at any moment; others than us must read it. */
function writeOffset(file: string, ms: number): void {
  const seconds = (ms / 1000).toFixed(9);
  writeFileSync(`${file}.new`, `${ms < 0 ? '' : '+'}${seconds}\n`, { mode: 0o644 });
  renameSync(`${file}.new`, file);
}

async function inject(
  request: TimeRequest,
  prepared: PreparedFault | undefined,
  extend: ExtendLease,
): Promise<ActiveFault> {
  const { spec, clock } = request;
  const file = fileOf(request);
  const begunAt = clock.now();
  const offsetNow = () => spec.offsetMs + (clock.now() - begunAt) * (spec.rate - 1);
  const reached = await reachedProcesses(request);
  const memory = reached.flatMap(sharedMemory);
  if (prepared) memoryOf.set(prepared, memory);
  await extend(memory.map((path): UndoStep => ({ type: 'remove', path })));
  writeOffset(file, offsetNow());
  const ending = new AbortController();
  const drifting = (async () => {
    while (spec.rate !== 1) {
      await clock.sleep(driftEveryMs, ending.signal);
      if (ending.signal.aborted) return;
      writeOffset(file, offsetNow());
    }
  })();
  return {
    hits: () => reached.length,
    async missing() {
      const now = await reachedProcesses(request);
      if (now.length === 0) return `no process of ${request.target.name} has loaded libfaketime`;
      return await offsetMismatch(file, offsetNow());
    },
    async undo() {
      ending.abort();
      await drifting;
      writeOffset(file, 0);
    },
    async verifyUndone() {
      const wrong = await offsetMismatch(file, 0);
      if (wrong) return { undone: false, left: [`${wrong}: rm '${file}'`] };
      return { undone: true, evidence: 'a new program that reads the same file shows the true time' };
    },
  };
}

async function offsetMismatch(file: string, expectedMs: number): Promise<string | undefined> {
  const library = await findLibrary();
  const shown = library && (await shownOffset(library, file));
  if (typeof shown !== 'number') return 'the time under libfaketime cannot be read';
  if (Math.abs(shown - expectedMs) < toleranceMs) return undefined;
  return `the clock under libfaketime is ahead by ${formatDuration(shown)}, not by ${formatDuration(expectedMs)}`;
}

/** Processes of the target that have our library and our file. */
async function reachedProcesses(request: TimeRequest): Promise<number[]> {
  const { target } = request;
  const entry = `FAKETIME_TIMESTAMP_FILE=${fileOf(request)}`;
  const pids = target.type === 'process' ? (await target.processes()).map(({ pid }) => pid) : [];
  const reached: number[] = [];
  for (const pid of pids) {
    const maps = await readFile(`/proc/${pid}/maps`, 'utf8').catch(() => '');
    if (maps.includes('/libfaketime') && environment(pid)?.includes(entry)) reached.push(pid);
  }
  return reached;
}

/** Names that libfaketime gives by the pid of the process that loads it first. */
function sharedMemory(pid: number): string[] {
  return [`/dev/shm/faketime_shm_${pid}`, `/dev/shm/sem.faketime_sem_${pid}`];
}
