// Runs a Schedule or a Workflow on the clock that it is given. What a node does outside (a fault, a program, a request)
// is the session's; here is only when. A node ends by itself, by its deadline, or when the node around it ends.

import type { Clock } from '../../base/clock.ts';
import { parseTimetable } from './cron.ts';
import { parseCondition, type TaskOutcome } from './expression.ts';
import type { FaultNode, StatusCheckNode, TaskNode, WorkflowNode, WorkflowSpec } from './model.ts';
import { aborted, runSchedule, sleepUntil } from './schedule.ts';
import { runStatusCheck } from './status-check.ts';

/** How a node ended, or what it did on its way. */
export type NodeState =
  | 'started'
  | 'accomplished'
  /** Its deadline, or that of a node around it, came first. */
  | 'deadline'
  /** The run is over. */
  | 'stopped'
  | 'failed'
  /** A run of a schedule that was due and did not start. */
  | 'missed'
  /** Which branches a task chose, or what a status check said. */
  | 'decided';

export interface WorkflowHooks {
  /** Puts it in place until its time is over or `until` is aborted; false when it could not be put in place. */
  fault(node: FaultNode, until: AbortSignal): Promise<boolean>;
  /** Undefined when it was ended. */
  task(name: string, node: TaskNode, until: AbortSignal): Promise<TaskOutcome | undefined>;
  /** The status code, or undefined when there was no answer in time. */
  request(node: StatusCheckNode, until: AbortSignal): Promise<number | undefined>;
  /** A status check with abortWithStatusCheck did not succeed. */
  abort(reason: string): void;
  onNode(node: string, type: string, state: NodeState, detail?: string): void;
}

/** Resolves when all that it began has ended; that is soon after `until` is aborted, which `stop` does too. */
export async function runWorkflow(
  spec: WorkflowSpec,
  hooks: WorkflowHooks,
  clock: Clock,
  { until, stop }: { readonly until: AbortSignal; readonly stop: AbortSignal },
): Promise<void> {
  const nodes = new Map(spec.nodes.map((node) => [node.name, node]));
  await new Engine(nodes, hooks, clock, stop).run(spec.entry, until);
}

class Engine {
  readonly #nodes: ReadonlyMap<string, WorkflowNode>;
  readonly #hooks: WorkflowHooks;
  readonly #clock: Clock;
  readonly #stop: AbortSignal;

  constructor(
    nodes: ReadonlyMap<string, WorkflowNode>,
    hooks: WorkflowHooks,
    clock: Clock,
    stop: AbortSignal,
  ) {
    this.#nodes = nodes;
    this.#hooks = hooks;
    this.#clock = clock;
    this.#stop = stop;
  }

  /** Resolves when the node and all that it began have ended. */
  async run(name: string, around: AbortSignal): Promise<void> {
    if (around.aborted) return;
    const node = this.#nodes.get(name)!;
    const over = new AbortController();
    const until = AbortSignal.any([around, over.signal]);
    const tell = (state: NodeState, detail?: string) => this.#hooks.onNode(name, typeOf(node), state, detail);
    tell('started');
    const timer = new AbortController();
    if (node.deadlineMs !== undefined)
      void sleepUntil(this.#clock.now() + node.deadlineMs, this.#clock, timer.signal).then(() => {
        if (!timer.signal.aborted) over.abort();
      });
    try {
      const hasFailed = await this.#act(node, until, tell);
      tell(hasFailed ? 'failed' : this.#ending(node, until));
    } finally {
      timer.abort();
    }
  }

  #ending(node: WorkflowNode, until: AbortSignal): NodeState {
    if (this.#stop.aborted) return 'stopped';
    // To wait for their deadline is what these are there for.
    const waits = node.type === 'Suspend' || node.type === 'Fault';
    return until.aborted && !waits ? 'deadline' : 'accomplished';
  }

  /** Whether it failed. */
  async #act(
    node: WorkflowNode,
    until: AbortSignal,
    tell: (state: NodeState, detail?: string) => void,
  ): Promise<boolean> {
    switch (node.type) {
      case 'Serial':
        for (const child of node.children) await this.run(child, until);
        return false;
      case 'Parallel':
        await Promise.all(node.children.map((child) => this.run(child, until)));
        return false;
      case 'Suspend':
        await aborted(until);
        return false;
      case 'Fault':
        return this.#fault(node, until);
      case 'Task':
        return this.#task(node.name, node, until, tell);
      case 'StatusCheck':
        return this.#statusCheck(node.name, node, until, tell);
      case 'Schedule':
        await runSchedule({
          timetable: parseTimetable(node.cron)!,
          allowsOverlap: node.allowsOverlap,
          startingDeadlineMs: node.startingDeadlineMs,
          clock: this.#clock,
          until,
          start: () => this.run(node.run, until),
          onMissed: (reason) => tell('missed', reason),
        });
        return false;
    }
  }

  /** A fault that acts once keeps the next node waiting as long as its template says, as on a cluster. */
  async #fault(node: WorkflowNode & FaultNode, until: AbortSignal): Promise<boolean> {
    const wasPut = await this.#hooks.fault(node, until);
    if (wasPut && node.durationMs === undefined && node.deadlineMs !== undefined) await aborted(until);
    return !wasPut && !until.aborted;
  }

  async #task(
    name: string,
    node: TaskNode,
    until: AbortSignal,
    tell: (state: NodeState, detail?: string) => void,
  ): Promise<boolean> {
    const outcome = await this.#hooks.task(name, node, until);
    if (!outcome) return false;
    const chosen = node.branches.filter(({ expression }) => {
      const condition = parseCondition(expression);
      return condition.ok && condition.holds(outcome);
    });
    const targets = chosen.map(({ target }) => target);
    const next = targets.length > 0 ? `, goes on with ${targets.join(', ')}` : '';
    tell('decided', `exit code ${outcome.exitCode}${next}`);
    await Promise.all(targets.map((target) => this.run(target, until)));
    return false;
  }

  async #statusCheck(
    name: string,
    node: StatusCheckNode,
    until: AbortSignal,
    tell: (state: NodeState, detail?: string) => void,
  ): Promise<boolean> {
    const result = await runStatusCheck(
      node.check,
      () => this.#hooks.request(node, until),
      this.#clock,
      until,
    );
    // Ended from outside: it has nothing to say.
    if (result === undefined) return false;
    tell('decided', result.reason);
    if (!result.succeeded && node.abort) this.#hooks.abort(`status check ${name}: ${result.reason}`);
    return !result.succeeded;
  }
}

function typeOf(node: WorkflowNode): string {
  return node.type === 'Fault' ? node.kind : node.type;
}
