import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.ts';
import {
  add,
  afterTest,
  change,
  connectTo,
  echo,
  endOf,
  readAll,
  roundTrip,
  startProxy,
  startUpstream,
  until,
} from './support.ts';

describe('a proxy without toxics', () => {
  it('passes on what a client says and what it is answered, and counts it', async () => {
    const proxy = await startProxy((await startUpstream(echo)).port);
    const client = await connectTo(proxy);
    const sent = randomBytes(2 ** 20);
    client.end(sent);
    expect((await readAll(client)).equals(sent)).toBe(true);
    const bytes = { received: sent.length, sent: sent.length };
    expect(proxy.traffic).toEqual({ upstream: bytes, downstream: bytes });
  });

  it('leaves the other way open when one side has said its last', async () => {
    const upstream = await startUpstream((socket) => {
      socket.resume().once('end', () => setTimeout(() => socket.end('after your end'), 50));
    });
    const client = await connectTo(await startProxy(upstream.port));
    client.end('hello');
    expect((await readAll(client)).toString()).toBe('after your end');
  });

  it('ends the connection of a client when nobody is behind it', async () => {
    const upstream = await startUpstream(echo);
    upstream.server.close();
    const proxy = await startProxy(upstream.port);
    const client = await connectTo(proxy);
    expect(await endOf(client)).toMatch(/^(end|ECONNRESET)$/);
    await until(() => proxy.chain.connections.length === 0);
  });

  it('passes a reset on, both ways', async () => {
    const upstream = await startUpstream((socket) => socket.resume());
    const proxy = await startProxy(upstream.port);
    const [first, second] = [await connectTo(proxy), await connectTo(proxy)];
    await until(() => upstream.sockets.size === 2);
    const [accepted, other] = [...upstream.sockets];
    const heard = new Promise((resolve) => other!.once('close', resolve));
    const ended = endOf(first);
    accepted!.resetAndDestroy();
    second.resetAndDestroy();
    expect(await ended).toBe('ECONNRESET');
    await heard;
  });

  it('makes a sender wait for a reader, without keeping what it sends', async () => {
    const upstream = await startUpstream((socket) => {
      const block = Buffer.alloc(2 ** 16);
      const more = () => {
        while (!socket.destroyed && socket.write(block));
      };
      socket.on('drain', more);
      more();
    });
    const proxy = await startProxy(upstream.port);
    const client = await connectTo(proxy);
    client.pause();
    let before = -1;
    await until(() => {
      const now = proxy.traffic.downstream.received;
      const still = now === before && now > 0;
      before = now;
      return still;
    });
    const { received } = proxy.traffic.downstream;
    // Two kernels' buffers and ours; a proxy that keeps everything would have gone on and on.
    expect(received).toBeLessThan(32 * 2 ** 20);
    client.resume();
    await until(() => proxy.traffic.downstream.received > received + 2 ** 20);
  });

  it('carries a thousand connections', async () => {
    const proxy = await startProxy((await startUpstream(echo)).port);
    const clients = await Promise.all(Array.from({ length: 1000 }, () => connectTo(proxy)));
    await Promise.all(clients.map((client, i) => roundTrip(client, `client ${i}`)));
    expect(proxy.chain.connections.length).toBe(1000);
    for (const client of clients) client.destroy();
    await until(() => proxy.chain.connections.length === 0);
  });

  it('closes every connection when it stops, and can be stopped and started again', async () => {
    const proxy = await startProxy((await startUpstream(echo)).port);
    await proxy.start();
    const client = await connectTo(proxy);
    await roundTrip(client);
    const ended = once(client, 'close');
    client.allowHalfOpen = false;
    await proxy.stop();
    await proxy.stop();
    await ended;
    expect(proxy.enabled).toBe(false);
    await proxy.start();
    await roundTrip(await connectTo(proxy));
  });

  it('rejects with the reason when its address is taken, and starts once it is free', async () => {
    const { port } = await startUpstream(echo);
    const first = await startProxy(port);
    const second = await startProxy(port);
    await second.stop();
    second.reroute({ ...second.route, listen: first.route.listen });
    await expect(second.start()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(second.enabled).toBe(false);
    await first.stop();
    await second.start();
    await roundTrip(await connectTo(second));
  });
});

/** Attributes with which many bytes still pass in a moment. */
const streamed = {
  latency: { latency: 3, jitter: 2 },
  bandwidth: { rate: 200_000 },
  slicer: { average_size: 20_000, size_variation: 5000 },
};

describe('toxics that come and go on a live connection', () => {
  it('lose and reorder nothing', async () => {
    const proxy = await startProxy((await startUpstream(echo)).port);
    const client = await connectTo(proxy);
    const received: Buffer[] = [];
    client.on('data', (bytes) => received.push(bytes));
    const ended = once(client, 'end');
    const sent: Buffer[] = [];
    for (let i = 0; i < 120; i++) {
      const block = randomBytes(1000 + i);
      sent.push(block);
      client.write(block);
      if (i % 4 === 0) add(proxy, 'latency', { latency: 20, jitter: 20 });
      if (i % 4 === 1) add(proxy, 'slicer', { average_size: 50, size_variation: 20 }, { stream: 'upstream' });
      if (i % 4 === 2) change(proxy, 'latency', { latency: 10 });
      if (i % 4 === 3) proxy.chain.clear();
      if (i % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
    }
    client.end();
    await ended;
    expect(Buffer.concat(received).equals(Buffer.concat(sent))).toBe(true);
  });

  it('lose and reorder nothing of a stream that never waits, whenever they come and however its reader stalls', async () => {
    const content = randomBytes(12 * 2 ** 20);
    const upstream = await startUpstream((socket) => socket.end(content));
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 6 }),
      what: fc.constantFrom('latency', 'bandwidth', 'slicer', 'clear', 'stall'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const proxy = await startProxy(upstream.port);
        const client = await connectTo(proxy);
        const received = readAll(client);
        for (const { afterMs, what } of steps) {
          await new Promise((resolve) => setTimeout(resolve, afterMs));
          if (what === 'clear') proxy.chain.clear();
          else if (what === 'stall') {
            client.pause();
            setTimeout(() => client.resume(), 3);
          } else if (!proxy.chain.find(what)) add(proxy, what, streamed[what]);
        }
        proxy.chain.clear();
        expect((await received).equals(content)).toBe(true);
        await proxy.stop();
      }),
      { numRuns: 25 },
    );
  });

  it('are removed when their time to live is over, unless it is set anew', async () => {
    const clock = new VirtualClock(0);
    const proxy = await startProxy((await startUpstream(echo)).port, { clock });
    add(proxy, 'latency', { latency: 100 }, { name: 'short', ttlMs: 1000 });
    add(proxy, 'latency', { latency: 100 }, { name: 'renewed', ttlMs: 1000 });
    add(proxy, 'latency', { latency: 100 }, { name: 'freed', ttlMs: 1000 });
    add(proxy, 'latency', { latency: 100 }, { name: 'lasting' });
    await clock.advance(600);
    expect(proxy.chain.find('short')!.endsAtMs).toBe(1000);
    proxy.chain.update('renewed', { ttlMs: 1000 });
    proxy.chain.update('freed', { ttlMs: 0 });
    await clock.advance(600);
    const names = () => proxy.chain.toxics.map(({ name }) => name);
    expect(names()).toEqual(['renewed', 'freed', 'lasting']);
    await clock.advance(5000);
    expect(names()).toEqual(['freed', 'lasting']);
  });

  it('act on the share of connections that is their toxicity, wholly or not at all, as the seed says', async () => {
    const upstream = await startUpstream(echo);
    const affected = async (seed: number, toxicity: number) => {
      const proxy = await startProxy(upstream.port, { seed });
      add(proxy, 'noop', {}, { toxicity });
      for (let i = 0; i < 60; i++) await connectTo(proxy);
      await until(() => proxy.chain.connections.length === 60);
      const toxic = proxy.chain.find('noop')!;
      const which = proxy.chain.connections.map((connection) => connection.infectedBy(toxic));
      await proxy.stop();
      return which;
    };
    const some = await affected(7, 0.3);
    expect(some.filter(Boolean).length).toBeGreaterThan(6);
    expect(some.filter(Boolean).length).toBeLessThan(32);
    expect(await affected(7, 0.3)).toEqual(some);
    expect(await affected(8, 0.3)).not.toEqual(some);
    expect((await affected(7, 0)).some(Boolean)).toBe(false);
    expect((await affected(7, 1)).every(Boolean)).toBe(true);
  });

  it('never touch a connection with a toxicity of 0, not even by their removal', async () => {
    const proxy = await startProxy((await startUpstream(echo)).port);
    const client = await connectTo(proxy);
    await roundTrip(client);
    for (const type of ['timeout', 'reset_peer', 'limit_data', 'bandwidth'])
      add(proxy, type, {}, { toxicity: 0 });
    for (let i = 0; i < 5; i++) await roundTrip(client);
    proxy.chain.clear();
    await roundTrip(client);
  });

  it('tell the name that a TLS client asks for, without decrypting', async () => {
    const { connect: connectTls } = await import('node:tls');
    const upstream = await startUpstream((socket) => socket.resume());
    const proxy = await startProxy(upstream.port);
    const { port } = proxy.route.listen;
    const client = connectTls({ port, host: '127.0.0.1', servername: 'shop.example' });
    client.on('error', () => {});
    afterTest(() => client.destroy());
    await until(() => proxy.chain.connections[0]?.serverName !== undefined);
    expect(proxy.chain.connections[0]!.serverName).toBe('shop.example');
  });
});
