// The client library that Node.js projects use makes its calls to our server.

import { Toxiproxy, ToxiproxyError } from 'toxiproxy-node-client';
import { expect, it } from 'vitest';
import { connectTo, startEcho } from './connections.ts';
import { startApi } from './support.ts';

it('a client creates, changes and removes proxies', async () => {
  const { url } = await startApi();
  const client = new Toxiproxy(url);
  const proxy = await client.createProxy({ name: 'db', listen: 'localhost:0', upstream: 'localhost:20001' });
  expect(proxy).toMatchObject({ name: 'db', upstream: 'localhost:20001', enabled: true });
  expect(proxy.listen).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(Object.keys(await client.getAll())).toEqual(['db']);
  const { listen, upstream } = proxy;
  const disabled = await (await client.get('db')).update({ enabled: false, listen, upstream });
  expect(disabled.enabled).toBe(false);
  await client.reset();
  expect((await client.get('db')).enabled).toBe(true);
  await proxy.remove();
  const error = await client.get('db').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ToxiproxyError);
  expect(String(error)).toContain('404');
  expect(JSON.parse(await client.getVersion()).version).toMatch(/^2\.\d+\.\d+/);
});

it('a client populates', async () => {
  const { url } = await startApi();
  const client = new Toxiproxy(url);
  const wanted = ['one', 'two'].map((name) => ({ name, listen: 'localhost:0', upstream: 'localhost:7171' }));
  const proxies = await client.populate(wanted);
  expect(Object.keys(proxies)).toEqual(['one', 'two']);
  expect(proxies.one!.enabled).toBe(true);
});

it('a client adds, changes and removes toxics, and they act', async () => {
  const { url } = await startApi();
  const client = new Toxiproxy(url);
  const upstream = `127.0.0.1:${await startEcho()}`;
  const proxy = await client.createProxy({ name: 'db', listen: 'localhost:0', upstream });
  const socket = await connectTo(proxy.listen);
  const toxic = await proxy.addToxic({
    ...{ name: 'slow', type: 'latency', stream: 'downstream', toxicity: 1 },
    attributes: { latency: 150, jitter: 0 },
  });
  expect(toxic).toMatchObject({ name: 'slow', attributes: { latency: 150, jitter: 0 } });
  expect(await socket.roundTripMs()).toBeGreaterThanOrEqual(149);
  const changed = await (await proxy.getToxic('slow')).update({
    ...{ name: 'slow', type: 'latency', stream: 'downstream', toxicity: 0.5 },
    attributes: { latency: 300, jitter: 10 },
  });
  expect(changed).toMatchObject({ toxicity: 0.5, attributes: { latency: 300, jitter: 10 } });
  await toxic.remove();
  await expect(proxy.getToxic('slow')).rejects.toThrow(/404/);
  expect(await socket.roundTripMs()).toBeLessThan(150);
});
