import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeWith, root } from '../../support/requires.ts';
import { bundled, watchdogEntry } from '../leases/support.ts';
import { groupOf, Network, source } from '../redirect/support.ts';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const [slowPort, cutPort] = [8001, 8002];

/** Echoes on two ports, and looks names up. */
const app = `
const server = (port) => new Promise((done) =>
  require('node:net').createServer((socket) => socket.pipe(socket).on('error', () => {})).listen(port, '127.0.0.1', done));
const dns = require('node:dns').promises;
require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
  const { name } = JSON.parse(line);
  const result = name ? await dns.resolve4(name).then(([found]) => found, (error) => error.code)
    : await Promise.all([server(${slowPort}), server(${cutPort})]).then(() => 'ready');
  console.log(JSON.stringify({ result }));
});`;

/** Milliseconds of a round trip on a new connection, or a word. */
const client = `
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { port, patienceMs } = JSON.parse(line);
  const begin = performance.now();
  const socket = require('node:net').connect({ port, host: '127.0.0.1' }, () => socket.write('x'));
  const say = (result) => { clearTimeout(timer); socket.destroy(); console.log(JSON.stringify({ result })); };
  const timer = setTimeout(() => say('timeout'), patienceMs);
  socket.once('data', () => say(performance.now() - begin));
  socket.once('error', (error) => say(error.code));
});`;

async function start() {
  const network = await Network.start();
  await network.talker(...source(file('../redirect/name-server.ts'))).ask({});
  const target = network.talker(process.execPath, '-e', app);
  await target.ask({});
  const someone = network.talker(process.execPath, '-e', client);
  const options = {
    state: `${network.folder}/state`,
    pid: target.pid,
    watchdogCommand: await bundled(watchdogEntry),
  };
  const runner = network.talker(...source(file('./overlap-program.ts')), JSON.stringify(options));
  const seen = [
    async () => (await someone.ask({ port: slowPort, patienceMs: 8000 })) >= 390,
    async () => (await someone.ask({ port: cutPort, patienceMs: isCut.current ? 300 : 8000 })) === 'timeout',
    async () => (await target.ask({ name: 'shop.test' })) === 'ESERVFAIL',
  ];
  const isCut = { current: false };
  /** Which of the three faults act, by real requests. */
  const acting = async (expected: readonly boolean[]) => {
    isCut.current = expected[1]!;
    expect([await seen[0]!(), await seen[1]!(), await seen[2]!()]).toEqual(expected);
  };
  const specs = [
    ['NetworkChaos', { action: 'delay', delay: { latency: '400ms' }, ports: [slowPort] }],
    ['NetworkChaos', { action: 'partition', ports: [cutPort], direction: 'both' }],
    ['DNSChaos', { action: 'error' }],
  ] as const;
  const injectAll = async () => {
    for (const [kind, spec] of specs) await runner.ask({ do: 'inject', kind, spec });
    await acting([true, true, true]);
  };
  return { network, target, runner, injectAll, acting };
}

describeWith([root, 'nft', 'unshare', 'nsenter', 'ip', 'python3'], 'three faults on one target', () => {
  it('end in any order, and none takes anything from another', async () => {
    const { network, target, runner, injectAll, acting } = await start();
    const origin = groupOf(target.pid);
    let injected = 0;
    // Each of them is once the first, once the second and once the last to end.
    for (const order of [
      [0, 1, 2],
      [1, 2, 0],
      [2, 0, 1],
    ]) {
      await injectAll();
      const on = [true, true, true];
      for (const fault of order) {
        expect(await runner.ask({ do: 'undo', fault: injected + fault })).toMatchObject({ undone: true });
        on[fault] = false;
        await acting(on);
      }
      injected += 3;
      expect([groupOf(target.pid), network.nft('list', 'tables')]).toEqual([origin, '']);
    }
  }, 120_000);

  it('go on when the lease of one is carried out by another process', async () => {
    const { network, target, runner, injectAll, acting } = await start();
    const origin = groupOf(target.pid);
    let injected = 0;
    for (const ended of [0, 2]) {
      await injectAll();
      expect(await runner.ask({ do: 'steps', fault: injected + ended })).toMatchObject({
        undone: true,
        evidence: expect.stringMatching(/control group \S+ is left to fault \d, which needs it too/),
      });
      const others = [0, 1, 2].filter((fault) => fault !== ended);
      for (const fault of others)
        expect(await runner.ask({ do: 'missing', fault: injected + fault })).toBeNull();
      await acting([0, 1, 2].map((fault) => fault !== ended));
      for (const fault of [...others, ended])
        expect(await runner.ask({ do: 'undo', fault: injected + fault })).toMatchObject({ undone: true });
      injected += 3;
      expect([groupOf(target.pid), network.nft('list', 'tables')]).toEqual([origin, '']);
    }
    await acting([false, false, false]);
  }, 60_000);
});
