import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { containerChaos } from '../../../src/faults/container-chaos/container-chaos.ts';
import { podChaos } from '../../../src/faults/pod-chaos/pod-chaos.ts';
import { findContainers } from '../../../src/faults/targets/container/find.ts';
import { type Dockerd, dockerdNeeds, startDockerd } from '../../support/dockerd.ts';
import { describeWith, root } from '../../support/requires.ts';
import { until } from '../leases/support.ts';
import { declared, inject, requestOf, takeSteps, targetOf } from './support.ts';

describeWith([root, ...dockerdNeeds], 'faults on a container of Docker', () => {
  let daemon: Dockerd;

  beforeAll(async () => {
    daemon = await startDockerd();
    await daemon.docker('network', 'create', 'shop');
  });
  afterAll(async () => await daemon?.stop());

  let number = 0;
  let name: string;
  beforeEach(() => {
    name = `web-${++number}`;
  });

  afterEach(async () => {
    const left = await daemon.docker('ps', '-aq');
    if (left) await daemon.docker('rm', '-f', ...left.split('\n'));
  });

  async function web(options: readonly string[] = []) {
    await daemon.runWeb(name, options);
    const target = await targetOf(name, daemon.socket);
    const ask = async () => await daemon.ask(await daemon.addressOf(name));
    expect(await ask()).toBe('hello');
    return { target, ask };
  }

  it('pod-failure pauses it, and lets it go on', async () => {
    const { target, ask } = await web();
    const { fault, driver, steps } = await inject(podChaos as never, target, { action: 'pod-failure' });
    expect(driver).toBe('container');
    expect(await fault.missing()).toBeUndefined();
    expect(fault.hits()).toBe(1);
    expect(await ask()).toBe('curl exits with 28');
    await fault.undo();
    expect(await fault.verifyUndone()).toEqual({
      undone: true,
      evidence: `container ${name} is running (networks: bridge)`,
    });
    expect(await ask()).toBe('hello');
    expect(await takeSteps(steps)).toMatchObject({ undone: true });
  });

  it('the steps of the lease alone let it go on, more than once', async () => {
    const { target, ask } = await web();
    const { steps } = await inject(podChaos as never, target, { action: 'pod-failure' });
    // Also after a restart of the machine: it is the engine that keeps the state.
    expect(await takeSteps(steps)).toMatchObject({ undone: true });
    expect(await ask()).toBe('hello');
    expect(await takeSteps(steps)).toMatchObject({ undone: true });
  });

  it('a container that is removed during the fault leaves nothing to undo', async () => {
    const { target } = await web();
    const { fault, steps } = await inject(podChaos as never, target, { action: 'pod-failure' });
    await daemon.docker('rm', '-f', name);
    expect(await fault.missing()).toBe(`container ${name} is gone`);
    await fault.undo();
    expect(await fault.verifyUndone()).toEqual({ undone: true, evidence: `container ${name} is gone` });
    expect(await takeSteps(steps)).toMatchObject({ undone: true });
  });

  it('pod-kill is a crash: the restart policy acts, and the target has new processes', async () => {
    const { target, ask } = await web(['--restart', 'always']);
    const [before] = await target.processes();
    const { fault } = await inject(podChaos as never, target, { action: 'pod-kill' });
    expect(fault.hits()).toBe(1);
    expect(await fault.missing()).toBeUndefined();
    await until(async () => (await ask()) === 'hello', 10_000, 'an answer after the restart');
    const [after] = await target.processes();
    expect(after!.pid).not.toBe(before!.pid);
  });

  it('pod-kill leaves a container without a restart policy dead', async () => {
    const { target } = await web();
    const { fault } = await inject(podChaos as never, target, { action: 'pod-kill', gracePeriod: 1 });
    expect(fault.hits()).toBe(1);
    expect((await target.inspect())!.State.Status).toBe('exited');
    expect(await target.processes()).toEqual([]);
  });

  it('container-kill sends the signal that is named, and restart gives it new processes', async () => {
    const { target, ask } = await web();
    const signalled = { action: 'container-kill', signal: 'SIGHUP' };
    const { fault, plan } = await inject(podChaos as never, target, signalled);
    expect(plan.hits).toBe('containers signalled');
    expect(fault.hits()).toBe(1);
    // The first process of a container hears only what it has a handler for.
    expect(await ask()).toBe('hello');
    const [before] = await target.processes();
    const restarted = await inject(podChaos as never, target, { action: 'restart' });
    expect(restarted.fault.hits()).toBe(1);
    expect((await target.processes())[0]!.pid).not.toBe(before!.pid);
    await until(async () => (await ask()) === 'hello', 5000, 'an answer after the restart');
    expect(await takeSteps(restarted.steps)).toMatchObject({ undone: true });
  });

  it('stop ends it for as long as the fault lasts', async () => {
    const { target, ask } = await web();
    const address = await daemon.addressOf(name);
    const { fault, driver, steps } = await inject(containerChaos as never, target, {
      action: 'stop',
      gracePeriod: 1,
    });
    expect(driver).toBe('engine');
    expect(await fault.missing()).toBeUndefined();
    expect(await daemon.ask(address)).toMatch(/^curl exits with/);
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
    await until(async () => (await ask()) === 'hello', 5000, 'an answer after the start');
    expect(await takeSteps(steps)).toMatchObject({ undone: true });
  });

  it('a stop that its dead runner had ordered is waited for before the container is started', async () => {
    const { target, ask } = await web();
    const request = await requestOf(containerChaos as never, target, { action: 'stop', gracePeriod: 1 });
    const driver = containerChaos.drivers.find(({ name }) => name === 'engine')!;
    const steps = await driver.undoSteps(request as never);
    // busybox does not hear SIGTERM as the first process: it takes the whole second of grace.
    const stopping = target.engine.stop(target.container.id, 1);
    expect(await takeSteps(steps)).toMatchObject({ undone: true });
    await stopping;
    expect((await target.inspect())!.State.Running).toBe(true);
    await until(async () => (await ask()) === 'hello', 5000, 'an answer after the start');
  });

  it('restart gives it new processes, once', async () => {
    const { target, ask } = await web();
    const [before] = await target.processes();
    const { fault } = await inject(containerChaos as never, target, { action: 'restart', gracePeriod: 0 });
    expect(fault.hits()).toBe(1);
    expect((await target.processes())[0]!.pid).not.toBe(before!.pid);
    await until(async () => (await ask()) === 'hello', 5000, 'an answer after the restart');
  });

  it('disconnect takes it off its networks and attaches it again with its aliases', async () => {
    const { target, ask } = await web(['--network', 'shop', '--network-alias', 'front']);
    const { fault, steps } = await inject(containerChaos as never, target, { action: 'disconnect' });
    expect(await fault.missing()).toBeUndefined();
    expect(fault.hits()).toBe(1);
    expect(Object.keys((await target.inspect())!.NetworkSettings.Networks)).toEqual([]);
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
    expect((await target.inspect())!.NetworkSettings.Networks.shop!.Aliases).toContain('front');
    expect(await ask()).toBe('hello');
    expect(await takeSteps(steps)).toMatchObject({ undone: true });
  });

  it('limit writes into its control groups, counts what they hold back, and writes the former values back', async () => {
    const { target, ask } = await web();
    const limits = { cpus: 0.1, memory: '32MB', pids: 3 };
    const { fault, driver, steps } = await inject(containerChaos as never, target, {
      action: 'limit',
      limits,
    });
    expect(driver).toBe('control-group');
    expect(await fault.missing()).toBeUndefined();
    // Three processes may be too few even for this one: that is a limit that holds it back, too.
    const loop = 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done';
    await daemon.docker('exec', name, 'sh', '-c', loop).catch(() => {});
    await until(() => fault.hits()! > 0, 5000, 'a limit that held it back');
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({
      undone: true,
      evidence: expect.stringMatching(/cpu.*(-1|max).*memory.*; pids.max of container web-\d+ is max/),
    });
    expect(await ask()).toBe('hello');
    expect(await takeSteps(steps)).toMatchObject({ undone: true });
  });

  it('limit updates it through the engine where its control groups are not to be written', async () => {
    const { target } = await web(['--memory', '64m', '--cpus', '0.5']);
    const unseen = { ...target, processes: async () => [] };
    const { fault, driver, steps } = await inject(containerChaos as never, unseen, {
      action: 'limit',
      limits: { cpus: 0.1, memory: '32MB', pids: 50 },
    });
    expect(driver).toBe('engine');
    expect(await fault.missing()).toBeUndefined();
    expect(fault.hits()).toBeUndefined();
    expect((await target.inspect())!.HostConfig).toMatchObject({
      NanoCpus: 1e8,
      Memory: 32 << 20,
      PidsLimit: 50,
    });
    expect(await takeSteps(steps)).toMatchObject({ undone: true });
    const { HostConfig } = (await target.inspect())!;
    expect(HostConfig).toMatchObject({ NanoCpus: 5e8, Memory: 64 << 20, MemorySwap: 128 << 20 });
    expect(HostConfig.PidsLimit).toBeLessThanOrEqual(0);
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
  });

  it('says what keeps a fault from being made', async () => {
    const { target } = await web(['--rm']);
    await expect(inject(containerChaos as never, target, { action: 'stop' })).rejects.toThrow(/--rm/);
    await expect(
      inject(containerChaos as never, target, { action: 'disconnect', networks: ['shop'] }),
    ).rejects.toThrow(/not attached to network shop; name one of bridge/);
    const unseen = { ...target, processes: async () => [] };
    await expect(
      inject(containerChaos as never, unseen, { action: 'limit', limits: { memory: '32MB' } }),
    ).rejects.toThrow(/cannot take one away again/);
    await daemon.docker('pause', name);
    await expect(inject(podChaos as never, target, { action: 'pod-failure' })).rejects.toThrow(/is paused/);
    await daemon.docker('unpause', name);
  });

  it('is found by name, by id and by labels', async () => {
    const label = `tier=${name}`;
    const id = await daemon.runWeb(name, ['--label', label]);
    await daemon.runWeb(`${name}-b`, ['--label', label]);
    const find = (by: object, more: object = {}) =>
      findContainers('app', { ...declared(''), ...more, by } as never, [daemon.socket]);
    expect((await find({ id: id.slice(0, 12) }))[0]).toMatchObject({ id, name, labels: { tier: name } });
    expect((await find({ labels: { tier: name } })).map((each) => each.name).sort()).toEqual([
      name,
      `${name}-b`,
    ]);
    await expect(find({ name: `${name}-x` })).rejects.toThrow(/FD520|is not known to docker/);
    await expect(find({ labels: { tier: 'none' } })).rejects.toThrow(/a running container with tier=none/);
    await expect(find({ name }, { runtime: 'podman' })).rejects.toThrow(
      /belongs to docker .*, not to podman/,
    );
    await expect(find({ name }, { socket: '/nowhere/docker.sock' })).rejects.toThrow(/not there/);
  });
});
