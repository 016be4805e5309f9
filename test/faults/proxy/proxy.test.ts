import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/base/diagnostics.ts';
import type { Disturbance } from '../../../src/faults/targets/target.ts';
import { connectTo, readAll, roundTrip, sleep, startProxy, startUpstream } from './support.ts';

const echo = () => startUpstream((socket) => socket.pipe(socket));
const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('without a disturbance', () => {
  it('passes bytes and ends both ways, half-open connections included', async () => {
    const upstream = await startUpstream(async (socket) => {
      const request = await readAll(socket);
      socket.end(`${request.length} bytes, said after your end`);
    });
    const socket = await connectTo(await startProxy(upstream.port));
    socket.end(Buffer.alloc(1_000_000));
    expect((await readAll(socket)).toString()).toBe('1000000 bytes, said after your end');
  });

  it('passes everything on without waiting', async () => {
    const { port } = await echo();
    const socket = await connectTo(await startProxy(port));
    const trips = [];
    for (let i = 0; i < 50; i++) trips.push(await roundTrip(socket));
    expect(trips.sort((a, b) => a - b)[25]).toBeLessThan(1000);
  });

  it('makes a fast sender wait for a slow reader', async () => {
    const upstream = await startUpstream((socket) => void socket.pause());
    const socket = await connectTo(await startProxy(upstream.port));
    const chunk = Buffer.alloc(1 << 20);
    let sent = 0;
    while (sent < 256 && socket.write(chunk)) sent++;
    for (let i = 0; i < 100; i++) socket.write(chunk);
    await sleep(500);
    // What the kernel holds for both connections is a few megabytes; the rest must still be the sender's.
    expect(socket.writableLength).toBeGreaterThan(50 * chunk.length);
  });

  it('resets the client when nobody listens upstream', async () => {
    const upstream = await echo();
    upstream.server.close();
    const socket = await connectTo(await startProxy(upstream.port));
    const [error] = await once(socket, 'error');
    expect(error.code).toBe('ECONNRESET');
  });

  it('passes a reset on', async () => {
    const upstream = await echo();
    const socket = await connectTo(await startProxy(upstream.port));
    await roundTrip(socket);
    const [server] = upstream.sockets;
    const failed = once(server!, 'error');
    socket.resetAndDestroy();
    expect((await failed)[0].code).toBe('ECONNRESET');
  });

  it('leaves no socket behind', async () => {
    const { port, sockets } = await echo();
    const proxy = await startProxy(port);
    const before = readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 100; i++) {
      const socket = await connectTo(proxy);
      await roundTrip(socket);
      if (i % 3 === 0) socket.resetAndDestroy();
      else socket.end();
      await once(socket.resume(), 'close');
    }
    await expect.poll(() => sockets.size).toBe(0);
    await expect.poll(() => readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
    expect(await proxy.describe()).toContain('0 connections');
  });

  it('says who holds its port', async () => {
    const { port } = await echo();
    const proxy = await startProxy(port);
    const { TcpProxy } = await import('../../../src/faults/targets/proxy/proxy.ts');
    const { systemClock } = await import('../../../src/base/clock.ts');
    const declared = { type: 'proxy', listen: proxy.address, upstream: '127.0.0.1:1' } as const;
    const second = new TcpProxy(proxy, declared, systemClock, Math.random);
    const failure = await second.start().catch((error) => error);
    expect(failure).toBeInstanceOf(UserError);
    expect(failure.diagnostics[0].code).toBe('FD507');
  });
});

/** Of five round trips, because a busy machine holds some of them back. */
async function fastest(socket: Socket): Promise<number> {
  const trips = [];
  for (let i = 0; i < 5; i++) trips.push(await roundTrip(socket));
  return Math.min(...trips);
}

