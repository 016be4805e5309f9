import { expect, it } from 'vitest';
import { describeWith, root } from '../../support/requires.ts';
import { client, groupOf, Network, ownGroups, server } from './support.ts';

const needs = [root, 'nft', 'unshare', 'nsenter', 'ip', 'ss'];
const fails = { target: 'Response', direction: 'to', port: 8080, replace: { code: 503 } };

async function start() {
  const network = await Network.start();
  for (const host of ['127.0.0.2', '10.99.0.1', '::1'])
    await network.talker(process.execPath, '-e', `${server}`, '8080', host).ask({});
  await network.talker(process.execPath, '-e', server, '8081', '127.0.0.1').ask({});
  const runner = await network.runner();
  const [app, stranger] = [1, 2].map(() => network.talker(process.execPath, '-e', client));
  const get = (url: string, by = app!) => by.ask({ url: `http://${url}` });
  const { pid } = app!;
  const inject = (spec: object = {}) =>
    runner.ask({ do: 'inject', kind: 'HTTPCalls', pid, spec: { ...fails, ...spec } });
  return { network, runner, app: app!, stranger: stranger!, get, inject };
}

describeWith(needs, 'HTTPChaos on what a process calls', () => {
  it('changes answers of wherever it calls, on old connections and new ones, and of nobody else', async () => {
    const { runner, app, stranger, get, inject } = await start();
    const home = groupOf(app.pid);
    expect(await get('127.0.0.2:8080/')).toEqual({ code: 200, body: 'hello /' });
    await inject({ path: '/a*' });
    expect(await runner.ask({ do: 'missing' })).toBeNull();
    for (const host of ['127.0.0.2', '10.99.0.1', '[::1]']) {
      expect(await get(`${host}:8080/a`)).toEqual({ code: 503, body: 'hello /a' });
      expect(await get(`${host}:8080/b`)).toEqual({ code: 200, body: 'hello /b' });
    }
    expect(await get('127.0.0.1:8081/a')).toEqual({ code: 200, body: 'hello /a' });
    expect(await get('127.0.0.2:8080/a', stranger)).toEqual({ code: 200, body: 'hello /a' });
    expect(await runner.ask({ do: 'hits' })).toBe(3);
    expect(await runner.ask({ do: 'undo' })).toMatchObject({ undone: true });
    expect(await get('127.0.0.2:8080/a')).toEqual({ code: 200, body: 'hello /a' });
    expect(groupOf(app.pid)).toBe(home);
  });

  it('sends other requests than the process did', async () => {
    const { runner, get, inject } = await start();
    await inject({ target: 'Request', replace: { path: '/elsewhere' } });
    expect(await get('10.99.0.1:8080/a')).toEqual({ code: 200, body: 'hello /elsewhere' });
    expect(await runner.ask({ do: 'undo' })).toMatchObject({ undone: true });
    expect(await get('10.99.0.1:8080/a')).toEqual({ code: 200, body: 'hello /a' });
  });

  it('is a refusal when nobody listens where the process calls', async () => {
    const { get, inject } = await start();
    await inject();
    expect(await get('127.0.0.9:8080/')).toEqual({ error: 'ECONNRESET' });
  });

  it('leaves nothing when its runner is killed', async () => {
    const { network, runner, app, get, inject } = await start();
    await inject();
    expect(await get('127.0.0.2:8080/')).toMatchObject({ code: 503 });
    await runner.kill();
    await expect.poll(() => network.nft('tables'), { timeout: 5000 }).toBe('');
    await expect.poll(() => groupOf(app.pid).includes('firedrill'), { timeout: 5000 }).toBe(false);
    await expect
      .poll(() => ownGroups().filter((group) => group.includes(`firedrill_${runner.pid}_`)), {
        timeout: 5000,
      })
      .toEqual([]);
    await expect
      .poll(() => get('127.0.0.2:8080/'), { timeout: 5000 })
      .toEqual({ code: 200, body: 'hello /' });
  });
});
