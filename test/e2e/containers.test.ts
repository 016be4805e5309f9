// Drills on containers of a real Docker daemon, as a user runs them: found by name and by labels, counted, undone, and
// undone when the runner is killed.

import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Dockerd, dockerdNeeds, startDockerd } from '../support/dockerd.ts';
import { firedrill } from '../support/firedrill.ts';
import { describeWith, root } from '../support/requires.ts';
import { eventsOf, LiveRun, placeFor, type Spec, writeDrill } from './drill.ts';
import { expectNoTraces, leasesOf, watchdogOf } from './traces.ts';

describeWith([root, ...dockerdNeeds, 'setpriv'], 'drills on containers', () => {
  let daemon: Dockerd;
  const singles = ['paused', 'exited', 'cut-off', 'crashed', 'broken', 'replaced'];

  beforeAll(async () => {
    daemon = await startDockerd();
    for (const name of ['shop-1', 'shop-2']) await daemon.runWeb(name, ['--label', 'app=shop']);
    for (const name of singles) await daemon.runWeb(name, ['--restart', 'always']);
  });
  afterAll(async () => await daemon?.stop());

  const ask = async (name: string) => await daemon.ask(await daemon.addressOf(name));
  const stateOf = (name: string) => daemon.docker('inspect', '-f', '{{.State.Status}}', name);
  const socket = () => ({ socket: daemon.socket });

  test.concurrent('one of several, found by their labels, is paused for as long as the fault lasts', async ({
    onTestFinished,
  }) => {
    const place = placeFor(onTestFinished);
    const file = writeDrill(place, {
      targets: { shop: { container: { labels: { app: 'shop' } } } },
      faults: [
        {
          kind: 'PodChaos',
          spec: {
            action: 'pod-failure',
            mode: 'one',
            selector: { expressionSelectors: [{ key: 'app', operator: 'In', values: ['shop', 'web'] }] },
            duration: '3s',
          },
        },
      ],
    });
    const env = { DOCKER_HOST: `unix://${daemon.socket}` };
    const dry = await firedrill(place, ['run', file, '--dry-run'], { env: { ...place.env, ...env } });
    expect(dry.stdout).toMatch(/hits 1 of 2 targets \(mode one\)/);
    expect(dry.stdout).toMatch(/shop:shop-1: container shop-1 of docker \([0-9a-f]{12}, running, pid \d+\)/);
    const run = new LiveRun(place, ['run', file, '--output', 'json'], env);
    const { targets } = await run.event('fault.injecting');
    await run.event('fault.injected');
    const name = targets[0]!.replace('shop:', '');
    expect(await stateOf(name)).toBe('paused');
    const { exitCode, stdout, stderr } = await run.finished;
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout).faults).toMatchObject([{ kind: 'PodChaos', verdict: 'effective', hits: 1 }]);
    expect(await ask(name)).toBe('hello');
    await expectNoTraces(place);
  });

  test.concurrent('a selector that fits the own labels of no container is refused', async ({
    onTestFinished,
  }) => {
    const place = placeFor(onTestFinished);
    const selector = { labelSelectors: { app: 'other' } };
    const file = writeDrill(place, {
      targets: { shop: { container: { labels: { app: 'shop' }, ...socket() } } },
      faults: [{ kind: 'PodChaos', spec: { action: 'pod-failure', selector, duration: '1s' } }],
    });
    const { exitCode, stderr } = await firedrill(place, ['run', file, '--dry-run']);
    expect(exitCode, stderr).toBe(2);
    expect(stderr).toMatch(/FD110.*matches none of shop:shop-1 \{"app":"shop"\}, shop:shop-2/);
  });

  const lasting: Readonly<Record<string, Spec>> = {
    paused: { kind: 'PodChaos', spec: { action: 'pod-failure', duration: '60s' } },
    exited: { kind: 'ContainerChaos', spec: { action: 'stop', gracePeriod: 0, duration: '60s' } },
  };

  for (const [state, fault] of Object.entries(lasting))
    test.concurrent(`the runner is killed while the container is ${state}: its watchdog gives it back`, async ({
      onTestFinished,
    }) => {
      const place = placeFor(onTestFinished);
      const targets = { web: { container: { name: state, ...socket() } } };
      const run = new LiveRun(place, ['run', writeDrill(place, { targets, faults: [fault] })]);
      await run.event('fault.injected');
      expect(await stateOf(state)).toBe(state);
      run.kill('SIGKILL');
      await run.finished;
      await expectNoTraces(place);
      expect(await stateOf(state)).toBe('running');
      expect(await ask(state)).toBe('hello');
    });

  test.concurrent('the runner is killed while a container answers wrongly: it answers rightly, and nothing is left', async ({
    onTestFinished,
  }) => {
    const place = placeFor(onTestFinished);
    const targets = { web: { container: { name: 'broken', ...socket() } } };
    const replace = { body: Buffer.from('broken').toString('base64') };
    const spec = { target: 'Response', port: 8080, replace, duration: '60s' };
    const faults = [{ kind: 'HTTPChaos', spec }];
    const run = new LiveRun(place, ['run', writeDrill(place, { targets, faults })]);
    await run.event('fault.injected');
    expect(await ask('broken')).toBe('broken');
    run.kill('SIGKILL');
    await run.finished;
    await expectNoTraces(place);
    expect(await ask('broken')).toBe('hello');
  });

  test.concurrent('removed and made again by another hand during the fault: told, and the new one is left alone', async ({
    onTestFinished,
  }) => {
    const place = placeFor(onTestFinished);
    const targets = { web: { container: { name: 'replaced', ...socket() } } };
    const faults = [{ kind: 'PodChaos', spec: { action: 'pod-failure', duration: '6s' } }];
    const run = new LiveRun(place, ['run', writeDrill(place, { targets, faults }), '--output', 'json']);
    await run.event('fault.injected');
    await daemon.docker('rm', '-f', 'replaced');
    await daemon.runWeb('replaced');
    const { exitCode, stderr } = await run.finished;
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toMatch(/fault pod-chaos is undone/);
    expect(eventsOf(run.timeline(), 'target.exited')).toMatchObject([{ target: 'web' }]);
    expect(await ask('replaced')).toBe('hello');
    await expectNoTraces(place);
  });

  test.concurrent('both are killed: undo gives its networks back', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const targets = { web: { container: { name: 'cut-off', ...socket() } } };
    const faults = [{ kind: 'ContainerChaos', spec: { action: 'disconnect', duration: '60s' } }];
    const run = new LiveRun(place, ['run', writeDrill(place, { targets, faults })]);
    await run.event('fault.injected');
    expect(await daemon.addressOf('cut-off')).toBe('');
    const watchdog = watchdogOf(place, leasesOf(place)[0]!.run);
    process.kill(watchdog, 'SIGSTOP');
    run.kill('SIGKILL');
    process.kill(watchdog, 'SIGKILL');
    await run.finished;
    expect((await firedrill(place, ['undo'])).exitCode).toBe(0);
    await expectNoTraces(place);
    expect(await ask('cut-off')).toBe('hello');
  });

  test.concurrent('a bare Chaos Mesh file crashes a container, and its restart policy brings it back', async ({
    onTestFinished,
  }) => {
    const place = placeFor(onTestFinished);
    const file = join(place.folder, 'pod-kill.yaml');
    const selector = { labelSelectors: { app: 'anything' } };
    writeFileSync(
      file,
      stringify({
        apiVersion: 'chaos-mesh.org/v1alpha1',
        kind: 'PodChaos',
        metadata: { name: 'pod-kill' },
        spec: { action: 'pod-kill', mode: 'one', selector },
      }),
    );
    const args = ['run', file, '--target', 'web=container:crashed', '--output', 'json'];
    const env = { ...place.env, DOCKER_HOST: `unix://${daemon.socket}` };
    const { exitCode, stdout, stderr } = await firedrill(place, args, { env });
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout).faults).toMatchObject([{ verdict: 'effective', hits: 1 }]);
    expect(await ask('crashed')).toBe('hello');
  });

  test.concurrent('says before anything is touched why a container cannot be a target', async ({
    onTestFinished,
  }) => {
    const place = placeFor(onTestFinished);
    const faults = [{ kind: 'PodChaos', spec: { action: 'pod-failure', duration: '1s' } }];
    const refused = async (container: Spec, prefix: readonly string[] = []) => {
      const file = writeDrill(place, {
        targets: { web: { container: { ...socket(), ...container } } },
        faults,
      });
      const [program, ...args] = [...prefix, process.execPath, 'dist/firedrill.js', 'run', file, '--dry-run'];
      const { exitCode, stderr } = await execa(program!, args, { env: { ...place.env }, reject: false });
      expect(exitCode, stderr).toBe(2);
      return stderr;
    };
    expect(await refused({ name: 'crashd' })).toMatch(
      /FD520.*container crashd is not known to docker[\s\S]*crashed/,
    );
    expect(await refused({ name: 'crashed', runtime: 'podman' })).toMatch(/FD521.*belongs to docker/);
    expect(await refused({ name: 'crashed', socket: '/nowhere.sock' })).toMatch(
      /FD523.*\/nowhere\.sock \(not there\)/,
    );
    expect(await refused({ name: 'crashed', id: '0123456789ab' })).toMatch(/FD105.*named in 2 ways/);
    for (const path of [place.folder, daemon.folder]) chmodSync(path, 0o755);
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
    expect(await refused({ name: 'crashed' }, nobody)).toMatch(/FD522.*no right to open/);
  });
});
