import { expect, test } from 'vitest';
import type { TimelineEvent } from '../../src/experiment/timeline.ts';
import { workflowLanes } from '../../src/report/html/timeline/workflow-lane.ts';

const time = { startMs: 0, endMs: 10_000, zeroMs: 0 };

function node(at: number, name: string, state: 'started' | 'accomplished' | 'stopped'): TimelineEvent {
  return { at, type: 'workflow.node', workflow: 'release', node: name, nodeType: 'Suspend', state };
}

test('a workflow has one lane with a bar for each time that a node went on, also where that never ended', () => {
  const events = [
    node(1000, 'wait', 'started'),
    node(2000, 'wait', 'accomplished'),
    node(4000, 'wait', 'started'),
    node(6000, 'wait', 'stopped'),
    node(8000, 'last', 'started'),
  ];
  const lanes = workflowLanes(events, time);
  expect(lanes).toMatchObject([{ kind: 'workflow', title: 'release', word: '2 nodes' }]);
  const drawn = String(lanes[0]!.plot);
  expect(drawn.match(/class="node-bar" x="[^"]*" width="[^"]*"/g)).toEqual([
    'class="node-bar" x="10%" width="10%"',
    'class="node-bar" x="40%" width="20%"',
    'class="node-bar" x="80%" width="20%"',
  ]);
  expect(drawn).toContain('wait: stopped, 2s');
  expect(drawn).toMatch(/text-anchor="end">last</);
});

test('a run without a workflow has none', () => {
  expect(workflowLanes([], time)).toEqual([]);
});
