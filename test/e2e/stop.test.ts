// A run that is ended before its plan is over, by a person, by a stop condition or by a limit: everything is taken
// back, the reports are written, and the exit code says that it was stopped.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Lease } from '../../src/faults/leases/lease.ts';
import { firedrill, type Workplace } from '../support/firedrill.ts';
import { freePort } from '../support/processes.ts';
import {
  eventsOf,
  LiveRun,
  levelObjective,
  type OnFinished,
  patiently,
  placeFor,
  type Service,
  type Spec,
  scrape,
  serviceTarget,
  startService,
  writeDrill,
  writtenVerdict,
} from './drill.ts';
import { expectNoTraces, stateOf } from './traces.ts';

/** A drill whose fault stops one service for half a minute, while it watches another. */
interface Stage {
  readonly place: Workplace;
  readonly file: string;
  readonly victim: Service;
  readonly watched: Service;
}

async function stage(onFinished: OnFinished, spec: Spec = {}): Promise<Stage> {
  const place = placeFor(onFinished);
  const [victim, watched] = await Promise.all([startService(onFinished), startService(onFinished)]);
  const file = writeDrill(place, {
    targets: { victim: { process: { pid: victim.pid } } },
    telemetry: { scrape: [scrape(watched.port)] },
    faults: [{ kind: 'PodChaos', spec: { action: 'pod-failure', duration: '30s' } }],
    objectives: [levelObjective],
    ...spec,
  });
  return { place, file, victim, watched };
}

/** Nothing is left, the victim runs, both reports are there, and they tell of the stop. */
async function expectStopped({ place, victim }: Stage, run: LiveRun, exitCode = 4) {
  const finished = await run.finished;
  expect(finished.exitCode, finished.stderr).toBe(exitCode);
  expect(stateOf(victim.pid)).toMatch(/^[SR]$/);
  await expectNoTraces(place);
  expect(existsSync(join(run.folder!, 'report.html'))).toBe(true);
  const verdict = writtenVerdict(run.folder!);
  expect(verdict).toMatchObject({ verdict: 'stopped', notUndone: [] });
  return { finished, verdict, events: run.timeline() };
}