describe('delay', () => {
  it.each([
    ['to', 100, 1],
    ['from', 100, 1],
    ['both', 100, 2],
  ] as const)('%s: %d ms, %d times a round trip', async (direction, latencyMs, times) => {
    const { port } = await echo();
    const proxy = await startProxy(port);
    const socket = await connectTo(proxy);
    const active = await proxy.disturb({ type: 'delay', direction, latencyMs, jitterMs: 0 });
    for (let i = 0; i < 3; i++) {
      const measured = await roundTrip(socket);
      expect(measured).toBeGreaterThan(latencyMs * times - 2);
      expect(measured).toBeLessThan(latencyMs * times + 2000);
    }
    expect(active.hits()).toBe(3 * 5 * times);
    await active.remove();
    expect(await fastest(socket)).toBeLessThan(latencyMs);
    expect(active.hits()).toBe(3 * 5 * times);
  });

  it('acts on connections that are opened later', async () => {
    const { port } = await echo();
    const proxy = await startProxy(port);
    await proxy.disturb({ type: 'delay', direction: 'to', latencyMs: 80, jitterMs: 0 });
    expect(await roundTrip(await connectTo(proxy))).toBeGreaterThan(77);
  });

  it('draws the jitter evenly, the same for the same seed', async () => {
    const { port } = await echo();
    const trips = async (seed: number) => {
      const proxy = await startProxy(port, seed);
      const socket = await connectTo(proxy);
      await proxy.disturb({ type: 'delay', direction: 'to', latencyMs: 40, jitterMs: 30 });
      const list = [];
      for (let i = 0; i < 12; i++) list.push(await roundTrip(socket));
      return list;
    };
    const [first, again] = await Promise.all([trips(3), trips(3)]);
    expect(Math.min(...first)).toBeLessThan(30);
    expect(Math.max(...first)).toBeGreaterThan(50);
    // Not each, because a busy machine holds some of them back.
    const alike = first.filter((trip, i) => Math.abs(trip - again[i]!) < 12);
    expect(alike.length).toBeGreaterThanOrEqual(6);
  });

  it('does not throttle', async () => {
    const bytes = randomBytes(8 << 20);
    const { port } = await startUpstream((socket) => void socket.end(bytes));
    const proxy = await startProxy(port);
    await proxy.disturb({ type: 'delay', direction: 'from', latencyMs: 300, jitterMs: 0 });
    const begin = performance.now();
    const received = await readAll(await connectTo(proxy));
    // Piece after piece it would take half a minute.
    expect(performance.now() - begin).toBeLessThan(5000);
    expect(hash(received)).toBe(hash(bytes));
  });

  it('delays the end and the breaking of a connection as well', async () => {
    const upstream = await startUpstream((socket) => socket.end());
    const proxy = await startProxy(upstream.port);
    await proxy.disturb({ type: 'delay', direction: 'from', latencyMs: 100, jitterMs: 0 });
    const begin = performance.now();
    await readAll(await connectTo(proxy));
    expect(performance.now() - begin).toBeGreaterThan(97);
  });
});

