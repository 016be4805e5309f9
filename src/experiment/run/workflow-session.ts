// The Schedules and Workflows of a run: each node's work done for real. Faults go through the fault session, each under
// its lease; programs run under a lease that ends them when we die; requests go out as they are.

import { execa } from 'execa';
import { request } from 'undici';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Journal } from '../../faults/leases/journal.ts';
import type { LeaseHandle, Leases } from '../../faults/leases/leases.ts';
import { undoLease } from '../../faults/leases/undo.ts';
import { markVariable } from '../../faults/targets/process/family.ts';
import type { Experiment } from '../model.ts';
import { runWorkflow, type WorkflowHooks } from '../workflow/engine.ts';
import type { TaskOutcome } from '../workflow/expression.ts';
import type { StatusCheckNode, TaskNode, WorkflowSpec } from '../workflow/model.ts';
import { sleepUntil } from '../workflow/schedule.ts';
import type { FaultSession } from './fault-session.ts';
import type { TimelineLog } from './timeline-log.ts';

export interface WorkflowOptions {
  readonly experiment: Experiment;
  readonly run: string;
  readonly faults: FaultSession;
  readonly leases: Leases;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly timeline: TimelineLog;
  readonly random: Random;
  readonly lifeMsMax: number;
  /** The run ends early: nothing more is begun, and what is in place is taken back. */
  readonly stop: AbortSignal;
  whyStopped(): 'stopped' | 'error';
  /** A fault could not be put in place. */
  onFailed(): void;
  /** A status check that may do so ends the run. */
  onAbort(reason: string): void;
}

/** Output of a program that conditions may look at. */
const stdoutBytesMax = 1024 * 1024;
const killAfterMs = 2000;

export class WorkflowSession {
  readonly #options: WorkflowOptions;
  #lease: LeaseHandle | undefined;

  constructor(options: WorkflowOptions) {
    this.#options = options;
  }

  /** One function for each workflow; it resolves when all that it began has ended, after `lengthMs` at the latest. */
  workflows(lengthMs: number): (() => Promise<void>)[] {
    return (this.#workflowSpecs ?? []).map((spec) => () => this.#run(spec, lengthMs));
  }

  /** Programs that are still there are ended with everything else of this run when we die. */
  async start(): Promise<void> {
    const { leases, lifeMsMax } = this.#options;
    const hasTasks = this.#workflowSpecs?.some(({ nodes }) => nodes.some((node) => node.type === 'Task'));
    if (!hasTasks) return;
    const undo = [{ type: 'end-marked', mark: this.#mark }] as const;
    this.#lease = await leases.open({ fault: 'tasks', target: 'tasks', undo, expiresInMs: lifeMsMax });
  }

  async end(): Promise<void> {
    const { clock, journal } = this.#options;
    const lease = this.#lease && (await journal.read(this.#lease.id));
    if (!lease) return;
    // What a program left running behind itself.
    const outcome = await undoLease(lease, { clock, graceMs: killAfterMs, boot: journal.around.boot });
    await this.#lease!.settle(
      outcome.undone ? 'undone' : 'stuck',
      outcome.undone ? outcome.evidence : outcome.left.join('; '),
    );
  }

  get #workflowSpecs(): readonly WorkflowSpec[] | undefined {
    return this.#options.experiment.workflows;
  }

  get #mark(): string {
    return `${this.#options.run}.tasks`;
  }

  async #run(spec: WorkflowSpec, lengthMs: number): Promise<void> {
    const { clock, faults, random, stop, timeline, whyStopped } = this.#options;
    const over = new AbortController();
    const until = AbortSignal.any([stop, over.signal]);
    const timer = new AbortController();
    void sleepUntil(clock.now() + lengthMs, clock, timer.signal).then(() => {
      if (!timer.signal.aborted) over.abort();
    });
    const why = () => (stop.aborted ? whyStopped() : 'duration');
    const hooks: WorkflowHooks = {
      fault: async (node, nodeUntil) => {
        const wasPut = await faults.once(node.fault, { until: nodeUntil, why, random });
        if (!wasPut && !stop.aborted) this.#options.onFailed();
        return wasPut;
      },
      task: (name, node, nodeUntil) => this.#task(name, node, nodeUntil),
      request: (node, nodeUntil) => ask(node, nodeUntil),
      abort: (reason) => this.#options.onAbort(reason),
      onNode: (node, nodeType, state, detail) =>
        timeline.emit('workflow.node', {
          workflow: spec.name,
          node,
          nodeType,
          state,
          ...(detail === undefined ? {} : { detail }),
        }),
    };
    await runWorkflow(spec, hooks, clock, { until, stop }).finally(() => timer.abort());
  }

  async #task(name: string, node: TaskNode, until: AbortSignal): Promise<TaskOutcome | undefined> {
    const { experiment, timeline } = this.#options;
    const [program, ...args] = node.command;
    const result = await execa(program!, args, {
      cwd: node.folder ?? experiment.folder,
      env: { ...node.env, [markVariable]: this.#mark },
      stdin: 'ignore',
      reject: false,
      cancelSignal: until,
      forceKillAfterDelay: killAfterMs,
      maxBuffer: stdoutBytesMax,
    });
    if (until.aborted) return undefined;
    if (result.exitCode === undefined)
      timeline.emit('warning', { message: `task ${name}: ${result.shortMessage ?? 'did not start'}` });
    // A shell's number for a program that could not be started.
    return { exitCode: result.exitCode ?? notStarted, stdout: result.stdout.trim() };
  }
}

const notStarted = 127;

async function ask({ check }: StatusCheckNode, until: AbortSignal): Promise<number | undefined> {
  try {
    const { statusCode, body } = await request(check.url, {
      method: check.method,
      headers: check.headers as Record<string, string[]>,
      body: check.body ?? null,
      headersTimeout: check.timeoutMs,
      signal: AbortSignal.any([until, AbortSignal.timeout(check.timeoutMs)]),
    });
    await body.dump();
    return statusCode;
  } catch {
    return undefined;
  }
}