describe.concurrent('by a person', () => {
  test.for(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s during the fault',
    async (signal, { onTestFinished }) => {
      const scene = await stage(onTestFinished);
      const run = new LiveRun(scene.place, ['run', scene.file]);
      await run.event('fault.injected');
      expect(stateOf(scene.victim.pid)).toBe('T');
      run.kill(signal);
      const { verdict, events } = await expectStopped(scene, run);
      expect(verdict.reason).toBe('stopped by the user');
      expect(eventsOf(events, 'fault.undoing')[0]?.why).toBe('stopped');
    },
  );

  test('a second and a third Ctrl-C do no harm', async ({ onTestFinished }) => {
    const scene = await stage(onTestFinished);
    const run = new LiveRun(scene.place, ['run', scene.file]);
    await run.event('fault.injected');
    run.kill('SIGINT');
    run.kill('SIGINT');
    await run.event('fault.undoing');
    run.kill('SIGINT');
    await expectStopped(scene, run);
  });

  test('a second Ctrl-C gives nobody time to end by itself, and still leaves nothing', async ({
    onTestFinished,
  }) => {
    const scene = await stage(onTestFinished);
    // It does not end by SIGTERM; without hurry it is given five seconds.
    const stubborn = { process: { command: ['sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done'] } };
    const file = writeDrill(scene.place, {
      targets: { stubborn, victim: { process: { pid: scene.victim.pid } } },
      faults: [{ kind: 'PodChaos', on: 'victim', spec: { action: 'pod-failure', duration: '30s' } }],
    });
    const run = new LiveRun(scene.place, ['run', file]);
    await run.event('fault.injected');
    run.kill('SIGINT');
    await run.event('fault.undone');
    run.kill('SIGINT');
    const { finished, events } = await expectStopped(scene, run);
    expect(finished.stderr).toContain('hurrying: nobody is given time to end by itself any more');
    const [undone] = eventsOf(events, 'fault.undone');
    const [ended] = eventsOf(events, 'run.ended');
    expect(ended!.at - undone!.at).toBeLessThan(4000);
  });

  test('Ctrl-C while a target gets ready does not wait for it', async ({ onTestFinished }) => {
    const port = await freePort();
    const scene = await stage(onTestFinished);
    const file = writeDrill(scene.place, {
      targets: { app: serviceTarget(port, { READY_AFTER_MS: '60000' }) },
      faults: [{ kind: 'PodChaos', spec: { action: 'pod-failure', duration: '30s' } }],
    });
    const run = new LiveRun(scene.place, ['run', file]);
    await run.event('target.started');
    const stoppedAt = performance.now();
    run.kill('SIGINT');
    await expectStopped(scene, run);
    expect(performance.now() - stoppedAt).toBeLessThan(5000);
  });

  test('Ctrl-C in the baseline: nothing is injected', async ({ onTestFinished }) => {
    const scene = await stage(onTestFinished, { phases: { baseline: '30s', recovery: '1s' } });
    const run = new LiveRun(scene.place, ['run', scene.file]);
    await run.event('phase.started', ({ phase }) => phase === 'baseline');
    run.kill('SIGINT');
    const { events } = await expectStopped(scene, run);
    expect(eventsOf(events, 'fault.injecting')).toEqual([]);
  });

  test('Ctrl-C in the first act of the demo', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const run = new LiveRun(place, ['demo', '--output', 'json']);
    await run.event('fault.injected');
    run.kill('SIGINT');
    const { exitCode, stdout, stderr } = await run.finished;
    expect(exitCode, stderr).toBe(4);
    expect(JSON.parse(stdout).acts).toMatchObject([{ name: 'dns-outage-leaky', verdict: 'stopped' }]);
    await expectNoTraces(place);
  });

  test('a reader of its output that goes away stops nothing', async ({ onTestFinished }) => {
    const scene = await stage(onTestFinished, {
      faults: [{ kind: 'PodChaos', spec: { action: 'pod-failure', duration: '1s' } }],
    });
    const run = new LiveRun(scene.place, ['run', scene.file]);
    await run.event('phase.started');
    run.closeOutput();
    expect((await run.finished).exitCode).toBe(0);
    expect(writtenVerdict(run.folder!).verdict).toBe('pass');
    expect(existsSync(join(run.folder!, 'report.html'))).toBe(true);
    await expectNoTraces(scene.place);
  });

  test('firedrill stop RUN, which waits for the end', async ({ onTestFinished }) => {
    const scene = await stage(onTestFinished);
    const run = new LiveRun(scene.place, ['run', scene.file]);
    await run.event('fault.injected');
    const { run: id } = await run.event('run.started');
    const stopped = await firedrill(scene.place, ['stop', id, '--output', 'json']);
    expect(stopped.exitCode, stopped.stderr).toBe(0);
    expect(JSON.parse(stopped.stdout)).toEqual({ runs: [{ run: id, outcome: 'stopped' }] });
    expect(stateOf(scene.victim.pid)).toMatch(/^[SR]$/);
    await expectStopped(scene, run);
    const again = await firedrill(scene.place, ['stop', id]);
    expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('FD606') });
  });

  test('firedrill undo takes nothing out of the hands of a live run', async ({ onTestFinished }) => {
    const scene = await stage(onTestFinished);
    const run = new LiveRun(scene.place, ['run', scene.file]);
    await run.event('fault.injected');
    const { exitCode, stdout } = await firedrill(scene.place, ['undo', '--output', 'json']);
    const states = JSON.parse(stdout).leases.map(({ fault, state }: Lease) => [fault, state]);
    expect({ exitCode, states: states.sort() }).toEqual({
      exitCode: 0,
      states: [
        ['pod-chaos', 'active'],
        ['scratch', 'active'],
      ],
    });
    expect(stateOf(scene.victim.pid)).toBe('T');
    run.kill('SIGINT');
    await expectStopped(scene, run);
  });

  test('firedrill stop --all ends two runs at once', async ({ onTestFinished }) => {
    const one = await stage(onTestFinished);
    const victim = await startService(onTestFinished);
    const two: Stage = {
      ...one,
      victim,
      file: writeDrill(
        one.place,
        {
          targets: { victim: { process: { pid: victim.pid } } },
          faults: [{ kind: 'PodChaos', spec: { action: 'pod-failure', duration: '30s' } }],
        },
        'other',
      ),
    };
    const runs = [one, two].map(({ place, file }, index) => {
      return new LiveRun(place, ['run', file, '--runs', join(place.folder, `runs-${index}`)]);
    });
    const states = () => [one, two].map((scene) => stateOf(scene.victim.pid));
    await patiently(() => states().join('') === 'TT');
    expect(states()).toEqual(['T', 'T']);
    const stopped = await firedrill(one.place, ['stop', '--all', '--output', 'json']);
    expect(stopped.exitCode, stopped.stderr).toBe(0);
    expect(JSON.parse(stopped.stdout).runs).toHaveLength(2);
    for (const run of runs) expect((await run.finished).exitCode).toBe(4);
    for (const index of [0, 1]) {
      const folder = join(one.place.folder, `runs-${index}`);
      expect(writtenVerdict(join(folder, readdirSync(folder)[0]!)).verdict).toBe('stopped');
    }
    expect(states().join('')).toMatch(/^[SR]{2}$/);
    await expectNoTraces(one.place);
    const none = await firedrill(one.place, ['stop', '--all']);
    expect(none).toMatchObject({ exitCode: 0, stdout: 'no run is alive' });
  });
});

