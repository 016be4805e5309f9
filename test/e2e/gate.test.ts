// Nothing is injected into an unsteady system, and nothing is proven by a run that another hand was in, by a fault
// that nobody called, or by an alert whose rule reads nothing.

import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../src/experiment/verdict.ts';
import type { Workplace } from '../support/firedrill.ts';
import { freePort } from '../support/processes.ts';
import {
  eventsOf,
  item,
  LiveRun,
  levelObjective,
  type OnFinished,
  placeFor,
  type Service,
  type Spec,
  scrape,
  serviceTarget,
  startService,
  writeAlertmanager,
  writeDrill,
  writeRules,
} from './drill.ts';
import { expectNoTraces, stateOf, tracesOf } from './traces.ts';

interface Scene {
  readonly place: Workplace;
  readonly victim: Service;
  readonly watched: Service;
}

async function scene(onFinished: OnFinished): Promise<Scene> {
  const place = placeFor(onFinished);
  const [victim, watched] = await Promise.all([startService(onFinished), startService(onFinished)]);
  return { place, victim, watched };
}

/** A pause of the victim, while the other service is watched. */
function pause({ victim, watched }: Scene, spec: Spec = {}): Spec {
  return {
    targets: { victim: { process: { pid: victim.pid } } },
    telemetry: { scrape: [scrape(watched.port)] },
    faults: [{ kind: 'PodChaos', spec: { action: 'pod-failure', duration: '1s' } }],
    ...spec,
  };
}

interface Outcome {
  readonly exitCode: number | undefined;
  readonly verdict: Verdict;
  readonly run: LiveRun;
}

async function drill(
  { place }: Scene,
  spec: Spec,
  during: (run: LiveRun) => Promise<void> = async () => {},
): Promise<Outcome> {
  const run = new LiveRun(place, ['run', writeDrill(place, spec), '--output', 'json']);
  await during(run);
  const { exitCode, stdout, stderr } = await run.finished;
  expect(stdout, stderr).not.toBe('');
  await expectNoTraces(place);
  return { exitCode, verdict: JSON.parse(stdout) as Verdict, run };
}

const alertsOn = (place: Workplace, watched: Service, expr: string, hold?: string): Spec => ({
  telemetry: {
    scrape: [scrape(watched.port)],
    rules: writeRules(place, [{ name: 'LevelHigh', expr, ...(hold ? { for: hold } : {}) }]),
    alertmanager: writeAlertmanager(place),
  },
  objectives: [levelObjective],
  alerts: [{ name: 'LevelHigh', expect: 'follows', fires: { within: '1s' } }],
});

interface Unsteady {
  readonly name: string;
  readonly reason: string;
  readonly prepare?: (scene: Scene) => Promise<void>;
  readonly spec: (scene: Scene) => Spec;
}

const unsteady: readonly Unsteady[] = [
  {
    name: 'an objective that is broken already',
    reason: 'objective level does not hold',
    prepare: ({ watched }) => watched.set('11'),
    spec: () => ({ objectives: [levelObjective] }),
  },
  {
    name: 'an objective without data',
    reason: 'objective level has no data',
    prepare: ({ watched }) => watched.set(''),
    spec: () => ({ objectives: [levelObjective] }),
  },
  {
    name: 'an alert that fires already',
    reason: 'alert LevelHigh is firing already',
    spec: ({ place, watched }) => alertsOn(place, watched, 'app_level > 0'),
  },
  {
    name: 'an alert that is pending already',
    reason: 'alert LevelHigh is pending already',
    spec: ({ place, watched }) => alertsOn(place, watched, 'app_level > 0', '1m'),
  },
  {
    name: 'a stop condition that is true already',
    reason: 'stop condition app_level > 0 is true already',
    spec: () => ({ stopConditions: [{ promql: 'app_level > 0' }] }),
  },
  {
    name: 'a stop condition that reads nothing',
    reason:
      'stop condition no_such_metric > 0 cannot be evaluated: no series for {__name__="no_such_metric"}',
    spec: () => ({ stopConditions: [{ promql: 'no_such_metric > 0' }] }),
  },
  {
    name: 'an objective that cannot be evaluated',
    reason: 'objective level cannot be evaluated: found duplicate series for the match group {job="app"}',
    spec: ({ victim, watched }) => ({
      telemetry: { scrape: [scrape(victim.port, watched.port)] },
      objectives: [{ ...levelObjective, promql: 'app_level < on (job) app_level + 1' }],
    }),
  },
  {
    name: 'a stop condition that cannot be evaluated',
    reason: 'stop condition app_level > on (job) app_level + 1 cannot be evaluated: found duplicate series',
    spec: ({ victim, watched }) => ({
      telemetry: { scrape: [scrape(victim.port, watched.port)] },
      stopConditions: [{ promql: 'app_level > on (job) app_level + 1' }],
    }),
  },
  {
    name: 'a source that cannot be read',
    reason: 'source ',
    prepare: ({ watched }) => watched.stop(),
    spec: () => ({}),
  },
];

