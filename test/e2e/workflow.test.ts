// Workflows and Schedules of Chaos Mesh on real processes: what begins when, that everything is taken back, also when the
// runner is killed in the middle.

import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { EventOf, TimelineEvent } from '../../src/experiment/timeline.ts';
import type { Verdict } from '../../src/experiment/verdict.ts';
import { firedrill, type Workplace } from '../support/firedrill.ts';
import { LiveRun, placeFor, type Spec, startService, writeDrill } from './drill.ts';
import { expectNoTraces, stateOf } from './traces.ts';

const selector = { labelSelectors: { app: 'web' } };
const pause = { action: 'pod-failure', mode: 'one', selector };

function writeObject(place: Workplace, kind: string, spec: Spec): string {
  const file = join(place.folder, `${kind.toLowerCase()}.yaml`);
  const metadata = { name: 'try', namespace: 'default' };
  writeFileSync(file, stringify({ apiVersion: 'chaos-mesh.org/v1alpha1', kind, metadata, spec }));
  return file;
}

/** The same among the faults of an experiment, whose phases may be short. */
function writeWorkflow(place: Workplace, pid: number, spec: Spec): string {
  const targets = { web: { process: { pid }, labels: selector.labelSelectors } };
  return writeDrill(place, { targets, faults: [{ kind: 'Workflow', spec }] });
}

/** `node state`, in their order. */
function nodesOf(timeline: readonly TimelineEvent[]): string[] {
  return timeline
    .filter((event): event is EventOf<'workflow.node'> & TimelineEvent => event.type === 'workflow.node')
    .map((event) => `${event.node} ${event.state}`);
}

function faultsOf(stdout: string): unknown[] {
  return (JSON.parse(stdout) as Verdict).faults.map(({ name, verdict, hits }) => ({ name, verdict, hits }));
}

describe('a Workflow', () => {
  test('runs its nodes in their order, takes a branch, and leaves nothing', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const [web, other, stranger] = await Promise.all([1, 2, 3].map(() => startService(onTestFinished)));
    const file = writeObject(place, 'Workflow', {
      entry: 'all',
      templates: [
        { name: 'all', templateType: 'Serial', deadline: '30s', children: ['choose', 'rest', 'often'] },
        {
          name: 'choose',
          templateType: 'Task',
          task: { container: { name: 'c', image: 'busybox', command: ['sh', '-c', 'echo yes; exit 4'] } },
          conditionalBranches: [
            { target: 'left', expression: 'exitCode == 0' },
            { target: 'right', expression: 'exitCode == 4 && stdout == "yes"' },
          ],
        },
        { name: 'left', templateType: 'PodChaos', deadline: '1s', podChaos: pause },
        { name: 'right', templateType: 'PodChaos', deadline: '1s', podChaos: { ...pause, mode: 'all' } },
        { name: 'rest', templateType: 'Suspend', deadline: '300ms' },
        {
          name: 'often',
          templateType: 'Schedule',
          deadline: '3500ms',
          schedule: { schedule: '@every 1s', type: 'PodChaos', podChaos: { ...pause, duration: '200ms' } },
        },
      ],
    });
    const run = new LiveRun(place, [
      ...['run', file, '--output', 'json', '--allow', 'FD806'],
      ...['--target', `web=process:pid:${web!.pid},label=app=web`],
      ...['--target', `other=process:pid:${other!.pid},label=app=web`],
      ...['--target', `stranger=process:pid:${stranger!.pid},label=app=db`],
    ]);
    await run.event('fault.injected', (event) => event.fault === 'right');
    expect([web, other, stranger].map((service) => stateOf(service!.pid))).toEqual(['T', 'T', 'S']);
    const { exitCode, stdout, stderr } = await run.finished;
    expect(exitCode, stderr).toBe(0);
    expect(faultsOf(stdout)).toEqual([
      { name: 'right', verdict: 'effective', hits: 2 },
      { name: 'often', verdict: 'effective', hits: 3 },
    ]);
    const nodes = nodesOf(run.timeline());
    expect(nodes.slice(0, 5)).toEqual([
      'all started',
      'choose started',
      'choose decided',
      'right started',
      'right accomplished',
    ]);
    expect(nodes.filter((node) => node === 'often.run started')).toHaveLength(3);
    expect(nodes.slice(-2)).toEqual(['often deadline', 'all accomplished']);
    for (const service of [web, other, stranger])
      expect((await fetch(`http://127.0.0.1:${service!.port}/healthz`)).status).toBe(200);
    await expectNoTraces(place);
  });

  test('is aborted by a status check that may do so', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const web = await startService(onTestFinished);
    let asked = 0;
    const server = createServer((_, response) => {
      response.statusCode = ++asked < 2 ? 200 : 503;
      response.end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const file = writeWorkflow(place, web.pid, {
      entry: 'all',
      templates: [
        { name: 'all', templateType: 'Parallel', deadline: '60s', children: ['watch', 'pause'] },
        {
          name: 'watch',
          templateType: 'StatusCheck',
          abortWithStatusCheck: true,
          statusCheck: {
            mode: 'Continuous',
            type: 'HTTP',
            intervalSeconds: 1,
            failureThreshold: 2,
            http: { url: `http://127.0.0.1:${port}/`, criteria: { statusCode: '200-299' } },
          },
        },
        { name: 'pause', templateType: 'PodChaos', deadline: '50s', podChaos: pause },
      ],
    });
    const { exitCode, stdout } = await firedrill(place, ['run', file, '--output', 'json']);
    expect(exitCode).toBe(4);
    expect((JSON.parse(stdout) as Verdict).sentence).toContain(
      'status check watch: status 503, 2 times in a row',
    );
    expect(asked).toBe(3);
    expect(stateOf(web.pid)).toBe('S');
    await expectNoTraces(place);
  });

  test('leaves nothing when its runner is killed in the middle', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const web = await startService(onTestFinished);
    const file = writeWorkflow(place, web.pid, {
      entry: 'all',
      templates: [
        { name: 'all', templateType: 'Parallel', children: ['pause', 'program'], deadline: '60s' },
        { name: 'pause', templateType: 'PodChaos', deadline: '50s', podChaos: pause },
        {
          name: 'program',
          templateType: 'Task',
          task: { container: { name: 'c', command: ['sh', '-c', 'sleep 50 & wait'] } },
        },
      ],
    });
    const run = new LiveRun(place, ['run', file]);
    await run.event('fault.injected');
    expect(stateOf(web.pid)).toBe('T');
    run.kill('SIGKILL');
    await run.finished;
    await expectNoTraces(place);
    expect(stateOf(web.pid)).toBe('S');
  });
});

