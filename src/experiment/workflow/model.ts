// A Schedule or a Workflow as it runs here: nodes that say when which fault of the experiment is put in place.

import type { StatusCheckSpec } from '../../faults/chaos-mesh/status-check.ts';

export interface WorkflowSpec {
  readonly name: string;
  /** Name of the node with which it begins. */
  readonly entry: string;
  readonly nodes: readonly WorkflowNode[];
  /** The longest that it can take; undefined when nothing bounds it but the run's own limit. */
  readonly lengthMs: number | undefined;
}

interface NodeBase {
  readonly name: string;
  /** From the start of the node; what it has begun then ends. */
  readonly deadlineMs: number | undefined;
}

export type WorkflowNode = NodeBase &
  (
    | { readonly type: 'Serial' | 'Parallel'; readonly children: readonly string[] }
    | { readonly type: 'Suspend' }
    | FaultNode
    | TaskNode
    | StatusCheckNode
    | ScheduleNode
  );

export interface FaultNode {
  readonly type: 'Fault';
  /** Name of a fault of the experiment. */
  readonly fault: string;
  readonly kind: string;
  /** Undefined for a one-shot fault, which the deadline only keeps the next node waiting for. */
  readonly durationMs: number | undefined;
}

/** A program on this machine; an image is not pulled. */
export interface TaskNode {
  readonly type: 'Task';
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string | undefined;
  readonly branches: readonly { readonly target: string; readonly expression: string }[];
}

export interface StatusCheckNode {
  readonly type: 'StatusCheck';
  readonly check: StatusCheckSpec;
  /** A check that does not succeed ends the whole run. */
  readonly abort: boolean;
}

export interface ScheduleNode {
  readonly type: 'Schedule';
  readonly cron: string;
  readonly allowsOverlap: boolean;
  readonly startingDeadlineMs: number | undefined;
  /** Name of the node that each run is. */
  readonly run: string;
}
