// `process.command`: a target that we start, watch, start again if the file says so, and end with everything that
// it started.

import { rm } from 'node:fs/promises';
import type { Clock } from '../../../base/clock.ts';
import { UserError } from '../../../base/diagnostics.ts';
import type { ExtendLease } from '../../fault.ts';
import type { ProcessTarget } from '../declaration.ts';
import type { Launch, ProcessId, ProcessTargetHandle } from '../target.ts';
import { type EndOutcome, endFamily } from './end.ts';
import { Family, marked, processes, sessionOf } from './family.ts';
import { applyLaunches, checkCommand, type Environment, type Exit, type Launched, launch } from './launch.ts';
import { boundLog, logTail } from './log.ts';
import { commandLine, listeningSockets, socketHolders } from './proc.ts';
import { askReady, readyPort } from './ready.ts';
import { describeProcesses, type TargetIdentity } from './running.ts';

export type CommandDeclaration = Extract<ProcessTarget, { type: 'command' }>;

export interface CommandOptions {
  readonly identity: TargetIdentity;
  readonly declared: CommandDeclaration;
  /** How faults that are yet to come want it started. */
  readonly launches: readonly Launch[];
  /** What the target inherits; `declared.env` and the launches go over it. */
  readonly env: Environment;
  /** Unique for this target in this run; the target's lease ends every process that carries it. */
  readonly mark: string;
  readonly logFile: string;
  readonly clock: Clock;
  /** Aborted: it is not waited for any longer. */
  readonly stop?: AbortSignal;
  /** Of the target's lease, which is open before anything is started: each process is added before its program runs. */
  readonly extendLease: ExtendLease;
  readonly events: CommandEvents;
}

interface CommandEvents {
  started(pid: number): void;
  ready(afterMs: number): void;
  /** `expected`: caused by a fault of ours, or by `end`. */
  exited(exit: Exit & { readonly pid: number; readonly expected: boolean }): void;
  /** It was started again. */
  replaced(oldPid: number, newPid: number, expected: boolean): void;
  /** It will not be started again, because it keeps ending at once. */
  gaveUp(reason: string): void;
}

const readyEveryMs = 50;
/** Without a ready check a process that lives this long counts as started. */
const settleMs = 250;
const logCheckMs = 1000;
const endGraceMs = 5000;
/** A life shorter than this, not ended by us, is a crash; so many in a row are enough. */
const crashLifeMsMax = 5000;
const crashesMax = 5;

export class CommandTarget implements ProcessTargetHandle {
  readonly type = 'process';
  readonly started = true;
  readonly name: string;
  readonly namespace: string;
  readonly labels: TargetIdentity['labels'];
  readonly #options: CommandOptions;
  readonly #stopping = new AbortController();
  #family: Family;
  #current: Launched | undefined;
  /** Why the present process has ended; undefined while it lives. */
  #exit: Exit | undefined;
  #exitExpected = false;
  /** What a fault changes of its environment; undefined takes a variable away. */
  #changes: Environment = {};
  /** A fault starts it anew, and nobody else may. */
  #isRestarting = false;
  readonly #residue: string[] = [];
  #supervision: Promise<void> = Promise.resolve();
  #ending: Promise<EndOutcome> | undefined;

  private constructor(options: CommandOptions) {
    this.#options = options;
    ({ name: this.name, namespace: this.namespace, labels: this.labels } = options.identity);
    this.#family = new Family(marked(options.mark));
  }

  /** Resolves when it is ready. Otherwise it is ended, and FD501, FD502, FD503, FD507 or the reason of `stop` tells why. */
  static async start(options: CommandOptions): Promise<CommandTarget> {
    const { declared, identity, env } = options;
    checkCommand(declared.command, { ...env, ...declared.env }, declared.folder);
    refuseTakenPort(identity.name, readyPort(declared.ready));
    const target = new CommandTarget(options);
    try {
      await target.#launch();
      await target.#untilReady();
    } catch (error) {
      await target.end(0);
      throw error;
    }
    target.#supervision = target.#supervise();
    void target.#keepLogBounded();
    return target;
  }

  async processes(): Promise<ProcessId[]> {
    return this.#family.look().map(({ pid, startTime }) => ({ pid, startTime }));
  }

  async describe(): Promise<string> {
    return describeProcesses(this.#family.look());
  }

  expectExit(): void {
    this.#exitExpected = true;
  }

  /** Ends it gracefully and starts it again with other variables; says why it is not ready then, when it is not. */
  async restart(changes: Environment): Promise<string | undefined> {
    this.#changes = changes;
    this.#isRestarting = true;
    const restarted = this.#startAnew();
    this.#supervision = restarted.catch(() => {});
    try {
      await restarted;
    } finally {
      this.#isRestarting = false;
    }
    this.#supervision = this.#supervise();
    return await this.#untilReady().then(
      () => undefined,
      (error: Error) => error.message,
    );
  }

  /** Ends the whole tree, also what has left it: SIGTERM, `graceMs` or until `hurry`, SIGKILL. Idempotent. */
  end(graceMs = endGraceMs, hurry?: AbortSignal): Promise<EndOutcome> {
    this.#ending ??= this.#end(graceMs, hurry);
    return this.#ending;
  }

