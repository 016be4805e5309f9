// The runner is killed where it hurts most, in each phase and for each kind of fault: after at most five seconds
// nothing of it is left, and what it wrote can still be judged. When its watchdog dies with it, `undo` does the rest.

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PhaseName } from '../../src/experiment/timeline.ts';
import { firedrill, type Workplace } from '../support/firedrill.ts';
import { freePort } from '../support/processes.ts';
import {
  LiveRun,
  type OnFinished,
  patiently,
  placeFor,
  type Spec,
  scrape,
  serviceTarget,
  startService,
  writeDrill,
} from './drill.ts';
import { expectNoTraces, leasesOf, stateOf, tracesOf, watchdogOf } from './traces.ts';

interface Scene {
  readonly targets: Spec;
  readonly fault: Spec;
  readonly traffic?: readonly Spec[];
  /** A process that is not the drill's, and must be there and running afterwards. */
  readonly bystander?: number;
}

type Stage = (onFinished: OnFinished, app: Spec, port: number) => Promise<Scene>;

/** Long phases: the drill never gets to its end. */
const duration = '30s';

const stages: Readonly<Record<string, Stage>> = {
  DNSChaos: async (_, app) => ({
    targets: { app },
    fault: { kind: 'DNSChaos', on: 'app', spec: { action: 'error', patterns: ['*.example.test'], duration } },
  }),
  PodChaos: async (onFinished, app) => {
    const { pid, port } = await startService(onFinished);
    return {
      targets: { app, victim: { process: { port } } },
      fault: { kind: 'PodChaos', on: 'victim', spec: { action: 'pod-failure', duration } },
      bystander: pid,
    };
  },
  StressChaos: async (_, app) => ({
    targets: { app },
    fault: {
      kind: 'StressChaos',
      on: 'app',
      spec: { stressors: { cpu: { workers: 2, load: 10 } }, duration },
    },
  }),
  'NetworkChaos through a proxy': async (_, app, port) => {
    const listen = `127.0.0.1:${await freePort()}`;
    return {
      targets: { app, edge: { proxy: { listen, upstream: `127.0.0.1:${port}` } } },
      traffic: [
        { name: 'users', http: { url: `http://${listen}/`, timeout: '1s' }, rate: '20/s' },
        { name: 'script', command: ['sh', '-c', 'while :; do sleep 0.2; done'] },
      ],
      fault: {
        kind: 'NetworkChaos',
        on: 'edge',
        spec: { action: 'delay', delay: { latency: '50ms' }, duration },
      },
    };
  },
};

const phases: readonly PhaseName[] = ['start', 'baseline', 'fault', 'recovery'];

describe.for(Object.entries(stages))('the runner is killed: %s', ([name, stage]) => {
  test.concurrent.for(phases)('in the phase %s', async (phase, { onTestFinished }) => {
    const { place, run, bystander } = await begin(onTestFinished, stage, phase);
    await reached(run, phase, name);
    run.kill('SIGKILL');
    await run.finished;
    await expectNoTraces(place);
    if (bystander !== undefined) expect(stateOf(bystander)).toMatch(/^[SR]$/);
    expect(leasesOf(place)).not.toEqual([]);
    // What is written does not depend on the kind of fault.
    if (name === 'DNSChaos') await expectReadable(place, run);
  });
});

