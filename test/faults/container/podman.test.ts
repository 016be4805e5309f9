import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { UserError } from '../../../src/base/diagnostics.ts';
import { containerChaos } from '../../../src/faults/container-chaos/container-chaos.ts';
import { podChaos } from '../../../src/faults/pod-chaos/pod-chaos.ts';
import { findContainers } from '../../../src/faults/targets/container/find.ts';
import { dockerdNeeds, startDockerd } from '../../support/dockerd.ts';
import { type Podman, podmanNeeds, startPodman } from '../../support/podman.ts';
import { describeWith, root } from '../../support/requires.ts';
import { until } from '../leases/support.ts';
import { declared, inject, takeSteps, targetOf } from './support.ts';

describeWith(
  [root, ...podmanNeeds, ...dockerdNeeds],
  'faults on a container of Podman, over its Docker-compatible socket',
  () => {
    let engine: Podman;

    beforeAll(async () => {
      engine = await startPodman();
    });
    afterAll(async () => await engine?.stop());

    async function web(name: string) {
      await engine.runWeb(name);
      const target = await targetOf(name, engine.socket);
      expect(target.container).toMatchObject({ runtime: 'podman', name });
      await until(async () => (await engine.ask(name)) === 'hello', 5000, 'an answer');
      return target;
    }

    it('pod-failure pauses it, and lets it go on', async () => {
      const target = await web('paused');
      const { fault, steps } = await inject(podChaos as never, target, { action: 'pod-failure' });
      expect(await fault.missing()).toBeUndefined();
      expect(await engine.ask('paused')).toBe('no answer');
      expect(await takeSteps(steps)).toMatchObject({ undone: true });
      expect(await fault.verifyUndone()).toMatchObject({ undone: true });
      expect(await engine.ask('paused')).toBe('hello');
    });

    it('pod-kill kills it', async () => {
      const target = await web('killed');
      const { fault } = await inject(podChaos as never, target, { action: 'pod-kill' });
      expect(fault.hits()).toBe(1);
      expect((await target.inspect())!.State.Running).toBe(false);
    });

    it('stop ends it for as long as the fault lasts', async () => {
      const target = await web('stopped');
      const { fault, steps } = await inject(containerChaos as never, target, {
        action: 'stop',
        gracePeriod: 0,
      });
      expect(await fault.missing()).toBeUndefined();
      expect(await takeSteps(steps)).toMatchObject({ undone: true });
      await until(async () => (await engine.ask('stopped')) === 'hello', 5000, 'an answer after the start');
      expect(await fault.verifyUndone()).toMatchObject({ undone: true });
    });

    it('disconnect is refused where there is no network to be taken off', async () => {
      const target = await web('alone');
      await expect(inject(containerChaos as never, target, { action: 'disconnect' })).rejects.toThrow(
        /container alone has no network of its own \(network mode none\)/,
      );
    });

    it('limit needs no update of the engine', async () => {
      const target = await web('limited');
      const limits = { cpus: 0.2, memory: '64MB', pids: 20 };
      const { fault, driver } = await inject(containerChaos as never, target, { action: 'limit', limits });
      expect(driver).toBe('control-group');
      expect(await fault.missing()).toBeUndefined();
      await fault.undo();
      expect(await fault.verifyUndone()).toMatchObject({ undone: true });
      const unseen = { ...target, processes: async () => [] };
      await expect(
        inject(containerChaos as never, unseen, { action: 'limit', limits: { cpus: 0.2 } }),
      ).rejects.toThrow(/podman does not update containers over its API \(Not Found\)/);
    });

    it('one that Docker knows by the same name is told apart by its engine', async () => {
      const docker = await startDockerd();
      onTestFinished(async () => await docker.stop());
      await engine.runWeb('twin');
      await docker.run('twin', ['/bin/sleep', '300']);
      const find = (runtime?: 'docker' | 'podman') =>
        findContainers('web', { ...declared('twin'), runtime }, [engine.socket, docker.socket]);
      const refusal = await find().catch((error: UserError) => error);
      expect(refusal).toMatchObject({ diagnostics: [{ code: 'FD524' }] });
      expect((refusal as UserError).message).toMatch(/twin \w{12} of (docker|podman) .* or twin \w{12} of/);
      expect(await find('docker')).toMatchObject([{ runtime: 'docker', name: 'twin' }]);
      expect(await find('podman')).toMatchObject([{ runtime: 'podman', name: 'twin' }]);
    });
  },
);