describe.concurrent('an unsteady system', () => {
  test.for(unsteady)('$name', async ({ reason, prepare, spec }, { onTestFinished }) => {
    const stage = await scene(onTestFinished);
    await prepare?.(stage);
    const { exitCode, verdict, run } = await drill(stage, pause(stage, spec(stage)));
    expect(exitCode).toBe(3);
    expect(verdict).toMatchObject({ verdict: 'inconclusive', reason: 'not-steady' });
    expect(verdict.sentence).toContain(reason);
    const [failed] = eventsOf(run.timeline(), 'steady.failed');
    expect(failed!.reasons).toEqual([expect.stringContaining(reason)]);
    expect(eventsOf(run.timeline(), 'fault.injecting')).toEqual([]);
    expect(item(verdict.faults, 'pod-chaos')).toMatchObject({ verdict: 'not-injected', hits: null });
    expect(stateOf(stage.victim.pid)).toMatch(/^[SR]$/);
  });
});

describe.concurrent('another hand', () => {
  test('kills the target during the fault', async ({ onTestFinished }) => {
    const stage = await scene(onTestFinished);
    const spec = pause(stage, {
      targets: { victim: { process: { pid: stage.victim.pid } } },
      faults: [
        { kind: 'StressChaos', spec: { stressors: { cpu: { workers: 1, load: 50 } }, duration: '3s' } },
      ],
      objectives: [levelObjective],
    });
    const { exitCode, verdict } = await drill(stage, spec, async (run) => {
      await run.event('fault.injected');
      await stage.victim.stop();
    });
    expect(exitCode).toBe(3);
    expect(verdict).toMatchObject({
      verdict: 'inconclusive',
      reason: 'disturbed',
      resilience: 'inconclusive',
    });
    expect(verdict.sentence).toContain('victim');
  });

  test('restarts a service that the fault does not touch', async ({ onTestFinished }) => {
    const stage = await scene(onTestFinished);
    const other = await startService(onTestFinished);
    const spec = pause(stage, {
      targets: { victim: { process: { pid: stage.victim.pid } }, other: { process: { port: other.port } } },
      faults: [{ kind: 'PodChaos', on: 'victim', spec: { action: 'pod-failure', duration: '1s' } }],
      phases: { baseline: '1s', recovery: '4s' },
      objectives: [levelObjective],
    });
    const { exitCode, verdict, run } = await drill(stage, spec, async (live) => {
      await live.event('fault.undone');
      await other.stop();
      await startService(onTestFinished, {}, other.port);
    });
    expect(exitCode).toBe(3);
    expect(verdict).toMatchObject({ verdict: 'inconclusive', reason: 'disturbed' });
    expect(eventsOf(run.timeline(), 'disturbance')).not.toEqual([]);
  });

  test('ends a target that the drill started', async ({ onTestFinished }) => {
    const stage = await scene(onTestFinished);
    const port = await freePort();
    const spec: Spec = {
      targets: { app: serviceTarget(port) },
      telemetry: { scrape: [scrape(stage.watched.port)] },
      faults: [
        { kind: 'StressChaos', spec: { stressors: { cpu: { workers: 1, load: 50 } }, duration: '3s' } },
      ],
      objectives: [levelObjective],
    };
    const { exitCode, verdict } = await drill(stage, spec, async (run) => {
      const { pid } = await run.event('target.started');
      await run.event('fault.injected');
      process.kill(pid, 'SIGTERM');
    });
    expect(exitCode).toBe(3);
    expect(verdict).toMatchObject({ reason: 'disturbed' });
  });

  test('ends the target in the baseline: nothing is injected', async ({ onTestFinished }) => {
    const stage = await scene(onTestFinished);
    const spec = pause(stage, { phases: { baseline: '3s', recovery: '1s' } });
    const { exitCode, verdict, run } = await drill(stage, spec, async (live) => {
      await live.event('phase.started', ({ phase }) => phase === 'baseline');
      await stage.victim.stop();
    });
    expect(exitCode).toBe(3);
    expect(verdict).toMatchObject({ verdict: 'inconclusive', reason: 'not-steady' });
    expect(eventsOf(run.timeline(), 'steady.failed')[0]!.reasons).toEqual([
      expect.stringContaining('victim'),
    ]);
  });
});

