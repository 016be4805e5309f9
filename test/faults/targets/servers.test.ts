import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { chooseDriver } from '../../../src/faults/choose.ts';
import type { FaultKind, FaultRequest } from '../../../src/faults/fault.ts';
import { ioChaos } from '../../../src/faults/io-chaos/io-chaos.ts';
import { probeMachine } from '../../../src/faults/machine.ts';
import { networkChaos } from '../../../src/faults/network-chaos/network-chaos.ts';
import { podChaos } from '../../../src/faults/pod-chaos/pod-chaos.ts';
import { createStressChaos } from '../../../src/faults/stress-chaos/stress-chaos.ts';
import { pidTarget } from '../../../src/faults/targets/process/pid.ts';
import { describeWith, root } from '../../support/requires.ts';
import { cleanup, temporaryFolder, until } from '../leases/support.ts';
import { nginx, postgresql, redis, type Server } from './servers.ts';
import { noGuard } from './support.ts';

const around = [root, 'unshare', 'nsenter', 'ip', 'setpriv', 'nft', 'python3', 'stress-ng', 'strace'];

/** In place as a run would put it there, by the best driver. */
async function put<Spec>(kind: FaultKind<Spec>, { pid }: Server, spec: object) {
  const target = pidTarget({ name: 'server', namespace: 'default', labels: {} }, pid, noGuard);
  const request: FaultRequest<Spec> = {
    name: kind.kind,
    kind: kind.kind,
    spec: kind.schema.parse(spec),
    durationMs: 20_000,
    target,
    declared: { type: 'pid', pid },
    machine: await probeMachine(),
    clock: systemClock,
    random: seededRandom(1),
    scratchFolder: temporaryFolder(),
  };
  const { driver } = await chooseDriver(kind, request);
  const fault = await driver.inject(request, undefined, async () => {});
  cleanup(() => fault.undo());
  expect(await fault.missing()).toBeUndefined();
  return {
    fault,
    async undo() {
      await fault.undo();
      expect(await fault.verifyUndone()).toMatchObject({ undone: true });
    },
  };
}

const kinds = [
  { kind: nginx, needs: ['nginx', 'curl'] },
  { kind: redis, needs: ['redis-server', 'redis-cli'] },
  { kind: postgresql, needs: ['psql'] },
];

for (const { kind, needs } of kinds) {
  describeWith([...around, ...needs], `faults on ${kind.name}`, () => {
    let server: Server;
    beforeAll(async () => {
      server = await kind.start();
    }, 30_000);
    afterAll(async () => await server?.stop());

    const isWell = async () => expect((await server.ask()).said).toBe(kind.well);

    it('PodChaos pauses it: nobody answers until the undo', async () => {
      const { fault, undo } = await put(podChaos, server, { action: 'pod-failure' });
      expect((await server.ask(undefined, 1)).said).toBe('no answer');
      expect(fault.hits()).toBeGreaterThan(0);
      await undo();
      await isWell();
    });

    it('NetworkChaos cuts it off', async () => {
      const spec = { action: 'partition', direction: 'both' };
      const { fault, undo } = await put(networkChaos, server, spec);
      expect((await server.ask(undefined, 1)).said).toBe('no answer');
      await until(() => fault.hits()! > 0, 5000, 'packets dropped');
      await undo();
      await isWell();
    });

    it('NetworkChaos delays what it sends', async () => {
      const spec = { action: 'delay', delay: { latency: '300ms' } };
      const { undo } = await put(networkChaos, server, spec);
      const { said, tookMs } = await server.ask();
      expect(said).toBe(kind.well);
      expect(tookMs).toBeGreaterThanOrEqual(299);
      await undo();
      await isWell();
    });

    it('StressChaos works beside it, and it goes on answering', async () => {
      const stressors = { cpu: { workers: 1, load: 100 } };
      const { fault, undo } = await put(createStressChaos([]), server, { stressors });
      await until(() => fault.hits()! > 0, 10_000, 'processor time used');
      await isWell();
      await undo();
      await isWell();
    });

    if (kind !== postgresql) return;

    it('IOChaos makes its commits slow, and loses none', async () => {
      await server.ask('create table slow (id int)');
      await server.ask('insert into slow values (1)');
      const spec = {
        action: 'latency',
        delay: '200ms',
        volumePath: server.folder,
        path: `${server.folder}/data/pg_wal/**`,
        methods: ['write', 'fsync'],
      };
      const { fault, undo } = await put(ioChaos, server, spec);
      let commits = 1;
      // A process of its own for each client: strace finds one that has just begun a moment later.
      const commitMs = async () => {
        commits++;
        return (await server.ask('insert into slow values (1)')).tookMs;
      };
      await expect.poll(commitMs, { timeout: 15_000 }).toBeGreaterThanOrEqual(199);
      await until(() => fault.hits()! > 0, 5000, 'calls that came late');
      await undo();
      expect((await server.ask('select sum(id) from slow')).said).toBe(String(commits));
    });

    it('IOChaos leaves it no space: the transaction fails, and what was committed stays', async () => {
      await server.ask('create table full_disk as select 7 as id');
      const { said: file } = await server.ask("select pg_relation_filepath('full_disk')");
      const spec = {
        action: 'fault',
        errno: 'ENOSPC',
        volumePath: server.folder,
        path: `${server.folder}/data/${file}`,
        methods: ['write'],
      };
      const { fault, undo } = await put(ioChaos, server, spec);
      const grow = 'insert into full_disk select generate_series(1, 100000)';
      expect((await server.ask(grow)).said).toMatch(/No space left on device/);
      await until(() => fault.hits()! > 0, 5000, 'calls that failed');
      await undo();
      expect((await server.ask('select sum(id) from full_disk')).said).toBe('7');
      expect((await server.ask(`${grow}; select count(*) from full_disk`)).said).toBe('100001');
    });
  });
}