  async #end(graceMs: number, hurry: AbortSignal | undefined): Promise<EndOutcome> {
    this.#stopping.abort();
    const outcome = await endFamily(this.#family, graceMs, this.#options.clock, hurry);
    // What cannot be killed does not report its exit either.
    if (outcome.left.length > 0) return outcome;
    await this.#current?.exited;
    await this.#supervision;
    for (const path of this.#residue) await rm(path, { force: true });
    return outcome;
  }

  async #startAnew(): Promise<void> {
    const { clock, events } = this.#options;
    const former = this.#current;
    const supervised = this.#supervision;
    this.#exitExpected = true;
    await endFamily(this.#family, endGraceMs, clock);
    await supervised;
    // Its supervision may have started it once more just then.
    const { left } = await endFamily(this.#family, 0, clock);
    if (left.length > 0) throw new Error(left.join('; '));
    await this.#current?.exited;
    this.#exitExpected = false;
    await this.#launch();
    if (former && this.#current) events.replaced(former.id.pid, this.#current.id.pid, true);
  }

  async #launch(): Promise<void> {
    const { declared, launches, env, mark, logFile, extendLease } = this.#options;
    const applied = applyLaunches(declared.command, { ...env, ...declared.env, ...this.#changes }, launches);
    const launched = await launch({ ...applied, folder: declared.folder, mark, logFile }, async (id) => {
      const residue = launches.flatMap((each) => each.residue?.(id.pid) ?? []);
      this.#residue.push(...residue);
      const removals = residue.map((path) => ({ type: 'remove' as const, path }));
      await extendLease([{ type: 'end-tree', process: id }, ...removals]);
      if (this.#stopping.signal.aborted) throw new Error('the target is being ended');
    });
    this.#family = new Family(marked(mark), processes([launched.id]), sessionOf(launched.id));
    this.#current = launched;
    this.#exit = undefined;
    void launched.exited.then((exit) => {
      this.#exit = exit;
      const expected = this.#exitExpected || this.#isRestarting || this.#stopping.signal.aborted;
      this.#options.events.exited({ ...exit, pid: launched.id.pid, expected });
    });
    this.#options.events.started(launched.id.pid);
  }

  async #untilReady(): Promise<void> {
    const { declared, clock, stop, events, logFile } = this.#options;
    const startedAt = clock.now();
    const withinMs = declared.ready?.withinMs ?? settleMs;
    let reason: string | undefined = 'not asked yet';
    while (clock.now() - startedAt < withinMs) {
      await clock.sleep(readyEveryMs, stop);
      stop?.throwIfAborted();
      if (this.#exit) throw await this.#endedEarly(this.#exit);
      if (!declared.ready) continue;
      reason = await askReady(declared.ready);
      // It may have been somebody else who answered, while ours could not get the port and died.
      if (reason === undefined && !this.#exit) return events.ready(clock.now() - startedAt);
    }
    if (!declared.ready) return events.ready(clock.now() - startedAt);
    throw UserError.of(
      'FD503',
      `target ${this.name} was not ready within ${withinMs / 1000}s: ${reason}; ${await logTail(logFile)}`,
    );
  }

  async #endedEarly({ code, signal }: Exit): Promise<UserError> {
    const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
    return UserError.of(
      'FD502',
      `target ${this.name} ${how} before it was ready; ${await logTail(this.#options.logFile)}`,
    );
  }

  /** Waits for the process to end, and starts it again for as long as that makes sense. */
  async #supervise(): Promise<void> {
    const { clock, declared, events, logFile } = this.#options;
    for (let crashes = 0; this.#current; ) {
      const startedAt = clock.now();
      const { id, exited } = this.#current;
      await exited;
      if (this.#stopping.signal.aborted || this.#isRestarting || !declared.restart) return;
      const expected = this.#exitExpected;
      this.#exitExpected = false;
      crashes = expected || clock.now() - startedAt > crashLifeMsMax ? 0 : crashes + 1;
      if (crashes > crashesMax)
        return events.gaveUp(
          `it ended ${crashes} times within ${crashLifeMsMax / 1000}s of its start; ${await logTail(logFile)}`,
        );
      await clock.sleep(declared.restartDelayMs, this.#stopping.signal);
      if (this.#stopping.signal.aborted || this.#isRestarting) return;
      await endFamily(this.#family, 0, clock);
      const next = await this.#launch().then(
        () => this.#current,
        (error: Error) => void events.gaveUp(error.message),
      );
      if (!next || this.#stopping.signal.aborted || this.#isRestarting) return;
      events.replaced(id.pid, next.id.pid, expected);
    }
  }

  async #keepLogBounded(): Promise<void> {
    const { clock, logFile } = this.#options;
    while (!this.#stopping.signal.aborted) {
      // A log that cannot be bounded (the disk is full) is no reason to stop a drill.
      await boundLog(logFile).catch(() => {});
      await clock.sleep(logCheckMs, this.#stopping.signal);
    }
  }
}

// Somebody else's server at the ready address would make the target look ready.
function refuseTakenPort(target: string, port: number | undefined): void {
  if (port === undefined) return;
  const inodes = listeningSockets(port).map((socket) => socket.inode);
  if (inodes.length === 0) return;
  const [holder] = socketHolders(inodes);
  const who =
    holder === undefined ? 'another process' : `process ${holder} (${commandLine(holder).slice(0, 80)})`;
  throw UserError.of('FD507', `target ${target}: port ${port} of its ready check is held by ${who} already`);
}