describe('the runner and its watchdog are killed at once', () => {
  test.concurrent.for(['DNSChaos', 'PodChaos', 'StressChaos'])('%s', async (name, { onTestFinished }) => {
    const { place, run, bystander } = await begin(onTestFinished, stages[name]!, 'fault');
    await reached(run, 'fault', name);
    killTogether(run, place);
    await run.finished;
    if (bystander !== undefined) expect(stateOf(bystander)).toBe('T');
    expect(tracesOf(place.folder)).not.toEqual([]);

    const warned = await firedrill(place, ['run', 'drill.yaml', '--dry-run']);
    expect(warned.stderr).toMatch(/a run died and left .*; take it back with: firedrill undo/);

    const { exitCode, stdout } = await firedrill(place, ['undo', '--output', 'json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).leases).not.toEqual([]);
    await expectNoTraces(place);
    if (bystander !== undefined) expect(stateOf(bystander)).toMatch(/^[SR]$/);
  });
});

describe('something else breaks', () => {
  test.concurrent('the watchdog alone is killed: another takes its place, and the run goes on', async ({
    onTestFinished,
  }) => {
    const { place, run, bystander } = await begin(onTestFinished, stages.PodChaos!, 'recovery');
    const { run: id } = await run.event('run.started');
    await run.event('fault.injected');
    const first = watchdogOf(place, id);
    process.kill(first, 'SIGKILL');
    await patiently(() => watchdogOf(place, id) !== first);
    expect(watchdogOf(place, id)).not.toBe(first);
    await run.event('phase.started', ({ phase }) => phase === 'recovery');
    run.kill('SIGKILL');
    await run.finished;
    await expectNoTraces(place);
    expect(stateOf(bystander!)).toMatch(/^[SR]$/);
  });

  test.concurrent('a bug of the runner ends it as such, and the watchdog takes the fault back', async ({
    onTestFinished,
  }) => {
    const { place, bystander, file } = await prepare(onTestFinished, stages.PodChaos!, 'fault');
    const bug = 'process.on("SIGUSR2", () => { throw new Error("a bug"); })';
    const preload = `--import=data:text/javascript,${encodeURIComponent(bug)}`;
    const run = new LiveRun(place, ['run', file], { NODE_OPTIONS: preload });
    await run.event('fault.injected');
    run.kill('SIGUSR2');
    const { exitCode, stderr } = await run.finished;
    expect(exitCode, stderr).toBe(5);
    expect(stderr).toMatch(/this is a bug in firedrill, please report it:\nError: a bug/);
    await expectNoTraces(place);
    expect(stateOf(bystander!)).toMatch(/^[SR]$/);
  });

  test.concurrent('a second run on the same process is refused', async ({ onTestFinished }) => {
    const { place, run, bystander } = await begin(onTestFinished, stages.PodChaos!, 'fault');
    await run.event('fault.injected');
    const other = writeDrill(
      place,
      {
        targets: { same: { process: { pid: bystander } } },
        faults: [{ kind: 'PodChaos', spec: { action: 'pod-failure', duration: '1s' } }],
      },
      'other',
    );
    const second = await firedrill(place, ['run', other, '--runs', join(place.folder, 'other-runs')]);
    expect(second.exitCode, second.stderr).toBe(5);
    expect(second.stderr).toMatch(/FD604|target same is held by run/);
    expect(stateOf(bystander!)).toBe('T');
    run.kill('SIGKILL');
    await run.finished;
    await expectNoTraces(place);
  });
});

async function begin(onFinished: OnFinished, stage: Stage, phase: PhaseName) {
  const scene = await prepare(onFinished, stage, phase);
  return { ...scene, run: new LiveRun(scene.place, ['run', scene.file]) };
}

async function prepare(onFinished: OnFinished, stage: Stage, phase: PhaseName) {
  const place = placeFor(onFinished);
  const port = await freePort();
  // A target that is slow to get ready keeps the phase `start` open.
  const app = serviceTarget(port, {
    LOOKUPS: '1',
    READY_AFTER_MS: phase === 'start' ? '10000' : '0',
  });
  const { targets, traffic, fault, bystander } = await stage(onFinished, app, port);
  const faultLength = phase === 'recovery' ? { ...(fault.spec as Spec), duration: '1s' } : fault.spec;
  const file = writeDrill(place, {
    targets,
    ...(traffic ? { traffic } : {}),
    telemetry: { scrape: [scrape(port)] },
    phases: { baseline: phase === 'baseline' ? '30s' : '1s', recovery: '30s' },
    faults: [{ ...fault, spec: faultLength }],
  });
  return { place, bystander, file };
}

/** Deep enough in the phase that there is something to leave behind. */
async function reached(run: LiveRun, phase: PhaseName, name: string): Promise<void> {
  if (phase === 'start') await run.event('target.started');
  else if (phase === 'fault')
    await run.event(name.startsWith('NetworkChaos') ? 'fault.hits' : 'fault.injected');
  else await run.event('phase.started', (event) => event.phase === phase);
}

/** As when a whole session is killed: neither can see the other die. */
function killTogether(run: LiveRun, place: Workplace): void {
  const lease = leasesOf(place)[0]!;
  const watchdog = watchdogOf(place, lease.run);
  process.kill(watchdog, 'SIGSTOP');
  run.kill('SIGKILL');
  process.kill(watchdog, 'SIGKILL');
}

async function expectReadable(place: Workplace, run: LiveRun): Promise<void> {
  const judged = await firedrill(place, ['judge', run.folder!, '--output', 'json']);
  expect(judged.exitCode, judged.stderr).toBe(5);
  expect(JSON.parse(judged.stdout)).toMatchObject({ verdict: 'error', reason: 'interrupted' });
  const report = join(place.folder, 'report.html');
  const reported = await firedrill(place, ['report', run.folder!, '--to', report]);
  expect(reported.exitCode, reported.stderr).toBe(0);
}
