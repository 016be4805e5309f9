import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { chooseDriver } from '../../../src/faults/choose.ts';
import { proxy } from '../../../src/faults/network-chaos/drivers/proxy.ts';
import { networkChaos } from '../../../src/faults/network-chaos/network-chaos.ts';
import { formatRate, parseRate } from '../../../src/faults/network-chaos/rate.ts';
import { networkChaosSchema } from '../../../src/faults/network-chaos/spec.ts';
import { parseHostPort } from '../../../src/faults/targets/host-port.ts';
import { connectTo, roundTrip, sleep, startProxy, startUpstream } from '../proxy/support.ts';
import { requestFor } from './requests.ts';

describe('rates', () => {
  it.each([
    ['1mbps', 1_000_000],
    ['8mbit', 1_000_000],
    ['100kbps', 100_000],
    ['1kibps', 1024],
    ['8Mibit', 1_048_576],
    ['0.5gbit', 62_500_000],
    ['1tbps', 1e12],
    ['800', 100],
    ['10bps', 10],
  ])('%s is %d bytes a second', (text, bytesPerSecond) => {
    expect(parseRate(text)).toBe(bytesPerSecond);
  });

  it.each(['', '0mbps', '-1mbps', 'fast', '1mb', '1k', '1 m b', '1mbps/s'])('%j is none', (text) => {
    expect(parseRate(text)).toBeUndefined();
  });

  it('are written for people', () => {
    expect([1.5e9, 125_000, 999].map(formatRate)).toEqual(['1.5 GB/s', '125 kB/s', '999 B/s']);
  });
});

