// What Node.js programs see through the preload is held against what they see in a mount namespace, where the C
// library itself asks our server.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeWith, root } from '../../support/requires.ts';
import type { StandInOptions } from './stand-in.ts';
import { anything, declare, onCleanup, StandIn, startScriptedServer } from './support.ts';

/** Two addresses of each family, one of IPv4 only, names that do not exist, and one that fails. */
async function upstream() {
  return startScriptedServer(({ questions }) => {
    const { name, type } = questions![0]!;
    if (name === 'broken.test') return { flags: 2 };
    if (name === 'nothing.test') return {};
    if (!['both.test', 'four.test'].includes(name)) return { flags: 3 };
    const fours = ['10.0.0.1', '10.0.0.2'].map((data) => ({ type: 'A' as const, name, ttl: 1, data }));
    const sixes = ['2001:db8::1'].map((data) => ({ type: 'AAAA' as const, name, ttl: 1, data }));
    if (type === 'A') return { answers: fours };
    return { answers: type === 'AAAA' && name === 'both.test' ? sixes : [] };
  });
}

async function start(driver: StandInOptions['driver'], env: Record<string, string> = {}): Promise<StandIn> {
  const standIn = new StandIn('root', {
    driver,
    spec: { action: 'error', patterns: ['refused.test'] },
    declared: declare({ env, hosts: { 'own.test': '127.0.0.9' } }),
    upstreams: [await upstream()],
    machine: anything,
  });
  await standIn.ask('prepare');
  return standIn;
}

/** A script that prints the JSON of what an expression gives or throws, all properties of the error included. */
function show(expression: string): string[] {
  const script = `
    const dns = require('node:dns');
    const { promisify } = require('node:util');
    const viaCallback = (...args) => new Promise((resolve) => dns.lookup(...args, (error, ...found) => resolve(error ?? found)));
    const print = (value) => console.log(JSON.stringify(
      value instanceof Error ? { message: value.message, name: value.name, ...value } : value ?? null));
    Promise.resolve().then(async () => ${expression}).then(print, print);`;
  return [process.execPath, '-e', script];
}

const calls = [
  `dns.promises.lookup('own.test')`,
  `dns.promises.lookup('own.test', { all: true })`,
  `viaCallback('own.test')`,
  `viaCallback('own.test', 4)`,
  `viaCallback('own.test', { all: true })`,
  `viaCallback('own.test', { family: 'IPv4' })`,
  `viaCallback('both.test', { all: true, order: 'ipv4first' })`,
  `dns.promises.lookup('both.test', { all: true, verbatim: false })`,
  `dns.promises.lookup('both.test', { family: 6 })`,
  `dns.promises.lookup('four.test', { family: 6 })`,
  `dns.promises.lookup('four.test', { family: 6, hints: dns.V4MAPPED })`,
  `dns.promises.lookup('four.test', { family: 6, hints: dns.V4MAPPED | dns.ALL, all: true })`,
  `dns.promises.lookup('OWN.test.')`,
  `promisify(dns.lookup)('own.test')`,
  `dns.promises.lookup('missing.test')`,
  `dns.promises.lookup('broken.test')`,
  `dns.promises.lookup('nothing.test')`,
  `dns.promises.lookup('nothing.test', 4)`,
  `dns.promises.lookup('refused.test')`,
  `viaCallback('refused.test', { all: true })`,
  `viaCallback('missing.test', 6)`,
  `dns.promises.resolve4('refused.test')`,
  `dns.promises.resolve4('missing.test')`,
  `dns.promises.resolve4('both.test')`,
  `new dns.promises.Resolver().resolve4('own.test')`,
  `new Promise((resolve) => new dns.Resolver().resolve4('refused.test', (error, found) => resolve(error ?? found)))`,
  `viaCallback('localhost', 4)`,
  `viaCallback('127.0.0.1')`,
  `viaCallback('127.1')`,
  `viaCallback('::1')`,
  `viaCallback('')`,
  `viaCallback(null)`,
  `viaCallback('own.test', { family: 5 })`,
  `viaCallback('own.test', { hints: 1e9 })`,
  `viaCallback('own.test', { all: 'yes' })`,
  `dns.promises.lookup(17)`,
  `dns.promises.lookup('own.test', { family: 7 })`,
  `[dns.lookup.name, dns.lookup.length, dns.promises.lookup.name, dns.Resolver.name]`,
];