describe('bandwidth', () => {
  it.each([20_000, 1_000_000, 20_000_000])('lets at most %d bytes a second pass', async (bytesPerSecond) => {
    const bytes = randomBytes(Math.floor(bytesPerSecond * 1.5));
    const { port } = await startUpstream((socket) => void socket.end(bytes));
    const proxy = await startProxy(port);
    await proxy.disturb({ type: 'bandwidth', direction: 'from', bytesPerSecond });
    const begin = performance.now();
    const received = await readAll(await connectTo(proxy));
    const measured = bytes.length / ((performance.now() - begin) / 1000);
    // How near it comes is measured by npm run bench:faults: a busy machine makes it slower.
    expect(measured / bytesPerSecond).toBeLessThan(1.1);
    expect(measured / bytesPerSecond).toBeGreaterThan(0.1);
    expect(hash(received)).toBe(hash(bytes));
  });

  it('is shared by the connections, in turn', async () => {
    const bytes = Buffer.alloc(100_000);
    const { port } = await startUpstream((socket) => void socket.end(bytes));
    const proxy = await startProxy(port);
    await proxy.disturb({ type: 'bandwidth', direction: 'from', bytesPerSecond: 400_000 });
    const begin = performance.now();
    const ends = await Promise.all(
      Array.from({ length: 4 }, async () => {
        await readAll(await connectTo(proxy));
        return performance.now() - begin;
      }),
    );
    expect(Math.max(...ends)).toBeGreaterThan(900);
    expect(Math.max(...ends)).toBeLessThan(5000);
    expect(Math.min(...ends)).toBeGreaterThan(700);
  });

  it('comes smoothly', async () => {
    const { port } = await startUpstream((socket) => void socket.end(Buffer.alloc(100_000)));
    const proxy = await startProxy(port);
    await proxy.disturb({ type: 'bandwidth', direction: 'from', bytesPerSecond: 100_000 });
    const socket = await connectTo(proxy);
    const arrivals: number[] = [];
    socket.on('data', () => arrivals.push(performance.now()));
    await once(socket, 'end');
    const gaps = arrivals.slice(1).map((at, i) => at - arrivals[i]!);
    // Ten milliseconds a slice; the rest is for a busy machine. All at once would be a gap of a second.
    expect(gaps.sort((a, b) => a - b)[Math.floor(gaps.length * 0.5)]).toBeLessThan(500);
    expect(arrivals.length).toBeGreaterThan(10);
  });
});

describe('loss', () => {
  it('makes what is lost come late, and nothing else', async () => {
    const { port } = await echo();
    const proxy = await startProxy(port);
    const socket = await connectTo(proxy);
    const active = await proxy.disturb({ type: 'loss', direction: 'to', share: 0.5 });
    const trips = [];
    for (let i = 0; i < 8; i++) trips.push(await roundTrip(socket));
    const late = trips.filter((trip) => trip > 195);
    const hits = active.hits() / 5;
    expect(hits).toBeGreaterThan(0);
    expect(hits).toBeLessThan(8);
    // A busy machine may hold back others, too.
    expect(late.length).toBeGreaterThanOrEqual(hits);
  });

  it('of everything lets nothing pass before its end', async () => {
    const { port } = await echo();
    const proxy = await startProxy(port);
    const socket = await connectTo(proxy);
    const active = await proxy.disturb({ type: 'loss', direction: 'from', share: 1 });
    const answer = roundTrip(socket);
    await sleep(300);
    await active.remove();
    expect(await answer).toBeGreaterThan(295);
  });
});

