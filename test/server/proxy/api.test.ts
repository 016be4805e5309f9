// The behaviours that toxiproxy's own tests of its API hold, and what we add to it.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.ts';
import { ProxyServer } from '../../../src/server/proxy/server.ts';
import { accepts, connectTo, startEcho, startUdpEcho } from './connections.ts';
import { type Api, startApi } from './support.ts';

const upstream = 'localhost:20001';
const error = (message: string, status: number) => ({ status, body: { error: message, status } });

async function withProxy(more: object = {}): Promise<Api & { listen: string }> {
  const api = await startApi();
  const { body } = await api.ask('POST', '/proxies', {
    name: 'db',
    listen: 'localhost:0',
    upstream,
    ...more,
  });
  return { ...api, listen: body.listen };
}

describe('every request', () => {
  it('is numbered in the answer', async () => {
    const { ask } = await startApi();
    const ids = [await ask('GET', '/version'), await ask('GET', '/version')].map(({ headers }) =>
      headers.get('x-toxiproxy-request-id'),
    );
    expect(ids[0]).toMatch(/./);
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('of a browser is refused, of another client not', async () => {
    const { ask } = await startApi();
    const browser = await ask('GET', '/proxies', undefined, { 'user-agent': 'Mozilla/5.0 (Linux)' });
    expect(browser).toMatchObject({ status: 403, text: 'User agent not allowed\n' });
    expect((await ask('GET', '/proxies', undefined, { 'user-agent': 'Wget/2.1' })).status).toBe(200);
  });

  it('to no path gets 404, and with another method 405', async () => {
    const { ask } = await startApi();
    expect((await ask('GET', '/toxics')).status).toBe(404);
    expect((await ask('PUT', '/proxies')).status).toBe(405);
    expect((await ask('GET', '/metrics')).status).toBe(404);
  });

  it('is answered with 503 when it takes longer than 25 seconds', async () => {
    const clock = new VirtualClock(0);
    const { url } = await startApi({}, clock);
    const { connect } = await import('node:net');
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
    await once(socket, 'connect');
    socket.write('POST /proxies HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{');
    const answered = once(socket, 'data');
    // The request is under way as soon as the server has read it.
    while (!socket.destroyed) {
      await clock.advance(26_000);
      if (await Promise.race([answered.then(() => true), new Promise((resolve) => setTimeout(resolve, 20))]))
        break;
    }
    expect(String((await answered)[0])).toMatch(/^HTTP\/1\.1 503 /);
    socket.destroy();
  });

  it('needs the token where there is one, and others cannot be let in without', async () => {
    const { ask } = await startApi({ token: 'secret' });
    expect(await ask('GET', '/proxies')).toMatchObject(error('a bearer token is required', 401));
    expect((await ask('GET', '/proxies', undefined, { authorization: 'Bearer secret' })).status).toBe(200);
    const options = { port: 0, clock: new VirtualClock(0), seed: 1, version: '1', onBug: () => {} };
    const open = () =>
      new ProxyServer({ ...options, host: '0.0.0.0', metrics: { proxy: false, runtime: false } });
    expect(open).toThrow(/can be reached from other machines/);
  });

  it('without a body that can be read is told so', async () => {
    const { ask } = await startApi();
    expect(await ask('POST', '/proxies', '')).toMatchObject(error('bad request body: EOF', 400));
    expect((await ask('POST', '/proxies', '{"name":')).body.error).toMatch(/^bad request body: /);
    expect((await ask('POST', '/proxies', { name: 5, upstream })).body.error).toMatch(
      /^bad request body: name: /,
    );
    // What curl says of the body of its -d.
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await ask('POST', '/proxies', { NAME: 'db', upstream, listen: null }, form)).status).toBe(201);
  });
});

