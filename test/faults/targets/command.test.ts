import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { boundLog } from '../../../src/faults/targets/process/log.ts';
import { isAlive } from '../../../src/faults/targets/process/proc.ts';
import { freePort } from '../../support/processes.ts';
import { describeWith, root } from '../../support/requires.ts';
import { markedPids, sleep, start, temporaryFolder, until } from '../leases/support.ts';
import { startTarget } from './support.ts';

const serve = `require('http').createServer((q, r) => r.writeHead(q.url === '/bad' ? 500 : 200).end('ok')).listen(+process.argv[1], '127.0.0.1')`;

describe('a command target', () => {
  it('is in its lease before its program runs', async () => {
    const { target, steps, events, folder } = await startTarget(
      ['sh', '-c', 'env >env.txt; exec sleep 300'],
      {
        env: { GREETING: 'hello' },
      },
    );
    const [root] = await target.processes();
    expect(steps).toEqual([{ type: 'end-tree', process: root }]);
    expect(events).toEqual(['started', 'ready']);
    expect(readFileSync(join(folder, 'env.txt'), 'utf8')).toMatch(/^GREETING=hello$/m);
    expect(await target.describe()).toBe(`sleep 300 (pid ${root!.pid})`);
  });

  it('never runs its program when the lease cannot be written', async () => {
    const refused = new Error('disk full');
    const extendLease = async () => {
      throw refused;
    };
    const trace = join(temporaryFolder(), 'it-ran');
    await expect(startTarget(['touch', trace], {}, { extendLease })).rejects.toBe(refused);
    await sleep(100);
    expect(existsSync(trace)).toBe(false);
  });

  it('is ready when its address answers', async () => {
    const port = await freePort();
    const http = `http://127.0.0.1:${port}/`;
    const { events } = await startTarget([process.execPath, '-e', serve, String(port)], {
      ready: { http, withinMs: 10_000 },
    });
    expect(events).toEqual(['started', 'ready']);
    expect((await fetch(http)).status).toBe(200);
  });

  it('takes a tcp ready check', async () => {
    const port = await freePort();
    const { events } = await startTarget([process.execPath, '-e', serve, String(port)], {
      ready: { tcp: `127.0.0.1:${port}`, withinMs: 10_000 },
    });
    expect(events).toEqual(['started', 'ready']);
  });

  it('ends with everything that it started, also what left its session and lost its parent', async () => {
    const { target, mark, events } = await startTarget([
      'sh',
      '-c',
      'sleep 301 & (setsid sleep 302 &) ; trap "" TERM; sleep 303; sleep 304',
    ]);
    await until(() => markedPids(mark).length === 4, 2000);
    const outcome = await target.end(300);
    expect(outcome.left).toEqual([]);
    expect(outcome.ended).toBeGreaterThanOrEqual(4);
    expect(markedPids(mark)).toEqual([]);
    expect(events.at(-1)).toBe('exited SIGKILL as expected');
  });

  it('ends children that wiped their environment and lost their parent', async () => {
    const { target, folder } = await startTarget([
      'sh',
      '-c',
      'env -i sleep 305 & echo $! >child.pid; exec sleep 306',
    ]);
    const child = Number(readFileSync(join(folder, 'child.pid'), 'utf8'));
    const [root] = await target.processes();
    process.kill(root!.pid, 'SIGKILL');
    await until(() => !isAlive(root!), 1000);
    expect((await target.processes()).map((id) => id.pid)).toEqual([child]);
    await target.end();
    expect(await target.processes()).toEqual([]);
  });

  it('gives time to end well', async () => {
    const { target, events, logFile } = await startTarget([
      process.execPath,
      '-e',
      `process.on('SIGTERM', () => setTimeout(() => { console.log('saved'); process.exit(7) }, 200)); setInterval(() => {}, 1000)`,
    ]);
    await target.end(3000);
    expect(events.at(-1)).toBe('exited 7 as expected');
    expect(readFileSync(logFile, 'utf8')).toBe('saved\n');
  });

  it('is started again after its end, and the last process is followed', async () => {
    const { target, events, steps } = await startTarget(['sleep', '300'], { restart: true });
    const [first] = await target.processes();
    process.kill(first!.pid, 'SIGKILL');
    await until(() => events.includes('replaced'), 3000);
    const [second] = await target.processes();
    expect(second!.pid).not.toBe(first!.pid);
    expect(steps).toHaveLength(2);
    target.expectExit();
    process.kill(second!.pid, 'SIGKILL');
    await until(() => events.includes('replaced as expected'), 3000);
    expect(events).toEqual([
      'started',
      'ready',
      'exited SIGKILL',
      'started',
      'replaced',
      'exited SIGKILL as expected',
      'started',
      'replaced as expected',
    ]);
    await target.end(0);
    expect(await target.processes()).toEqual([]);
  });

  it('is not started again for ever', async () => {
    const { events } = await startTarget(
      ['sh', '-c', 'if [ -e second ]; then echo broken; exit 3; fi; touch second; sleep 0.5'],
      { restart: true, restartDelayMs: 10 },
    );
    await until(() => events.some((event) => event.startsWith('gave up')), 5000);
    expect(events.filter((event) => event === 'started')).toHaveLength(6);
    expect(events.at(-1)).toMatch(
      /^gave up: it ended 6 times within 5s of its start; its last lines:\n.*broken/s,
    );
  });

  it('ends between two lives', async () => {
    const { target, events } = await startTarget(['sleep', '0.4'], { restart: true, restartDelayMs: 10_000 });
    await until(() => events.includes('exited 0'), 3000);
    const startedAt = performance.now();
    await target.end();
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect(events.filter((event) => event === 'started')).toHaveLength(1);
  });
});