describe.concurrent('a fault', () => {
  test('that nobody called is unexercised', async ({ onTestFinished }) => {
    const stage = await scene(onTestFinished);
    // The service looks nothing up.
    const port = await freePort();
    const { exitCode, verdict } = await drill(stage, {
      targets: { app: serviceTarget(port) },
      telemetry: { scrape: [scrape(port)] },
      faults: [{ kind: 'DNSChaos', spec: { action: 'error', patterns: ['*.example.test'], duration: '1s' } }],
      objectives: [levelObjective],
    });
    expect(exitCode).toBe(3);
    expect(item(verdict.faults, 'dns-chaos')).toMatchObject({ verdict: 'unexercised', hits: 0 });
    expect(verdict).toMatchObject({ verdict: 'inconclusive', resilience: 'inconclusive' });
    expect(item(verdict.objectives, 'level')).toMatchObject({ verdict: 'held' });
  });

  test('that hits breaks the objective and lets it recover', async ({ onTestFinished }) => {
    const stage = await scene(onTestFinished);
    const port = await freePort();
    const { exitCode, verdict } = await drill(stage, {
      targets: { app: serviceTarget(port, { LOOKUPS: '1' }) },
      telemetry: { scrape: [scrape(port)] },
      phases: { baseline: '1s', recovery: '3s' },
      faults: [
        {
          kind: 'DNSChaos',
          spec: { action: 'error', patterns: ['*.example.test'], duration: '2s' },
          effect: { min: 5 },
        },
      ],
      objectives: [
        {
          name: 'lookups',
          promql: 'app_lookup_failed == 0',
          breach: { for: '500ms' },
          recovers: { within: '2s', stable: '500ms' },
        },
      ],
    });
    expect(exitCode).toBe(1);
    expect(item(verdict.faults, 'dns-chaos')).toMatchObject({ verdict: 'effective' });
    expect(item(verdict.objectives, 'lookups')).toMatchObject({ verdict: 'breached', judgement: 'wrong' });
    expect(item(verdict.objectives, 'lookups').times.recovered).not.toBeNull();
  });
});