describe('proxies', () => {
  it('are none at first', async () => {
    expect(await (await startApi()).ask('GET', '/proxies')).toMatchObject({ status: 200, text: '{}' });
  });

  it('need a name and an upstream', async () => {
    const { ask } = await startApi();
    expect(await ask('POST', '/proxies', {})).toMatchObject(error('missing required field: name', 400));
    expect(await ask('POST', '/proxies', { name: 'db' })).toMatchObject(
      error('missing required field: upstream', 400),
    );
    expect((await ask('POST', '/proxies', { name: 'db', upstream: 'nowhere' })).body.error).toMatch(
      /address nowhere: missing port in address$/,
    );
  });

  it('are created, listed and shown, with the address that they listen on', async () => {
    const { ask } = await startApi();
    const created = await ask('POST', '/proxies', { name: 'db', listen: 'localhost:0', upstream });
    expect(created.status).toBe(201);
    const { listen } = created.body;
    expect(listen).toMatch(/^127\.0\.0\.1:\d+$/);
    const db = { name: 'db', listen, upstream, enabled: true, toxics: [] };
    expect(created.body).toEqual(db);
    expect((await ask('GET', '/proxies')).body).toEqual({ db });
    expect(await ask('GET', '/proxies/db')).toMatchObject({ status: 200, body: db });
    expect(await accepts(listen)).toBe(true);
  });

  it('can be created disabled, enabled and disabled again', async () => {
    const { ask } = await startApi();
    const { listen } = (await ask('POST', '/proxies', { name: 'free', listen: 'localhost:0', upstream }))
      .body;
    await ask('DELETE', '/proxies/free');
    const named = listen.replace('127.0.0.1', 'localhost');
    const { body } = await ask('POST', '/proxies', { name: 'db', listen: named, upstream, enabled: false });
    expect(body).toMatchObject({ listen: named, enabled: false });
    expect(await accepts(listen)).toBe(false);
    expect((await ask('PATCH', '/proxies/db', { enabled: true })).body).toMatchObject({
      listen,
      enabled: true,
    });
    expect(await accepts(listen)).toBe(true);
    expect((await ask('POST', '/proxies/db', { enabled: false })).body).toMatchObject({
      listen,
      enabled: false,
    });
    expect(await accepts(listen)).toBe(false);
  });

  it('are deleted, and then not found', async () => {
    const { ask, listen } = await withProxy();
    expect(await ask('DELETE', '/proxies/db')).toMatchObject({ status: 204, text: '' });
    expect(await accepts(listen)).toBe(false);
    expect(await ask('GET', '/proxies/db')).toMatchObject(error('proxy not found', 404));
    expect(await ask('DELETE', '/proxies/db')).toMatchObject(error('proxy not found', 404));
    expect(await ask('GET', '/proxies/db/toxics')).toMatchObject(error('proxy not found', 404));
  });

  it('with a name or a port that is taken are refused', async () => {
    const { ask, listen } = await withProxy();
    const again = { name: 'db', listen: 'localhost:0', upstream };
    expect(await ask('POST', '/proxies', again)).toMatchObject(error('proxy already exists', 409));
    expect(await ask('POST', '/proxies', { name: 'other', listen, upstream })).toMatchObject(
      error(`listen tcp ${listen}: bind: address already in use`, 500),
    );
    await ask('DELETE', '/proxies/db');
    expect((await ask('POST', '/proxies', { name: 'other', listen, upstream })).status).toBe(201);
  });

  it('keep their connections when an update changes nothing, and lose them when it does', async () => {
    const port = await startEcho();
    const { ask, listen } = await withProxy({ upstream: `127.0.0.1:${port}` });
    const client = await connectTo(listen);
    await client.roundTripMs();
    await ask('PATCH', '/proxies/db', { listen: listen.replace('127.0.0.1', 'localhost') });
    await client.roundTripMs();
    expect((await ask('GET', '/proxies/db/connections')).body).toHaveLength(1);
    const moved = (await ask('PATCH', '/proxies/db', { listen: 'localhost:0' })).body;
    expect(moved.listen).not.toBe(listen);
    expect((await ask('GET', '/proxies/db/connections')).body).toHaveLength(0);
    await (await connectTo(moved.listen)).roundTripMs();
  });
});