describe('partition', () => {
  it.each(['to', 'from', 'both'] as const)(
    '%s: stalls what is open and goes on after it',
    async (direction) => {
      const { port } = await echo();
      const proxy = await startProxy(port);
      const socket = await connectTo(proxy);
      await roundTrip(socket);
      const active = await proxy.disturb({ type: 'partition', direction });
      expect(active.hits()).toBe(0);
      let answered = false;
      const answer = roundTrip(socket).then(() => {
        answered = true;
      });
      await sleep(200);
      expect(answered).toBe(false);
      expect(active.hits()).toBe(1);
      await active.remove();
      await answer;
      expect(await fastest(socket)).toBeLessThan(1000);
    },
  );

  it('lets the other way pass', async () => {
    const upstream = await startUpstream((socket) => {
      const timer = setInterval(() => socket.write('tick'), 10);
      socket.on('close', () => clearInterval(timer));
    });
    const proxy = await startProxy(upstream.port);
    const socket = await connectTo(proxy);
    await once(socket, 'data');
    await proxy.disturb({ type: 'partition', direction: 'to' });
    await once(socket, 'data');
    await proxy.disturb({ type: 'partition', direction: 'from' });
    await sleep(50);
    socket.read();
    const silence = await Promise.race([
      once(socket, 'data').then(() => 'data'),
      sleep(200).then(() => 'silence'),
    ]);
    expect(silence).toBe('silence');
  });

  it('keeps new connections from the upstream until it is over', async () => {
    const upstream = await echo();
    const proxy = await startProxy(upstream.port);
    const active = await proxy.disturb({ type: 'partition', direction: 'both' });
    const socket = await connectTo(proxy);
    const answer = roundTrip(socket);
    await sleep(100);
    expect(upstream.sockets.size).toBe(0);
    expect(active.hits()).toBe(1);
    await active.remove();
    expect(await answer).toBeGreaterThan(100);
  });

  it('forgets new connections whose client gave up', async () => {
    const received: string[] = [];
    const upstream = await startUpstream((socket) =>
      socket.on('data', (bytes) => received.push(String(bytes))),
    );
    const proxy = await startProxy(upstream.port);
    const active = await proxy.disturb({ type: 'partition', direction: 'both' });
    const gaveUp = await connectTo(proxy);
    gaveUp.end('late order');
    const reset = await connectTo(proxy);
    reset.write('another');
    await sleep(50);
    reset.resetAndDestroy();
    await sleep(100);
    await active.remove();
    const socket = await connectTo(proxy);
    socket.write('new order');
    await expect.poll(() => received).toEqual(['new order']);
    expect(await proxy.describe()).toContain('1 connections');
  });

  it('does not keep the proxy from stopping', async () => {
    const { port } = await echo();
    const proxy = await startProxy(port);
    const open = await connectTo(proxy);
    await roundTrip(open);
    await proxy.disturb({ type: 'partition', direction: 'both' });
    const held = await connectTo(proxy);
    open.write('stuck');
    await sleep(20);
    const over = [open, held].map((socket) =>
      Promise.race(
        ['end', 'close'].map((event) => new Promise((resolve) => socket.resume().once(event, resolve))),
      ),
    );
    await proxy.stop();
    await Promise.all(over);
  });
});

describe('bytes stay whole', () => {
  const kinds: Disturbance[] = [
    { type: 'delay', direction: 'both', latencyMs: 50, jitterMs: 40 },
    { type: 'bandwidth', direction: 'both', bytesPerSecond: 2_000_000 },
    { type: 'loss', direction: 'both', share: 0.01 },
    { type: 'partition', direction: 'both' },
  ];

  it.each(kinds)('through $type and its removal', async (what) => {
    const { port } = await echo();
    const proxy = await startProxy(port);
    const socket = await connectTo(proxy);
    const bytes = randomBytes(6 << 20);
    const received = readAll(socket);
    socket.end(bytes);
    for (let i = 0; i < 5; i++) {
      const active = await proxy.disturb(what);
      await sleep(60);
      await active.remove();
    }
    expect(hash(await received)).toBe(hash(bytes));
  });

  it('of 100 connections under all of them at once, taken away in any order', async () => {
    const { port, sockets } = await echo();
    const proxy = await startProxy(port);
    const talks = Array.from({ length: 100 }, async () => {
      const socket = await connectTo(proxy);
      const bytes = randomBytes(200_000);
      const received = readAll(socket);
      socket.end(bytes);
      return hash(await received) === hash(bytes);
    });
    const active = [];
    for (const what of [...kinds, ...kinds]) {
      active.push(await proxy.disturb(what));
      await sleep(30);
    }
    for (const index of [4, 0, 7, 3, 5, 1, 6, 2]) {
      await active[index]!.remove();
      await sleep(30);
    }
    expect(await Promise.all(talks)).toEqual(Array(100).fill(true));
    await expect.poll(() => sockets.size).toBe(0);
  });

  it('is undone at once even when a peer does not read', async () => {
    const bytes = randomBytes(32 << 20);
    const { port } = await startUpstream((socket) => void socket.end(bytes));
    const proxy = await startProxy(port);
    const active = await proxy.disturb({ type: 'delay', direction: 'from', latencyMs: 500, jitterMs: 0 });
    const socket = await connectTo(proxy);
    socket.pause();
    await sleep(300);
    const begin = performance.now();
    await active.remove();
    expect(performance.now() - begin).toBeLessThan(2000);
    const received = readAll(socket);
    socket.resume();
    expect(hash(await received)).toBe(hash(bytes));
  });
});