/** The messages of all mistakes, with their paths. */
function mistakes(spec: unknown): string[] {
  const result = networkChaosSchema.safeParse(spec);
  return result.success
    ? []
    : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

/** What a file gets when it names none of these. */
const everyPacket = {
  direction: 'to',
  target: undefined,
  externalTargets: [],
  ports: [],
  device: undefined,
} as const;

const delayOf = (latencyMs: number, jitterMs = 0) => ({
  latencyMs,
  jitterMs,
  correlation: 0,
  reorder: undefined,
});

describe('the fields', () => {
  it.each([
    [
      { action: 'delay', delay: { latency: '90ms', jitter: '10ms', correlation: '0' } },
      { ...everyPacket, action: 'delay', impairment: { delay: delayOf(90, 10) } },
    ],
    [
      { action: 'delay', delay: { latency: '1.5s', reorder: { reorder: '25', correlation: '50', gap: 5 } } },
      {
        ...everyPacket,
        action: 'delay',
        impairment: { delay: { ...delayOf(1500), reorder: { percent: 25, correlation: 50, gap: 5 } } },
      },
    ],
    [
      { action: 'bandwidth', direction: 'both', bandwidth: { rate: '1mbps', limit: 20_000, buffer: 10_000 } },
      {
        ...everyPacket,
        direction: 'both',
        action: 'bandwidth',
        bandwidth: { bytesPerSecond: 1_000_000, limitBytes: 20_000, burstBytes: 10_000, peak: undefined },
      },
    ],
    [
      { action: 'netem', loss: { loss: '25', correlation: '30' }, rate: { rate: '8mbit' }, ports: [80] },
      {
        ...everyPacket,
        action: 'netem',
        ports: [80],
        impairment: { loss: { percent: 25, correlation: 30 }, bytesPerSecond: 1_000_000 },
      },
    ],
    [
      { action: 'partition', externalTargets: ['10.0.0.0/8:22', 'example.com', '[::1]:80', 'fd00::/8'] },
      {
        ...everyPacket,
        action: 'partition',
        externalTargets: [
          { host: '10.0.0.0/8', isName: false, port: 22 },
          { host: 'example.com', isName: true, port: undefined },
          { host: '::1', isName: false, port: 80 },
          { host: 'fd00::/8', isName: false, port: undefined },
        ],
      },
    ],
    [
      { action: 'reject', reject: { with: 'no-route' }, device: 'eth0' },
      { ...everyPacket, action: 'reject', answer: 'no-route', device: 'eth0' },
    ],
  ])('%j', (spec, expected) => {
    expect(networkChaosSchema.parse(spec)).toEqual(expected);
  });

  it.each([
    [{ action: 'delay', delay: { latency: '90' } }, /^delay\.latency: .*no duration/],
    [{ action: 'delay', delay: { latency: '90ms', correlation: '101' } }, /^delay\.correlation: .*0 to 100/],
    [{ action: 'loss', loss: { loss: '110' } }, /^loss\.loss: .*0 to 100/],
    [{ action: 'loss', delay: { latency: '1s' } }, /^delay: action loss does not use it/],
    [{ action: 'delay' }, /^delay: action delay needs it/],
    [{ action: 'netem' }, /^: action netem needs one of delay, loss/],
    [{ action: 'bandwidth', bandwidth: { rate: '1mb' } }, /^bandwidth\.rate: .*not a rate/],
    [{ action: 'partition', externalTargets: ['8.8.8'] }, /^externalTargets\.0: .*neither an address nor/],
    [{ action: 'partition', externalTargets: ['8.8.8.8:0'] }, /^externalTargets\.0: /],
    [{ action: 'partition', externalTargets: ['10.0.0.0/33'] }, /^externalTargets\.0: /],
    [{ action: 'partition', targetDevice: 'eth0' }, /^targetDevice: .*`device`/],
    [{ action: 'partition', device: 'a"; flush ruleset' }, /^device: /],
    [{ action: 'partition', delay: { latency: '1s' } }, /^delay: action partition does not use it/],
    [{ action: 'partition', direction: 'up' }, /^direction: /],
    [{ action: 'partition', target: { selector: {}, mode: 'fixed' } }, /^target: mode fixed needs a value/],
    [{ action: 'reject', reject: { with: 'flowers' } }, /^reject\.with: /],
  ])('%j is refused', (spec, message) => {
    expect(mistakes(spec)).toContainEqual(expect.stringMatching(message));
  });

  it('report every mistake at once', () => {
    expect(
      mistakes({ action: 'delay', delay: { latency: 'x', jitter: 'y' }, targetDevice: 'eth0', ports: [0] }),
    ).toHaveLength(4);
  });

  const examples =
    process.env.FIREDRILL_CONFORMANCE && join(process.env.FIREDRILL_CONFORMANCE, 'chaos-mesh/examples');
  it.skipIf(!examples)('of all examples of Chaos Mesh are read', () => {
    const files = readdirSync(examples!).filter((file) => file.startsWith('network-'));
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) {
      const {
        mode: _mode,
        selector: _selector,
        duration: _duration,
        ...spec
      } = parse(readFileSync(join(examples!, file), 'utf8')).spec;
      expect(mistakes(spec), file).toEqual([]);
    }
  });
});

async function requestOn(fields: Record<string, unknown>) {
  const upstream = await startUpstream((socket) => socket.pipe(socket));
  const target = await startProxy(upstream.port);
  return { ...requestFor(target, fields), target };
}