describe('populate', () => {
  const two = (second: object) => [
    { name: 'one', listen: 'localhost:0', upstream },
    { name: 'two', listen: 'localhost:0', upstream, ...second },
  ];

  it('creates proxies, enabled unless they say otherwise', async () => {
    const { ask } = await startApi();
    const { status, body } = await ask('POST', '/populate', two({ enabled: false }));
    expect(status).toBe(201);
    expect(body.proxies).toMatchObject([
      { name: 'one', enabled: true },
      { name: 'two', enabled: false },
    ]);
    expect(await accepts(body.proxies[0].listen)).toBe(true);
  });

  it('leaves a proxy with its toxics that is the same, and replaces one that differs', async () => {
    const { ask, listen } = await withProxy();
    await ask('POST', '/proxies/db/toxics', { type: 'latency' });
    const same = { name: 'db', listen: listen.replace('127.0.0.1', 'localhost'), upstream };
    const kept = await ask('POST', '/populate', [same]);
    expect(kept.body.proxies[0]).toMatchObject({ listen, toxics: [{ type: 'latency' }] });
    const replaced = await ask('POST', '/populate', [{ ...same, upstream: 'localhost:7676' }]);
    expect(replaced.body.proxies[0]).toMatchObject({ listen, upstream: 'localhost:7676', toxics: [] });
  });

  it('creates none when one lacks a name or upstream', async () => {
    const { ask } = await startApi();
    const answer = await ask('POST', '/populate', two({ name: '' }));
    expect(answer).toMatchObject({ status: 400, body: { status: 400, proxies: [] } });
    expect(answer.body.error).toBe('missing required field: name at proxy 2');
    const without = await ask('POST', '/populate', two({ upstream: '' }));
    expect(without.body.error).toBe('missing required field: upstream at proxy 2');
    expect((await ask('GET', '/proxies')).body).toEqual({});
    expect((await ask('POST', '/populate', { name: 'one' })).status).toBe(400);
  });

  it('stops at the first that cannot listen, and tells which were made', async () => {
    const { ask } = await startApi();
    const three = [...two({ listen: 'local373' }), { name: 'three', listen: 'localhost:0', upstream }];
    const { status, body } = await ask('POST', '/populate', three);
    expect({ status, error: body.error }).toEqual({
      status: 500,
      error: 'listen tcp: address local373: missing port in address',
    });
    expect(body.proxies).toMatchObject([{ name: 'one' }]);
    expect(Object.keys((await ask('GET', '/proxies')).body)).toEqual(['one']);
  });
});