describe.concurrent('by the brake', () => {
  test('a stop condition that becomes true: the undo begins within a second of the sample', async ({
    onTestFinished,
  }) => {
    const scene = await stage(onTestFinished, {
      stopConditions: [{ promql: 'app_level > 100', blindFor: '5s' }],
    });
    const run = new LiveRun(scene.place, ['run', scene.file]);
    await run.event('fault.injected');
    const setAt = Date.now();
    await scene.watched.set('101');
    const { verdict, events } = await expectStopped(scene, run);
    const [stop] = eventsOf(events, 'stop.triggered');
    const [undoing] = eventsOf(events, 'fault.undoing');
    expect(stop).toMatchObject({ by: 'condition', reason: expect.stringContaining('app_level > 100') });
    // The first sample that shows it is at most one interval away.
    expect(stop!.at - setAt).toBeLessThan(250 + 1000);
    expect(undoing!.at - stop!.at).toBeLessThan(1000);
    expect(verdict.reason).toContain('app_level > 100');
  });

  test('a blind brake: its source is killed during the fault', async ({ onTestFinished }) => {
    const scene = await stage(onTestFinished, {
      objectives: [],
      stopConditions: [{ promql: 'app_level > 100', blindFor: '1s' }],
    });
    const run = new LiveRun(scene.place, ['run', scene.file]);
    await run.event('fault.injected');
    await scene.watched.stop();
    const { events } = await expectStopped(scene, run);
    const [stop] = eventsOf(events, 'stop.triggered');
    expect(stop).toMatchObject({ by: 'blind', reason: expect.stringContaining('app_level') });
    const [failed] = eventsOf(events, 'source.failed');
    expect(stop!.at - failed!.at).toBeGreaterThan(0);
    expect(stop!.at - failed!.at).toBeLessThan(2500);
  });

  test('a blind brake: its series goes away while its source still answers', async ({ onTestFinished }) => {
    const scene = await stage(onTestFinished, {
      objectives: [],
      stopConditions: [{ promql: 'app_level > 100' }],
    });
    const run = new LiveRun(scene.place, ['run', scene.file]);
    await run.event('fault.injected');
    await scene.watched.set('');
    const { events } = await expectStopped(scene, run);
    expect(eventsOf(events, 'stop.triggered')[0]).toMatchObject({ by: 'blind' });
  });

  test('a blind brake: its expression cannot be evaluated any more', async ({ onTestFinished }) => {
    const late = await startService(onTestFinished, { LEVEL: '' });
    const watched = await startService(onTestFinished);
    const scene = await stage(onTestFinished, {
      objectives: [],
      telemetry: { scrape: [scrape(watched.port, late.port)] },
      stopConditions: [{ promql: 'app_level > on (job) app_level + 1', blindFor: '1500ms' }],
    });
    const run = new LiveRun(scene.place, ['run', scene.file]);
    await run.event('fault.injected');
    await late.set('1');
    const { events } = await expectStopped(scene, run);
    const [stop] = eventsOf(events, 'stop.triggered');
    expect(stop).toMatchObject({ by: 'blind', reason: expect.stringContaining('found duplicate series') });
  });

  test('limits.runTime: a target that is slow to start uses it up', async ({ onTestFinished }) => {
    const scene = await stage(onTestFinished);
    const app = serviceTarget(await freePort(), { READY_AFTER_MS: '60000' });
    const file = writeDrill(scene.place, {
      targets: { app },
      phases: { baseline: '300ms', recovery: '300ms' },
      limits: { runTime: '6s' },
      faults: [{ kind: 'PodChaos', spec: { action: 'pod-failure', duration: '300ms' } }],
    });
    const startedAt = performance.now();
    const run = new LiveRun(scene.place, ['run', file]);
    const { verdict, events } = await expectStopped(scene, run);
    expect(performance.now() - startedAt).toBeLessThan(6000 + 10_000);
    expect(verdict.reason).toBe('limits.runTime is over');
    expect(eventsOf(events, 'stop.triggered')[0]).toMatchObject({ by: 'limit' });
  });
});

