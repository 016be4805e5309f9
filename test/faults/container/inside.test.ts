import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { chooseDriver } from '../../../src/faults/choose.ts';
import { dnsChaos } from '../../../src/faults/dns-chaos/dns-chaos.ts';
import type { FaultDriver, FaultKind } from '../../../src/faults/fault.ts';
import { ioChaos } from '../../../src/faults/io-chaos/io-chaos.ts';
import { networkChaos } from '../../../src/faults/network-chaos/network-chaos.ts';
import { createStressChaos } from '../../../src/faults/stress-chaos/stress-chaos.ts';
import { controlGroups, groupMembers } from '../../../src/faults/targets/process/cgroup.ts';
import { type Dockerd, dockerdNeeds, startDockerd } from '../../support/dockerd.ts';
import { describeWith, root } from '../../support/requires.ts';
import { cleanup, until } from '../leases/support.ts';
import { fixedPortResolver, Talker } from '../redirect/support.ts';
import { inject, requestOf, takeSteps, targetOf } from './support.ts';

const needs = [root, ...dockerdNeeds, 'nft', 'strace', 'stress-ng'];

describeWith(needs, 'faults through the namespaces and control groups of a container', () => {
  let daemon: Dockerd;

  beforeAll(async () => {
    daemon = await startDockerd();
  });
  afterAll(async () => await daemon?.stop());

  let number = 0;
  let name: string;
  beforeEach(() => {
    name = `inside-${++number}`;
  });
  afterEach(async () => void (await daemon.docker('rm', '-f', name)));

  async function web(options: readonly string[] = []) {
    await daemon.runWeb(name, options);
    const target = await targetOf(name, daemon.socket);
    const ask = async () => await daemon.ask(await daemon.addressOf(name));
    expect(await ask()).toBe('hello');
    return { target, ask };
  }

  const put = (kind: unknown, target: Parameters<typeof inject>[1], spec: object) =>
    inject(kind as FaultKind<never>, target, spec);

  it('NetworkChaos partitions it, and the watchdog alone can take that back', async () => {
    const { target, ask } = await web();
    const { fault, driver, steps } = await put(networkChaos, target, {
      action: 'partition',
      direction: 'both',
    });
    expect(driver).toBe('nftables');
    expect(await fault.missing()).toBeUndefined();
    expect(await ask()).toBe('curl exits with 28');
    await until(() => fault.hits()! > 0, 5000, 'packets dropped');
    expect(await takeSteps(steps)).toMatchObject({ undone: true });
    expect(await ask()).toBe('hello');
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
  });

  it('NetworkChaos delays what it answers where only connections can be led to a proxy', async () => {
    const { target, ask } = await web();
    const spec = { action: 'delay', delay: { latency: '400ms' } };
    const request = await requestOf(networkChaos as FaultKind, target, spec);
    const drivers = networkChaos.drivers.filter(({ name }) => name === 'redirecting-proxy') as FaultDriver[];
    const { driver } = await chooseDriver({ ...(networkChaos as FaultKind), drivers }, request);
    const fault = await driver.inject(request, undefined, async () => {});
    cleanup(() => fault.undo());
    const begin = performance.now();
    expect(await ask()).toBe('hello');
    expect(performance.now() - begin).toBeGreaterThanOrEqual(398);
    expect(fault.hits()).toBeGreaterThan(5);
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
    expect(await ask()).toBe('hello');
  });

  it("DNSChaos refuses names that match, and asks the engine's own name server for the others", async () => {
    await daemon.docker('network', 'create', name);
    onTestFinished(async () => void (await daemon.docker('network', 'rm', '-f', name)));
    const { target } = await web(['--network', name, '--network-alias', 'own-name']);
    const lookUp = async (host: string) =>
      await daemon.docker('exec', name, 'nslookup', host).catch((error: Error) => error.message);
    expect(await lookUp('own-name')).toContain(await daemon.addressOf(name));
    const [first] = await target.processes();
    const inside = ['nsenter', '--target', String(first!.pid), '--net', '--', process.execPath, '-e'];
    const fixedPort = new Talker([...inside, fixedPortResolver, '127.0.0.11']);
    const askFromFixedPort = async () => await fixedPort.ask({ name: 'shop.test' });
    const before = await askFromFixedPort();
    const { fault, driver, steps } = await put(dnsChaos, target, { action: 'error', patterns: ['shop.*'] });
    expect(driver).toBe('container');
    expect(await fault.missing()).toBeUndefined();
    expect(await lookUp('shop.test')).toMatch(/SERVFAIL/);
    const hits = fault.hits()!;
    expect(hits).toBeGreaterThan(0);
    expect(await askFromFixedPort()).toBe('refused');
    expect(fault.hits()).toBe(hits + 1);
    expect(await lookUp('own-name')).toContain(await daemon.addressOf(name));
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
    expect(await lookUp('own-name')).toContain(await daemon.addressOf(name));
    expect(await askFromFixedPort()).toBe(before);
    expect(await takeSteps(steps)).toMatchObject({ undone: true });
  });

  it.each([{ action: 'slow', delay: '400ms' }, { action: 'drop' }])(
    'DNSChaos $action acts on its own name server, which answers again at the end',
    async (action) => {
      await daemon.docker('network', 'create', name);
      onTestFinished(async () => void (await daemon.docker('network', 'rm', '-f', name)));
      const { target } = await web(['--network', name, '--network-alias', 'own-name']);
      const address = await daemon.addressOf(name);
      const lookUp = async () => {
        const begin = performance.now();
        const said = await daemon
          .docker('exec', name, 'nslookup', '-type=a', 'own-name')
          .catch((e: Error) => e.message);
        return { found: said.includes(address), tookMs: performance.now() - begin };
      };
      const { fault } = await put(dnsChaos, target, { ...action, patterns: ['own-name'] });
      expect(await fault.missing()).toBeUndefined();
      expect(fault.hits()).toBe(0);
      const { found, tookMs } = await lookUp();
      expect(found).toBe(action.action === 'slow');
      expect(tookMs).toBeGreaterThanOrEqual(400);
      expect(fault.hits()).toBeGreaterThan(0);
      await fault.undo();
      expect(await fault.verifyUndone()).toMatchObject({
        undone: true,
        evidence: expect.stringMatching(/; its name server 127\.0\.0\.11 answered NOERROR \S+ for own-name$/),
      });
      expect(await lookUp()).toMatchObject({ found: true });
    },
  );

  it('DNSChaos leads queries to name servers of IPv6, too', async () => {
    const { target } = await web(['--sysctl', 'net.ipv6.conf.all.disable_ipv6=0']);
    const { fault } = await put(dnsChaos, target, { action: 'random', patterns: ['shop.*'] });
    const ask = async () =>
      await daemon
        .docker('exec', name, 'nslookup', '-type=a', 'shop.test', '::1')
        .catch((e: Error) => e.message);
    expect(await ask()).toMatch(/Address:\s+\d+\.\d+\.\d+\.\d+\s*$/);
    expect(fault.hits()).toBe(1);
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
  });

  it('StressChaos runs in its control groups', async () => {
    const { target } = await web(['--cpus', '0.2']);
    const { fault, driver, plan } = await put(createStressChaos([]), target, {
      stressors: { cpu: { workers: 1, load: 100 } },
    });
    expect(driver).toBe('stress-ng');
    expect(plan.what).toMatch(/^stresses inside-/);
    expect(await fault.missing()).toBeUndefined();
    const [first, ...others] = await target.processes();
    expect(others).toEqual([]);
    const group = controlGroups(first!.pid).find(({ controllers }) => controllers.includes('cpu'))!;
    expect(groupMembers(group.folder).length).toBeGreaterThan(1);
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
    expect(groupMembers(group.folder)).toEqual([first!.pid]);
  });

  it('IOChaos makes its files fail', async () => {
    const { target, ask } = await web();
    const { fault, driver } = await put(ioChaos, target, {
      action: 'fault',
      errno: 5,
      volumePath: '/www',
      path: '/www/index.html',
      methods: ['open'],
      percent: 100,
    });
    expect(driver).toBe('strace');
    expect(await ask()).not.toBe('hello');
    await until(() => fault.hits()! > 0, 5000, 'calls that failed');
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
    expect(await ask()).toBe('hello');
  });
});