describe('toxics', () => {
  it('are added with the defaults, listed and shown', async () => {
    const { ask } = await withProxy();
    expect(await ask('GET', '/proxies/db/toxics')).toMatchObject({ status: 200, body: [] });
    const added = await ask('POST', '/proxies/db/toxics', { type: 'latency' });
    const toxic = { type: 'latency', name: 'latency_downstream', stream: 'downstream', toxicity: 1 };
    expect(added).toMatchObject({ status: 200 });
    expect(added.body).toEqual({ ...toxic, attributes: { latency: 0, jitter: 0 } });
    const up = { type: 'latency', stream: 'Upstream', toxicity: 0.2, attributes: { latency: 100, other: 1 } };
    const { body } = await ask('POST', '/proxies/db/toxics', up);
    expect(body).toMatchObject({ name: 'latency_upstream', stream: 'upstream', toxicity: 0.2 });
    expect(body.attributes).toEqual({ latency: 100, jitter: 0 });
    expect((await ask('GET', '/proxies/db/toxics')).body).toEqual([body, added.body]);
    expect((await ask('GET', '/proxies/db')).body.toxics).toEqual([body, added.body]);
    expect((await ask('GET', '/proxies/db/toxics/latency_upstream')).body).toEqual(body);
  });

  it('of every type of toxiproxy can be added', async () => {
    const { ask } = await withProxy();
    const types = [
      'bandwidth',
      'latency',
      'limit_data',
      'noop',
      'reset_peer',
      'slicer',
      'slow_close',
      'timeout',
    ];
    for (const type of types) expect((await ask('POST', '/proxies/db/toxics', { type })).status).toBe(200);
    expect((await ask('GET', '/proxies/db/toxics')).body).toHaveLength(types.length);
  });

  it('with a name that is taken, in whichever stream, are refused', async () => {
    const { ask } = await withProxy();
    await ask('POST', '/proxies/db/toxics', { name: 'foobar', type: 'latency', stream: 'upstream' });
    for (const body of [{ type: 'slow_close' }, { type: 'latency', stream: 'downstream' }])
      expect(await ask('POST', '/proxies/db/toxics', { name: 'foobar', ...body })).toMatchObject(
        error('toxic already exists', 409),
      );
  });

  it('of no type, stream or share are refused', async () => {
    const { ask } = await withProxy();
    const add = (body: object) => ask('POST', '/proxies/db/toxics', body);
    expect(await add({ type: 'latency', stream: 'walrustream' })).toMatchObject(
      error('stream was invalid, can be either upstream or downstream', 400),
    );
    expect(await add({ type: 'poison' })).toMatchObject(error('invalid toxic type', 400));
    expect(await add({ type: 'loss' })).toMatchObject(error('invalid toxic type', 400));
    for (const body of [
      { toxicity: 1.5 },
      { attributes: { latency: '5' } },
      { attributes: { latency: -1 } },
      { ttl: 'soon' },
    ]) {
      const answer = await add({ type: 'latency', ...body });
      expect([answer.status, answer.body.error]).toEqual([
        400,
        expect.stringMatching(/^bad request body: \w+/),
      ]);
    }
    expect((await add({ type: 'slicer', attributes: { average_size: 5, size_variation: 5 } })).status).toBe(
      400,
    );
  });

  it('change in what is given, by POST and PATCH', async () => {
    const { ask } = await withProxy();
    await ask('POST', '/proxies/db/toxics', { type: 'latency', attributes: { latency: 100, jitter: 10 } });
    const path = '/proxies/db/toxics/latency_downstream';
    const first = await ask('PATCH', path, { toxicity: 0.5, attributes: { latency: 1000 } });
    expect(first.body).toMatchObject({ toxicity: 0.5, attributes: { latency: 1000, jitter: 10 } });
    const second = await ask('POST', path, {
      attributes: { latency: 500 },
      name: 'ignored',
      stream: 'upstream',
    });
    expect(second.body).toMatchObject({ name: 'latency_downstream', stream: 'downstream', toxicity: 0.5 });
    expect(second.body.attributes).toEqual({ latency: 500, jitter: 10 });
    expect((await ask('PATCH', path, { attributes: { latency: 'x' } })).status).toBe(400);
    expect((await ask('GET', path)).body).toEqual(second.body);
  });

  it('are removed, and then not found', async () => {
    const { ask } = await withProxy();
    await ask('POST', '/proxies/db/toxics', { type: 'latency' });
    const path = '/proxies/db/toxics/latency_downstream';
    expect((await ask('DELETE', path)).status).toBe(204);
    for (const method of ['GET', 'DELETE', 'PATCH'])
      expect(await ask(method, path, method === 'PATCH' ? {} : undefined)).toMatchObject(
        error('toxic not found', 404),
      );
  });

  it('go with a reset, which also starts what is disabled', async () => {
    const { ask } = await withProxy({ enabled: false });
    await ask('POST', '/proxies/db/toxics', { type: 'latency' });
    expect((await ask('POST', '/reset')).status).toBe(204);
    expect((await ask('GET', '/proxies/db')).body).toMatchObject({ enabled: true, toxics: [] });
  });

  it('are removed after their time to live, or after that of all', async () => {
    const clock = new VirtualClock(1_000_000);
    const { ask } = await startApi({ toxicTtlMs: 60_000 }, clock);
    await ask('POST', '/proxies', { name: 'db', listen: 'localhost:0', upstream });
    const add = async (name: string, more: object) =>
      (await ask('POST', '/proxies/db/toxics', { name, type: 'noop', ...more })).body;
    expect(await add('short', { ttl: '30s' })).toMatchObject({
      ttl: 30_000,
      ends_at: '1970-01-01T00:17:10.000Z',
    });
    expect(await add('milliseconds', { ttl: 45_000 })).toMatchObject({ ttl: 45_000 });
    expect(await add('default', {})).toMatchObject({ ttl: 60_000 });
    expect(await add('lasting', { ttl: 0 })).not.toHaveProperty('ttl');
    const names = async () =>
      (await ask('GET', '/proxies/db/toxics')).body.map((toxic: { name: string }) => toxic.name);
    await clock.advance(31_000);
    expect(await names()).toEqual(['milliseconds', 'default', 'lasting']);
    await ask('PATCH', '/proxies/db/toxics/milliseconds', { ttl: '10m' });
    await clock.advance(300_000);
    expect(await names()).toEqual(['milliseconds', 'lasting']);
  });
});