describe.concurrent('while one fault is still being put in place', () => {
  const slow: Spec = {
    kind: 'PodChaos',
    name: 'slow-kill',
    on: 'stubborn',
    // It does not end by SIGTERM, so the grace period is waited for.
    spec: { action: 'pod-kill', gracePeriod: 4 },
  };
  const stubborn: Spec = {
    process: { command: ['sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done'] },
  };

  test('another one ends when its own time is over', async ({ onTestFinished }) => {
    const scene = await stage(onTestFinished);
    const file = writeDrill(scene.place, {
      targets: { stubborn, victim: { process: { pid: scene.victim.pid } } },
      faults: [
        slow,
        { kind: 'PodChaos', name: 'pause', on: 'victim', spec: { action: 'pod-failure', duration: '1s' } },
      ],
    });
    const run = new LiveRun(scene.place, ['run', file]);
    const undone = await run.event('fault.undone', ({ fault }) => fault === 'pause');
    const injected = await run.event('fault.injected', ({ fault }) => fault === 'pause');
    expect(undone.at - injected.at).toBeLessThan(2500);
    expect((await run.finished).exitCode).toBe(0);
    await expectNoTraces(scene.place);
  });

  test('a stop takes another one back at once', async ({ onTestFinished }) => {
    const scene = await stage(onTestFinished);
    const file = writeDrill(scene.place, {
      targets: { stubborn, victim: { process: { pid: scene.victim.pid } } },
      faults: [
        slow,
        { kind: 'PodChaos', name: 'pause', on: 'victim', spec: { action: 'pod-failure', duration: '30s' } },
      ],
    });
    const run = new LiveRun(scene.place, ['run', file]);
    await run.event('fault.injected', ({ fault }) => fault === 'pause');
    run.kill('SIGINT');
    const stop = await run.event('stop.triggered');
    const undoing = await run.event('fault.undoing', ({ fault }) => fault === 'pause');
    expect(undoing.at - stop.at).toBeLessThan(1000);
    await expectStopped(scene, run);
  });
});
