import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { networkChaos } from '../../../src/faults/network-chaos/network-chaos.ts';
import { formatRate, parseRate } from '../../../src/faults/network-chaos/rate.ts';
import { type NetworkChaosSpec, networkChaosSchema } from '../../../src/faults/network-chaos/spec.ts';
import { connectTo, roundTrip, sleep, startProxy, startUpstream } from '../proxy/support.ts';

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

describe('the fields', () => {
  it.each([
    [
      { action: 'delay', delay: { latency: '90ms', jitter: '10ms', correlation: '0' } },
      { action: 'delay', direction: 'to', latencyMs: 90, jitterMs: 10 },
    ],
    [
      { action: 'bandwidth', direction: 'both', bandwidth: { rate: '1mbps', limit: 20_000, buffer: 10_000 } },
      { action: 'bandwidth', direction: 'both', bytesPerSecond: 1_000_000 },
    ],
    [
      { action: 'partition', direction: 'from' },
      { action: 'partition', direction: 'from' },
    ],
  ])('%j', (spec, expected) => {
    expect(networkChaosSchema.parse(spec)).toEqual(expected);
  });

  it.each([
    [{ action: 'loss', loss: { loss: '25' } }, /^loss: a TCP proxy passes bytes on, not packets.*netem/],
    [{ action: 'delay', delay: { latency: '90ms', correlation: '25' } }, /^delay\.correlation: .*netem/],
    [{ action: 'delay', delay: { latency: '90' } }, /^delay\.latency: .*not a duration/],
    [{ action: 'delay', delay: { latency: '90ms', reorder: { gap: 1 } } }, /^delay\.reorder: .*netem/],
    [{ action: 'delay' }, /^delay: action delay needs it/],
    [{ action: 'bandwidth', bandwidth: { rate: '1mb' } }, /^bandwidth\.rate: .*not a rate/],
    [{ action: 'bandwidth', bandwidth: { rate: '1mbps', peakrate: 5 } }, /^bandwidth\.peakrate: .*tbf/],
    [{ action: 'partition', externalTargets: ['8.8.8.8'] }, /^externalTargets: .*one upstream/],
    [{ action: 'partition', delay: { latency: '1s' } }, /^delay: action partition does not use it/],
    [{ action: 'partition', direction: 'up' }, /^direction: /],
  ])('%j is refused', (spec, message) => {
    expect(mistakes(spec)).toContainEqual(expect.stringMatching(message));
  });

  it('report every mistake at once', () => {
    expect(
      mistakes({ action: 'delay', delay: { latency: 'x', jitter: 'y' }, device: 'eth0', loss: {} }),
    ).toHaveLength(4);
  });

  const examples =
    process.env.FIREDRILL_CONFORMANCE && join(process.env.FIREDRILL_CONFORMANCE, 'chaos-mesh/examples');
  it.skipIf(!examples)('of the examples of Chaos Mesh are read, or refused for a reason', () => {
    const files = readdirSync(examples!).filter((file) => file.startsWith('network-'));
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) {
      const {
        mode: _mode,
        selector: _selector,
        duration: _duration,
        ...spec
      } = parse(readFileSync(join(examples!, file), 'utf8')).spec;
      for (const mistake of mistakes(spec)) expect(mistake).toMatch(/netem|tbf|proxy/);
    }
  });
});

async function requestOn(spec: NetworkChaosSpec) {
  const upstream = await startUpstream((socket) => socket.pipe(socket));
  const target = await startProxy(upstream.port);
  const request = {
    name: 'network-chaos',
    kind: 'NetworkChaos',
    spec,
    durationMs: 5000,
    target,
    declared: { type: 'proxy', listen: target.address, upstream: `127.0.0.1:${upstream.port}` },
    machine: { uid: 0, canMount: false, canUserNamespace: false, stressNg: undefined },
    clock: systemClock,
    random: seededRandom(1),
    scratchFolder: '/nonexistent',
  } as const;
  return { request, target, driver: networkChaos.drivers[0]! };
}

const noExtension = async () => {};

describe('on a proxy', () => {
  it('delays, counts, and is undone', async () => {
    const spec = { action: 'delay', direction: 'both', latencyMs: 60, jitterMs: 0 } as const;
    const { request, target, driver } = await requestOn(spec);
    expect(await driver.probe(request)).toEqual({ usable: true });
    expect(driver.plan(request)).toMatchObject({
      what: 'delays requests and answers by 60ms for 5s',
      hits: 'bytes delayed',
    });
    expect(await driver.undoSteps(request)).toEqual([
      { type: 'ends-with-owner', what: `proxy at ${target.address}` },
    ]);
    const socket = await connectTo(target);
    const active = await driver.inject(request, undefined, noExtension);
    expect(await active.missing()).toBeUndefined();
    expect(active.hits()).toBe(0);
    expect(await roundTrip(socket)).toBeGreaterThan(115);
    expect(active.hits()).toBe(10);
    await Promise.all([active.undo(), active.undo()]);
    expect(await active.verifyUndone()).toMatchObject({ undone: true });
    expect(await roundTrip(socket)).toBeLessThan(30);
    expect(active.hits()).toBe(10);
  });

  it('holds connections, and says so', async () => {
    const { request, target, driver } = await requestOn({ action: 'partition', direction: 'both' });
    const active = await driver.inject(request, undefined, noExtension);
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
    const { request, target, driver } = await requestOn({ action: 'partition', direction: 'both' });
    const active = await driver.inject(request, undefined, noExtension);
    await target.stop();
    expect(await active.missing()).toContain('does not disturb');
    await active.undo();
    expect(await active.verifyUndone()).toMatchObject({ undone: true });
  });
});