describe('a command target that does not start', () => {
  const refusal = (promise: Promise<unknown>) =>
    promise.then(
      () => 'it started',
      (error) => `${error.diagnostics?.[0].code}: ${error.message}`,
    );

  it('names a program that does not exist', async () => {
    expect(await refusal(startTarget(['no-such-program-1']))).toBe(
      'FD501: no-such-program-1 is in no folder of PATH',
    );
    expect(await refusal(startTarget(['./no-such']))).toMatch(
      /^FD501: .*\/no-such is not a program that we may execute$/,
    );
    expect(await refusal(startTarget(['sleep', '1'], { folder: '/no/such' }))).toBe(
      'FD501: the working folder /no/such does not exist',
    );
  });

  it('shows the last lines of one that ends at once', async () => {
    const told = await refusal(startTarget(['sh', '-c', 'echo "cannot open config" >&2; exit 3']));
    expect(told).toBe(
      'FD502: target app ended with exit code 3 before it was ready; its last lines:\n    cannot open config',
    );
  });

  it('tells why it was never ready, and leaves nothing', async () => {
    const port = await freePort();
    const mark = `never-ready-${port}`;
    const told = await refusal(
      startTarget(
        [process.execPath, '-e', serve, String(port)],
        { ready: { http: `http://127.0.0.1:${port}/bad`, withinMs: 1500 } },
        { mark },
      ),
    );
    expect(told).toBe(
      `FD503: target app was not ready within 1.5s: http://127.0.0.1:${port}/bad answers with 500; its log is empty`,
    );
    expect(markedPids(mark)).toEqual([]);
  });

  it('refuses when somebody else answers at its address', async () => {
    const port = await freePort();
    const other = start([process.execPath, '-e', serve, String(port)]);
    await until(
      () =>
        fetch(`http://127.0.0.1:${port}/`).then(
          () => true,
          () => false,
        ),
      5000,
    );
    const told = await refusal(
      startTarget(['sleep', '300'], { ready: { http: `http://localhost:${port}/`, withinMs: 1000 } }),
    );
    expect(told).toMatch(
      `FD507: target app: port ${port} of its ready check is held by process ${other.id.pid} (`,
    );
  });
});

describe('the log of a target', () => {
  it('is kept within bounds while the target goes on writing', async () => {
    const { logFile } = await startTarget(['sh', '-c', 'while :; do echo 0123456789; done']);
    await sleep(300);
    await boundLog(logFile, 50_000);
    expect(readFileSync(`${logFile}.1`).length).toBe(50_000);
    await sleep(50);
    expect(readFileSync(logFile, 'utf8').startsWith('0123456789\n')).toBe(true);
  });
});

describeWith(['nginx', root], 'nginx as a command target', () => {
  it('is ended whole, also after its master was killed', async () => {
    const port = await freePort();
    const folder = temporaryFolder();
    const config = join(folder, 'nginx.conf');
    writeFileSync(
      config,
      `daemon off; worker_processes 2; pid ${folder}/pid; error_log ${folder}/error.log;
       events {} http { access_log off; server { listen 127.0.0.1:${port}; } }`,
    );
    // nginx writes its title over its environment, so the mark is of no help here.
    const { target, mark } = await startTarget(['nginx', '-c', config], {
      ready: { tcp: `127.0.0.1:${port}`, withinMs: 5000 },
    });
    await until(async () => (await target.processes()).length === 3, 3000);
    const [master] = await target.processes();
    expect(markedPids(mark)).toEqual([]);
    process.kill(master!.pid, 'SIGKILL');
    await until(() => !isAlive(master!), 1000);
    expect(await target.processes()).toHaveLength(2);
    expect((await target.end(500)).left).toEqual([]);
    expect(await target.processes()).toEqual([]);
  });
});
