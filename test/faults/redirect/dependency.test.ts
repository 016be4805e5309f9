import { expect, it } from 'vitest';
import { describeWith, root } from '../../support/requires.ts';
import { client, groupOf, Network, ownGroups, server } from './support.ts';

const needs = [root, 'nft', 'unshare', 'nsenter', 'ip', 'ss'];

async function start() {
  const network = await Network.start();
  for (const host of ['127.0.0.2', '10.99.0.1'])
    await network.talker(process.execPath, '-e', server, '8080', host).ask({});
  const runner = await network.runner();
  const [app, stranger] = [1, 2].map(() => network.talker(process.execPath, '-e', client));
  const get = (host: string, by = app!) => by.ask({ url: `http://${host}:8080/` });
  const { pid } = app!;
  const spec = { action: 'dependencyReplaced', port: 8080 };
  const ask = (what: 'probe' | 'inject', more: object = {}) =>
    runner.ask({ do: what, kind: 'ProcessChaos', pid, spec: { ...spec, ...more } });
  return { network, runner, app: app!, stranger: stranger!, get, ask };
}

const right = { code: 200, body: 'hello /' };

describeWith(needs, 'ProcessChaos on what a process depends on', () => {
  it('replaces it by a server that fails in the way that is asked for, and gives it back', async () => {
    const { network, runner, app, stranger, get, ask } = await start();
    const home = groupOf(app.pid);
    expect(await get('127.0.0.2')).toEqual(right);
    expect(await ask('probe')).toEqual({ usable: true });
    const failures = [
      [{}, { code: 500, body: '' }],
      [
        { answer: 'error', status: 429 },
        { code: 429, body: '' },
      ],
      [{ answer: 'reset' }, { error: 'ECONNRESET' }],
      [{ answer: 'empty' }, { error: 'ECONNRESET' }],
      [{ answer: 'garbage' }, { error: expect.stringMatching(/^HPE_/) }],
    ] as const;
    for (const [index, [spec, seen]] of failures.entries()) {
      const fault = await ask('inject', spec);
      expect(fault).toBe(index);
      expect(await runner.ask({ do: 'missing', fault })).toBeNull();
      expect(await get('127.0.0.2'), JSON.stringify(spec)).toEqual(seen);
      expect(await get('127.0.0.2', stranger)).toEqual(right);
      expect(await runner.ask({ do: 'hits', fault })).toBe(1);
      expect(await runner.ask({ do: 'undo', fault })).toMatchObject({ undone: true });
      expect(await get('127.0.0.2'), JSON.stringify(spec)).toEqual(right);
    }
    expect([groupOf(app.pid), network.nft('list', 'tables')]).toEqual([home, '']);
    expect(ownGroups().filter((group) => group.includes(`firedrill_${runner.pid}_`))).toEqual([]);
  });

  it('hangs and trickles until the undo, which breaks what waits', async () => {
    const { runner, get, ask } = await start();
    for (const [fault, answer] of ['hang', 'slow'].entries()) {
      await ask('inject', { answer });
      const waiting = get('10.99.0.1');
      await expect.poll(() => runner.ask({ do: 'hits', fault })).toBe(1);
      await runner.ask({ do: 'undo', fault });
      expect(await waiting).toEqual({ error: 'ECONNRESET' });
      expect(await get('10.99.0.1')).toEqual(right);
    }
  });

  it('leaves what is at another address alone, and tries a real connection at the end', async () => {
    const { runner, get, ask } = await start();
    await ask('inject', { address: '10.99.0.1' });
    expect(await get('10.99.0.1')).toEqual({ code: 500, body: '' });
    expect(await get('127.0.0.2')).toEqual(right);
    expect(await runner.ask({ do: 'hits' })).toBe(1);
    expect(await runner.ask({ do: 'undo' })).toMatchObject({
      undone: true,
      evidence: expect.stringMatching(/a connection to 10\.99\.0\.1, port 8080, is accepted$/),
    });
    expect(await get('10.99.0.1')).toEqual(right);
  });

  it('leaves nothing when its runner is killed', async () => {
    const { network, runner, app, get, ask } = await start();
    const home = groupOf(app.pid);
    await ask('inject');
    expect(await get('127.0.0.2')).toMatchObject({ code: 500 });
    await runner.kill();
    await expect
      .poll(() => [network.nft('list', 'tables'), groupOf(app.pid)], { timeout: 10_000 })
      .toEqual(['', home]);
    await expect.poll(() => get('127.0.0.2'), { timeout: 5000 }).toEqual(right);
  });
});