describe('a Schedule', () => {
  test('goes on for --duration, and counts what all its runs did', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const web = await startService(onTestFinished);
    const podChaos = { ...pause, duration: '1500ms' };
    const spec = { schedule: '@every 1s', type: 'PodChaos', historyLimit: 5, podChaos };
    const file = writeObject(place, 'Schedule', spec);
    const run = new LiveRun(place, [
      ...['run', file, '--output', 'json', '--duration', '6s'],
      ...['--target', `web=process:pid:${web.pid},label=app=web,namespace=default`],
    ]);
    const { exitCode, stdout, stderr } = await run.finished;
    expect(exitCode, stderr).toBe(0);
    const nodes = nodesOf(run.timeline());
    const starts = nodes.filter((node) => node === 'schedule.run started').length;
    expect(starts).toBeGreaterThanOrEqual(2);
    expect(nodes).toContain('schedule missed');
    expect(faultsOf(stdout)).toEqual([{ name: 'pod-chaos', verdict: 'effective', hits: starts }]);
    await expectNoTraces(place);
  });

  test('stands among the faults of an experiment', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const web = await startService(onTestFinished);
    const podChaos = { action: 'pod-failure', duration: '200ms' };
    const schedule = { schedule: '@every 1s', type: 'PodChaos', podChaos };
    const templates = [{ name: 's', templateType: 'Schedule', deadline: '2500ms', schedule }];
    const file = writeDrill(place, {
      targets: { web: { process: { pid: web.pid } } },
      faults: [
        { kind: 'PodChaos', spec: { action: 'pod-failure', duration: '300ms' } },
        { name: 'again', kind: 'Workflow', spec: { entry: 's', templates } },
      ],
    });
    const { exitCode, stdout, stderr } = await firedrill(place, ['run', file, '--output', 'json']);
    expect(exitCode, stderr).toBe(0);
    expect(faultsOf(stdout)).toEqual([
      { name: 'pod-chaos', verdict: 'effective', hits: 1 },
      { name: 'again.s', verdict: 'effective', hits: 2 },
    ]);
  });
});

test('what only a cluster can do is said, and nothing is started', async ({ onTestFinished }) => {
  const place = placeFor(onTestFinished);
  const file = writeObject(place, 'JVMChaos', { action: 'gc', mode: 'one', selector });
  const { exitCode, stderr } = await firedrill(place, ['run', file, '--target', 'web=process:pid:1']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('error FD130: JVMChaos acts only through Chaos Mesh on a cluster');
});
