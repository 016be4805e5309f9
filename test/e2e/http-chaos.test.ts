// HTTPChaos as a user asks for it, on targets that Firedrill starts and on those that run already.

import { expect, test } from 'vitest';
import { firedrill } from '../support/firedrill.ts';
import { freePort } from '../support/processes.ts';
import { describeWith, root } from '../support/requires.ts';
import { LiveRun, placeFor, type Spec, serviceTarget, startService, writeDrill } from './drill.ts';
import { expectNoTraces } from './traces.ts';

/** What a client gets that has asked too often. */
const rateLimited = (port: number, changes: Spec = {}) => ({
  kind: 'HTTPChaos',
  spec: {
    target: 'Response',
    port,
    path: '/',
    replace: { code: 429, headers: { 'Retry-After': '7' } },
    duration: '2s',
    ...changes,
  },
});

const traffic = (port: number) => [{ http: { url: `http://127.0.0.1:${port}/` }, rate: '20/s' }];

describeWith([root, 'nft', 'ss'], 'drills with HTTPChaos', () => {
  test('a command is rate-limited and its hits are counted; what nobody asks for is unexercised', async ({
    onTestFinished,
  }) => {
    const place = placeFor(onTestFinished);
    const port = await freePort();
    const file = writeDrill(place, {
      targets: { app: serviceTarget(port) },
      traffic: traffic(port),
      faults: [
        { name: 'limited', ...rateLimited(port) },
        { name: 'unasked', ...rateLimited(port, { path: '/nobody' }) },
      ],
    });
    const run = new LiveRun(place, ['run', file, '--output', 'json']);
    await run.event('fault.injected', ({ fault }) => fault === 'limited');
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '7']);
    const { stdout, stderr } = await run.finished;
    const { faults } = JSON.parse(stdout);
    expect(faults, stderr).toMatchObject([
      { name: 'limited', verdict: 'effective' },
      { name: 'unasked', verdict: 'unexercised', hits: 0 },
    ]);
    expect(faults[0].hits).toBeGreaterThan(10);
    await expectNoTraces(place);
  });

  test('the runner is killed while a port is rate-limited: it answers again, and nothing is left', async ({
    onTestFinished,
  }) => {
    const place = placeFor(onTestFinished);
    const { port } = await startService(onTestFinished);
    const file = writeDrill(place, {
      targets: { app: { process: { port } } },
      faults: [rateLimited(port, { duration: '60s' })],
    });
    const run = new LiveRun(place, ['run', file]);
    await run.event('fault.injected');
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(429);
    run.kill('SIGKILL');
    await run.finished;
    await expectNoTraces(place);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  });

  test('says beforehand why it cannot act on what a proxy calls', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const file = writeDrill(place, {
      targets: { line: { proxy: { listen: '127.0.0.1:0', upstream: '127.0.0.1:9' } } },
      faults: [rateLimited(9, { direction: 'to' })],
    });
    const { exitCode, stderr } = await firedrill(place, ['run', file, '--dry-run']);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/FD600[\s\S]*a proxy makes no requests of its own; leave direction out/);
  });
});
