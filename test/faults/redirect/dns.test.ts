import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeWith, root } from '../../support/requires.ts';
import { fixedPortResolver, groupOf, Network, ownGroups, resolver, source, Talker } from './support.ts';

const needs = [root, 'nft', 'unshare', 'nsenter', 'ip'];
const right = { lookup: '192.0.2.7', resolve4: '192.0.2.7' };
const nameServer = fileURLToPath(new URL('./name-server.ts', import.meta.url));

async function start() {
  const network = await Network.start();
  await network.talker(...source(nameServer)).ask({});
  const app = network.talker(process.execPath, '-e', resolver);
  const { pid } = app;
  const look = (name: string) => app.ask({ name });
  expect(await look('first.test')).toEqual(right);
  const runner = await network.runner();
  const inject = (spec: object) => runner.ask({ do: 'inject', kind: 'DNSChaos', pid, spec });
  return { network, runner, app, pid, look, inject };
}

/** Without those of other tests that run at the same time. */
const groupsOf = (runner: number) => ownGroups().filter((group) => group.includes(`firedrill_${runner}_`));

describeWith(needs, 'DNSChaos on a process that runs already', () => {
  it('refuses names to both resolvers, and gives them back', async () => {
    const { network, runner, pid, look, inject } = await start();
    const origin = groupOf(pid);
    expect(await runner.ask({ do: 'probe', kind: 'DNSChaos', pid, spec: {} })).toEqual({ usable: true });
    expect([network.nft('list', 'tables'), groupOf(pid)]).toEqual(['', origin]);
    await inject({ action: 'error', patterns: ['*.bad.test'] });
    expect(await runner.ask({ do: 'missing' })).toBeNull();
    expect(groupOf(pid)).toMatch(/\/firedrill_\d+_[0-9a-f]{16}$/);
    expect(await look('a.bad.test')).toEqual({ lookup: 'EAI_AGAIN', resolve4: 'ESERVFAIL' });
    expect(await look('good.test')).toEqual(right);
    expect(await runner.ask({ do: 'hits' })).toBeGreaterThanOrEqual(2);
    expect(await runner.ask({ do: 'undo' })).toMatchObject({ undone: true });
    expect([network.nft('list', 'tables'), groupOf(pid)]).toEqual(['', origin]);
    expect(await look('a.bad.test')).toEqual(right);
  });

  it('gives wrong addresses, also by TCP', async () => {
    const { network, runner, app, inject, look } = await start();
    await inject({ action: 'random' });
    const wrong = expect.stringMatching(/^198\.1[89]\./);
    expect(await look('a.test')).toEqual({ lookup: wrong, resolve4: wrong });
    expect(await app.ask({ tcp: 'a.test' })).toEqual(wrong);
    // Whoever does not belong to the target asks as before.
    const other = network.talker(process.execPath, '-e', resolver);
    expect(await other.ask({ name: 'a.test' })).toEqual(right);
    await runner.ask({ do: 'undo' });
    expect(await app.ask({ tcp: 'a.test' })).toEqual('192.0.2.7');
  });

  it('holds answers back, and lets them go at the end', async () => {
    const { runner, inject, look } = await start();
    await inject({ action: 'slow', delay: '300ms' });
    const before = performance.now();
    expect(await look('a.test')).toEqual(right);
    expect(performance.now() - before).toBeGreaterThanOrEqual(299);
    expect(await runner.ask({ do: 'undo' })).toMatchObject({ undone: true });
    await inject({ action: 'slow', delay: '1h' });
    const held = look('b.test');
    await expect.poll(() => runner.ask({ do: 'hits', fault: 1 })).toBeGreaterThan(0);
    await runner.ask({ do: 'undo', fault: 1 });
    expect(await held).toMatchObject({ resolve4: '192.0.2.7' });
  });

  it('does not answer, and counts what it dropped', async () => {
    const { runner, inject, look } = await start();
    await inject({ action: 'drop', patterns: ['gone.test'] });
    const dropped = look('gone.test');
    await expect.poll(() => runner.ask({ do: 'hits' })).toBeGreaterThanOrEqual(2);
    await runner.ask({ do: 'undo' });
    // The C library gives up after its one second, c-ares asks again.
    expect(await dropped).toMatchObject({ resolve4: '192.0.2.7' });
  });

  it('shares its groups with a second fault, and they end in any order', async () => {
    const { network, runner, pid, look, inject } = await start();
    const origin = groupOf(pid);
    await inject({ patterns: ['one.test'] });
    await inject({ patterns: ['two.test'] });
    expect(groupsOf(runner.pid)).toHaveLength(1);
    await runner.ask({ do: 'undo', fault: 0 });
    expect(groupOf(pid)).not.toBe(origin);
    expect(await look('one.test')).toEqual(right);
    expect(await runner.ask({ do: 'undo', fault: 1 })).toMatchObject({ undone: true });
    expect([groupOf(pid), groupsOf(runner.pid), network.nft('list', 'tables')]).toEqual([origin, [], '']);
  });

  it('leaves nothing when its runner is killed', async () => {
    const { network, runner, pid, look, inject } = await start();
    const origin = groupOf(pid);
    await inject({});
    await runner.kill();
    await expect
      .poll(() => [network.nft('list', 'tables'), groupOf(pid)], { timeout: 10_000 })
      .toEqual(['', origin]);
    await expect.poll(() => groupsOf(runner.pid)).toEqual([]);
    expect(await look('a.test')).toEqual(right);
  });

  it('leads a source port that was used before, and lets it go at the end and after a crash', async () => {
    const { network } = await start();
    // As any firewall does, it makes the kernel remember flows also before and after a fault.
    network.nft('add', 'table', 'inet', 'firewall');
    network.nft('add', 'chain inet firewall output { type filter hook output priority 0; }');
    network.nft('add', 'rule inet firewall output ct state established accept');
    const client = network.talker(process.execPath, '-e', fixedPortResolver);
    const ask = () => client.ask({ name: 'a.test' });
    const runner = await network.runner();
    const begin = () => runner.ask({ do: 'inject', kind: 'DNSChaos', pid: client.pid, spec: {} });
    expect(await ask()).toBe('192.0.2.7');
    await begin();
    expect(await ask()).toBe('refused');
    expect(await runner.ask({ do: 'undo' })).toMatchObject({ undone: true });
    expect(await ask()).toBe('192.0.2.7');
    await begin();
    expect(await ask()).toBe('refused');
    await runner.kill();
    await expect.poll(() => network.nft('list', 'tables'), { timeout: 10_000 }).toBe('table inet firewall');
    expect(await ask()).toBe('192.0.2.7');
  });

  it('refuses what either of two faults names, and neither in the end', async () => {
    const { runner, inject, look } = await start();
    const refused = { lookup: 'EAI_AGAIN', resolve4: 'ESERVFAIL' };
    await inject({ action: 'error', patterns: ['one.test'] });
    await inject({ action: 'error', patterns: ['two.test'] });
    expect([await look('one.test'), await look('two.test')]).toEqual([refused, refused]);
    expect([
      await runner.ask({ do: 'missing', fault: 0 }),
      await runner.ask({ do: 'missing', fault: 1 }),
    ]).toEqual([null, null]);
    await runner.ask({ do: 'undo', fault: 0 });
    expect([await look('one.test'), await look('two.test')]).toEqual([right, refused]);
    await runner.ask({ do: 'undo', fault: 1 });
    expect(await look('two.test')).toEqual(right);
  });

  it('refuses a target that it may not reach', async () => {
    const { runner } = await start();
    const { pid } = new Talker(['sleep', '60']);
    const seen = await runner.ask({ do: 'probe', kind: 'DNSChaos', pid, spec: {} });
    expect(seen).toMatchObject({
      usable: false,
      reason: expect.stringMatching(/another network namespace$/),
    });
  });
});