describe('on a proxy', () => {
  it('delays, counts, and is undone', async () => {
    const { request, target, extend } = await requestOn({
      action: 'delay',
      direction: 'both',
      delay: { latency: '60ms' },
    });
    expect(await proxy.probe(request)).toEqual({ usable: true });
    expect(proxy.plan(request)).toMatchObject({
      what: 'delays requests and answers by 60ms for 5s',
      hits: 'bytes delayed',
    });
    expect(await proxy.undoSteps(request)).toEqual([
      { type: 'ends-with-owner', what: `proxy at ${target.address}` },
    ]);
    const socket = await connectTo(target);
    const active = await proxy.inject(request, undefined, extend);
    expect(await active.missing()).toBeUndefined();
    expect(active.hits()).toBe(0);
    expect(await roundTrip(socket)).toBeGreaterThan(115);
    expect(active.hits()).toBe(10);
    await Promise.all([active.undo(), active.undo()]);
    expect(await active.verifyUndone()).toMatchObject({ undone: true });
    expect(await roundTrip(socket)).toBeLessThan(30);
    expect(active.hits()).toBe(10);
  });

  it.each([
    [{ action: 'duplicate', duplicate: { duplicate: '25' } }, /no duplicate/],
    [{ action: 'corrupt', corrupt: { corrupt: '25' } }, /no corrupt/],
    [{ action: 'loss', loss: { loss: '25', correlation: '5' } }, /no correlation/],
    [{ action: 'delay', delay: { latency: '9ms', jitter: '5ms', correlation: '25' } }, /no correlation/],
    [{ action: 'delay', delay: { latency: '9ms', reorder: { reorder: '5', gap: 1 } } }, /no reorder/],
    [{ action: 'reject', reject: { with: 'no-route' } }, /no no-route/],
    [{ action: 'partition', externalTargets: ['8.8.8.8'] }, /one upstream/],
    [{ action: 'bandwidth', bandwidth: { rate: '1kbps', peakrate: 5000 } }, /no peakrate/],
  ])('refuses %j, which a stream of bytes does not know', async (fields, reason) => {
    const { request } = await requestOn(fields);
    expect(await proxy.probe(request)).toMatchObject({
      usable: false,
      reason: expect.stringMatching(reason),
    });
    await expect(chooseDriver(networkChaos, request)).rejects.toThrow(/name the process behind the proxy/);
  });

  it.each(['reset', 'reject'])('breaks open connections and new ones with %s', async (action) => {
    const { request, target, extend } = await requestOn({ action });
    const open = await connectTo(target);
    await roundTrip(open);
    const broken = once(open, 'error');
    const active = await proxy.inject(request, undefined, extend);
    expect((await broken)[0].code).toBe('ECONNRESET');
    const { host, port } = parseHostPort(target.address);
    const [error] = await once(connect({ host, port }), 'error');
    expect(error.code).toBe('ECONNRESET');
    expect(active.hits()).toBe(2);
    await active.undo();
    expect(await active.verifyUndone()).toMatchObject({ undone: true });
    await roundTrip(await connectTo(target));
    expect(active.hits()).toBe(2);
  });

  it('joins delay, loss and a rate, and counts each byte once', async () => {
    const { request, target, extend } = await requestOn({
      action: 'netem',
      delay: { latency: '40ms' },
      loss: { loss: '50' },
      rate: { rate: '1mbps' },
    });
    expect(proxy.plan(request)).toMatchObject({
      what: expect.stringMatching(/^delays requests by 40ms, lets 50 percent .* late.*, limits .* 1 MB\/s/),
      hits: 'bytes affected',
    });
    const socket = await connectTo(target);
    const active = await proxy.inject(request, undefined, extend);
    expect(await roundTrip(socket)).toBeGreaterThan(39);
    expect(active.hits()).toBe(5);
    await active.undo();
    expect(await roundTrip(socket)).toBeLessThan(200);
  });

  it('holds connections, and says so', async () => {
    const { request, target, extend } = await requestOn({ action: 'partition', direction: 'both' });
    const active = await proxy.inject(request, undefined, extend);
    expect(await active.missing()).toBeUndefined();
    expect(active.hits()).toBe(0);
    const socket = await connectTo(target);
    const answer = roundTrip(socket);
    await sleep(50);
    expect(active.hits()).toBe(1);
    await active.undo();
    await answer;
    expect(await active.verifyUndone()).toMatchObject({ undone: true });
  });

  it('is missing when the proxy is gone', async () => {
    const { request, target, extend } = await requestOn({ action: 'partition', direction: 'both' });
    const active = await proxy.inject(request, undefined, extend);
    await target.stop();
    expect(await active.missing()).toContain('does not disturb');
    await active.undo();
    expect(await active.verifyUndone()).toMatchObject({ undone: true });
  });
});
