// The targets of a run: started under leases, watched for disturbances by another hand, and ended with the run.

import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { LeaseHandle, Leases } from '../../faults/leases/leases.ts';
import { CommandTarget } from '../../faults/targets/process/command.ts';
import { TcpProxy } from '../../faults/targets/proxy/proxy.ts';
import type {
  ContainerTargetHandle,
  Launch,
  ProcessId,
  ProcessTargetHandle,
} from '../../faults/targets/target.ts';
import { AwaitedCommand, type PlannedTarget } from '../plan/targets.ts';
import type { TimelineLog } from './timeline-log.ts';

export interface TargetSessionOptions {
  readonly run: string;
  readonly targets: readonly PlannedTarget[];
  readonly leases: Leases;
  readonly logs: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly timeline: TimelineLog;
  /** The target leases live at most this long, whatever happens. */
  readonly lifeMsMax: number;
}

const watchEveryMs = 500;

export class TargetSession {
  readonly #options: TargetSessionOptions;
  readonly #started: { target: CommandTarget; lease: LeaseHandle }[] = [];
  readonly #proxies: TcpProxy[] = [];
  readonly #stopping = new AbortController();
  readonly #troubles = new Map<string, string>();
  readonly #shaken = new Set<string>();

  constructor(options: TargetSessionOptions) {
    this.#options = options;
  }

  /**
   * Starts commands and proxies, in the order of the file; each command as its faults want it started. When `stop` is
   * aborted it goes no further, and throws the reason of `stop`.
   */
  async start(launchesOf: (target: string) => Promise<readonly Launch[]>, stop: AbortSignal): Promise<void> {
    for (const { spec, handle } of this.#options.targets) {
      stop.throwIfAborted();
      if (handle instanceof TcpProxy) {
        await handle.start();
        this.#proxies.push(handle);
      } else if (handle instanceof AwaitedCommand && spec.kind.type === 'command') {
        handle.running = await this.#startCommand(spec, spec.kind, await launchesOf(spec.name), stop);
      } else if (handle.type === 'process' || handle.type === 'container') {
        void this.#watchOther(handle, await handle.processes());
      }
    }
  }

  /** What is wrong with a target now, for the steady gate. */
  unsteady(): string[] {
    return [...this.#troubles.values()];
  }

  /**
   * From here on processes of these targets may vanish: a fault of ours kills or stops them, and many a program that
   * was stopped ends when it goes on.
   */
  expectKills(targets: Iterable<string>): void {
    for (const target of targets) this.#shaken.add(target);
  }

  /** `hurry`: programs get no time to end by themselves any more. */
  async end(hurry: AbortSignal): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#proxies.map((proxy) => proxy.stop()));
    await Promise.all(
      this.#started.map(async ({ target, lease }) => {
        const { left } = await target.end(undefined, hurry);
        await lease.settle(
          left.length === 0 ? 'undone' : 'stuck',
          left.length === 0 ? 'the run ended it' : left.join('; '),
        );
      }),
    );
  }

  async #startCommand(
    identity: PlannedTarget['spec'],
    declared: Extract<PlannedTarget['spec']['kind'], { type: 'command' }>,
    launches: readonly Launch[],
    stop: AbortSignal,
  ): Promise<CommandTarget> {
    const { run, leases, logs, env, clock, timeline, lifeMsMax } = this.#options;
    const { name } = identity;
    const mark = `${run}.${name}`;
    const lease = await leases.open({
      fault: 'target',
      target: name,
      undo: [{ type: 'end-marked', mark }],
      expiresInMs: lifeMsMax,
    });
    try {
      const target = await CommandTarget.start({
        identity,
        declared,
        launches,
        env,
        mark,
        logFile: join(logs, `${name}.log`),
        clock,
        stop,
        extendLease: (steps) => lease.extend(steps),
        events: {
          started: (pid) => timeline.emit('target.started', { target: name, pid }),
          ready: (afterMs) => timeline.emit('target.ready', { target: name, afterMs }),
          exited: (exit) => this.#exited(name, exit),
          replaced: (oldPid, newPid) =>
            timeline.emit('target.replaced', { target: name, oldPid, newPid, expected: true }),
          gaveUp: (reason) =>
            timeline.emit('warning', { message: `target ${name} is not started again: ${reason}` }),
        },
      });
      this.#started.push({ target, lease });
      return target;
    } catch (error) {
      await lease.settle('undone', 'it could not be started');
      throw error;
    }
  }

  /** Ended by a signal that only another hand sends: no fault of ours does, and the kernel's OOM killer uses SIGKILL. */
  #exited(
    target: string,
    exit: { pid: number; code: number | null; signal: string | null; expected: boolean },
  ): void {
    this.#options.timeline.emit('target.exited', { target, ...exit });
    if (exit.expected) return;
    const how = exit.signal ? `by ${exit.signal}` : `with exit code ${exit.code}`;
    this.#troubles.set(target, `target ${target} ended ${how}`);
    if (exit.signal && ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'].includes(exit.signal)) {
      this.#options.timeline.emit('disturbance', {
        what: `target ${target} was ended by ${exit.signal}, which this run did not send`,
      });
    }
  }

  /** A target that runs without us must stay the same process: a new root means that somebody restarted it. */
  async #watchOther(
    handle: ProcessTargetHandle | ContainerTargetHandle,
    before: readonly ProcessId[],
  ): Promise<void> {
    const { clock, timeline } = this.#options;
    let root = before[0];
    while (!this.#stopping.signal.aborted) {
      await clock.sleep(watchEveryMs, this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
      const now = (await handle.processes().catch(() => []))[0];
      if (now?.pid === root?.pid && now?.startTime === root?.startTime) continue;
      const expected = this.#shaken.has(handle.name);
      if (!now)
        timeline.emit('target.exited', {
          target: handle.name,
          pid: root?.pid ?? 0,
          code: null,
          signal: null,
          expected,
        });
      else
        timeline.emit('target.replaced', {
          target: handle.name,
          oldPid: root?.pid ?? 0,
          newPid: now.pid,
          expected,
        });
      if (!expected) {
        const what = now
          ? `target ${handle.name} was restarted by another hand`
          : `target ${handle.name} is gone`;
        this.#troubles.set(handle.name, what);
        timeline.emit('disturbance', { what });
      }
      root = now;
    }
  }
}
