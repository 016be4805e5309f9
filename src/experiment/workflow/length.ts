// The longest that a workflow can take, for the plan.

import type { WorkflowNode } from './model.ts';

/** Milliseconds; undefined when nothing bounds it. */
export function longest(entry: string, nodes: readonly WorkflowNode[]): number | undefined {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const ms = lengthOf(entry, byName);
  return Number.isFinite(ms) ? ms : undefined;
}

function lengthOf(name: string, nodes: ReadonlyMap<string, WorkflowNode>): number {
  const node = nodes.get(name);
  if (!node) return 0;
  const { deadlineMs } = node;
  const lengths = (names: readonly string[]) => names.map((each) => lengthOf(each, nodes));
  const bounded = (ms: number) => Math.min(deadlineMs ?? Number.POSITIVE_INFINITY, ms);
  switch (node.type) {
    case 'Serial':
      return bounded(lengths(node.children).reduce((sum, ms) => sum + ms, 0));
    case 'Parallel':
      return bounded(Math.max(0, ...lengths(node.children)));
    case 'Suspend':
      return deadlineMs ?? 0;
    case 'Fault':
      return bounded(node.durationMs ?? deadlineMs ?? 0);
    case 'StatusCheck':
      return bounded(node.check.durationMs ?? Number.POSITIVE_INFINITY);
    case 'Task':
    case 'Schedule':
      return bounded(Number.POSITIVE_INFINITY);
  }
}