describeWith([root, 'unshare'], 'a preloaded program sees what the C library would say', () => {
  it('in every way of asking', async () => {
    const [real, preloaded] = await Promise.all([start('mount-namespace'), start('node-preload')]);
    await Promise.all([real.ask('inject'), preloaded.ask('inject')]);
    for (const call of calls) {
      const [expected, seen] = await Promise.all([real.run(...show(call)), preloaded.run(...show(call))]);
      expect(seen, call).toBe(expected);
      expect(seen, call).not.toBe('');
    }
  }, 60_000);
});

describe('the preload', () => {
  it('reaches modules, threads, and Node.js children', async () => {
    const standIn = await start('node-preload');
    const folder = mkdtempSync(join(tmpdir(), 'firedrill-preload-'));
    onCleanup(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'app.mjs');
    writeFileSync(
      file,
      `import { lookup } from 'node:dns';
       import { lookup as lookupLater, Resolver } from 'node:dns/promises';
       import { execFileSync } from 'node:child_process';
       import { Worker, isMainThread, parentPort } from 'node:worker_threads';
       const found = {
         callback: await new Promise((resolve) => lookup('own.test', (error, address) => resolve(address))),
         promise: (await lookupLater('own.test')).address,
         resolver: (await new Resolver().resolve4('own.test'))[0],
       };
       if (!isMainThread) parentPort.postMessage(found);
       else {
         const worker = new Worker(new URL(import.meta.url));
         found.worker = await new Promise((resolve) => worker.once('message', resolve));
         found.child = execFileSync(process.execPath, ['-p', 'require("dns").lookup("own.test", (e, a) => console.log(a)); ""'], { encoding: 'utf8' }).trim();
         console.log(JSON.stringify(found));
       }`,
    );
    const three = { callback: '127.0.0.9', promise: '127.0.0.9', resolver: '127.0.0.9' };
    expect(JSON.parse(await standIn.run(process.execPath, file))).toEqual({
      ...three,
      worker: three,
      child: '127.0.0.9',
    });
  });

  it('reaches connections by name', async () => {
    const standIn = await start('node-preload');
    await standIn.ask('inject');
    const outcome = await standIn.run(
      process.execPath,
      '-e',
      `fetch('http://refused.test/').catch((error) => console.log(error.cause.code));
       require('net').connect(80, 'refused.test').on('error', (error) => console.log(error.code))`,
    );
    expect(outcome).toBe('EAI_AGAIN\nEAI_AGAIN');
  });

  it('keeps NODE_OPTIONS that were there', async () => {
    const standIn = await start('node-preload', { NODE_OPTIONS: '--max-old-space-size=123' });
    const seen = await standIn.run(process.execPath, '-p', 'process.env.NODE_OPTIONS');
    expect(seen).toMatch(/^--max-old-space-size=123 --require ".*preload\.cjs"$/);
  });

  it('throws what a callback throws as an uncaught exception, as without it', async () => {
    const standIn = await start('node-preload');
    const seen = await standIn.run(
      process.execPath,
      '-e',
      `process.on('uncaughtException', (error) => console.log('uncaught', error.message));
       process.on('unhandledRejection', () => console.log('rejection'));
       require('dns').lookup('own.test', () => { throw new Error('mine') })`,
    );
    expect(seen).toBe('uncaught mine');
  });

  it('leaves name servers that the program chose itself', async () => {
    const standIn = await start('node-preload');
    const script = `const resolver = new (require('dns').Resolver)();
      resolver.setServers(['127.0.0.1:1']);
      console.log(resolver.getServers());`;
    expect(await standIn.run(process.execPath, '-e', script)).toBe("[ '127.0.0.1:1' ]");
  });
});