describe('what else there is', () => {
  it('tells the version in JSON', async () => {
    const { headers, text } = await (await startApi()).ask('GET', '/version');
    expect(text).toMatch(/^\{"version": "2\.\d+\.\d+\+firedrill\.1\.2\.3"\}\n$/);
    expect(headers.get('content-type')).toBe('application/json;charset=utf-8');
  });

  it("counts bytes under toxiproxy's names, and shows the process, where it is asked to", async () => {
    const { ask } = await startApi({ metrics: { proxy: true, runtime: true } });
    const port = await startEcho();
    const created = await ask('POST', '/proxies', {
      name: 'db',
      listen: 'localhost:0',
      upstream: `127.0.0.1:${port}`,
    });
    const { listen } = created.body;
    await (await connectTo(listen)).roundTripMs();
    const { text } = await ask('GET', '/metrics');
    const labels = `direction="upstream",proxy="db",listener="${listen}",upstream="127.0.0.1:${port}"`;
    expect(text).toContain(`toxiproxy_proxy_received_bytes_total{${labels}} 4\n`);
    expect(text).toContain(`toxiproxy_proxy_sent_bytes_total{${labels}} 4\n`);
    expect(text).toMatch(/^process_cpu_seconds_total /m);
  });

  it('passes datagrams on, and lets them be lost and come twice', async () => {
    const { ask } = await startApi();
    const listen = 'udp://127.0.0.1:0';
    const { body } = await ask('POST', '/proxies', {
      name: 'dns',
      listen,
      upstream: `127.0.0.1:${await startUdpEcho()}`,
    });
    expect(body).toMatchObject({
      protocol: 'udp',
      listen: expect.stringMatching(/^udp:\/\/127\.0\.0\.1:[1-9]/),
    });
    const client = createSocket('udp4');
    const heard: string[] = [];
    client.on('message', (datagram) => heard.push(datagram.toString()));
    const send = (text: string) => client.send(text, Number(body.listen.split(':').at(-1)), '127.0.0.1');
    const hear = async (count: number) => {
      while (heard.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    try {
      send('one');
      await hear(1);
      await ask('POST', '/proxies/dns/toxics', { type: 'loss', stream: 'upstream' });
      send('lost');
      while ((await ask('GET', '/proxies/dns/connections')).body[0].received_bytes.upstream < 7);
      await ask('POST', '/reset');
      await ask('POST', '/proxies/dns/toxics', { type: 'duplicate' });
      await ask('POST', '/proxies/dns/toxics', { type: 'latency', attributes: { latency: 20 } });
      send('two');
      await hear(3);
      expect(heard).toEqual(['one', 'two', 'two']);
      expect(await ask('POST', '/proxies/dns/toxics', { type: 'reset_peer' })).toMatchObject(
        error('invalid toxic type', 400),
      );
    } finally {
      client.close();
    }
  });

  it('begins with the proxies of a file, and refuses one that it cannot make', async () => {
    const { server, ask } = await startApi();
    const content = JSON.stringify([{ name: 'db', listen: 'localhost:0', upstream }]);
    expect(await server.populate('proxies.json', content)).toBe(1);
    expect((await ask('GET', '/proxies/db')).status).toBe(200);
    await expect(server.populate('proxies.json', '[{}]')).rejects.toThrow(
      'proxies.json: missing required field: name at proxy 1',
    );
  });
});