describe.concurrent('faults', () => {
  test('of one kind, on two targets, act on each', async ({ onTestFinished }) => {
    const stage = await scene(onTestFinished);
    const [one, two] = [await freePort(), await freePort()];
    const { verdict } = await drill(stage, {
      targets: { one: serviceTarget(one, { LOOKUPS: '1' }), two: serviceTarget(two, { LOOKUPS: '1' }) },
      telemetry: { scrape: [scrape(one, two)] },
      faults: [
        {
          kind: 'DNSChaos',
          on: ['one', 'two'],
          spec: { mode: 'all', action: 'error', patterns: ['*.example.test'], duration: '2s' },
        },
      ],
      phases: { baseline: '1s', recovery: '3s' },
      objectives: [
        {
          name: 'both',
          promql: 'sum(app_lookup_failed) < 2',
          expect: 'breached',
          breach: { for: '250ms' },
          recovers: { within: '2s', stable: '500ms' },
        },
      ],
    });
    expect(item(verdict.faults, 'dns-chaos')).toMatchObject({
      verdict: 'effective',
      targets: ['one', 'two'],
    });
    expect(item(verdict.objectives, 'both')).toMatchObject({ verdict: 'breached' });
  });

  test('of one kind, on one target, end apart', async ({ onTestFinished }) => {
    const stage = await scene(onTestFinished);
    const stress = (name: string, duration: string): Spec => ({
      kind: 'StressChaos',
      name,
      spec: { stressors: { cpu: { workers: 1, load: 20 } }, duration },
    });
    await drill(
      stage,
      pause(stage, { faults: [stress('short', '1s'), stress('long', '4s')] }),
      async (run) => {
        await run.event('fault.injected', ({ fault }) => fault === 'long');
        await run.event('fault.undone', ({ fault }) => fault === 'short');
        const workers = tracesOf(stage.place.folder).filter((trace) => /stress/.test(trace));
        expect(workers).not.toEqual([]);
        const { at } = await run.event('fault.undone', ({ fault }) => fault === 'long');
        const injected = await run.event('fault.injected', ({ fault }) => fault === 'long');
        expect(at - injected.at).toBeGreaterThan(3500);
      },
    );
  });

  test('that kill: the supervisor starts the target again, and it recovers', async ({ onTestFinished }) => {
    const stage = await scene(onTestFinished);
    const port = await freePort();
    const { process } = serviceTarget(port) as { process: Spec };
    const { exitCode, verdict, run } = await drill(stage, {
      targets: { app: { process: { ...process, restart: { delay: '1s' } } } },
      telemetry: { scrape: [scrape(port)] },
      phases: { baseline: '1s', recovery: '5s' },
      faults: [{ kind: 'PodChaos', spec: { action: 'pod-kill' } }],
      objectives: [
        {
          name: 'up',
          promql: 'up{job="app"} == 1',
          breach: { for: '250ms' },
          recovers: { within: '4s', stable: '500ms' },
        },
      ],
    });
    expect(item(verdict.faults, 'pod-chaos')).toMatchObject({ verdict: 'effective', hits: 1 });
    expect(item(verdict.objectives, 'up')).toMatchObject({ verdict: 'breached' });
    expect(item(verdict.objectives, 'up').times.recovered).not.toBeNull();
    expect(eventsOf(run.timeline(), 'target.replaced')).toMatchObject([{ expected: true }]);
    expect({ exitCode, reason: verdict.reason }).toEqual({ exitCode: 1, reason: null });
  });
});

describe.concurrent('a quiet alert', () => {
  test.for([
    { name: 'whose rule reads something is proven', expr: 'app_level > 10', verdict: 'quiet', exitCode: 0 },
    {
      name: 'whose rule reads nothing is unproven',
      expr: 'app_levle > 10',
      verdict: 'unproven',
      exitCode: 3,
    },
  ])('$name', async ({ expr, verdict: expected, exitCode: code }, { onTestFinished }) => {
    const stage = await scene(onTestFinished);
    const { exitCode, verdict } = await drill(
      stage,
      pause(stage, alertsOn(stage.place, stage.watched, expr)),
    );
    expect(item(verdict.alerts, 'LevelHigh')).toMatchObject({ verdict: expected });
    expect(exitCode).toBe(code);
    expect(verdict.detection).toBe(code === 0 ? 'pass' : 'inconclusive');
    if (code === 3) expect(item(verdict.alerts, 'LevelHigh').reason).toContain('app_levle');
  });
});
