import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { chooseDriver } from '../../../src/faults/choose.ts';
import { httpChaos } from '../../../src/faults/http-chaos/http-chaos.ts';
import { probeMachine } from '../../../src/faults/machine.ts';
import { type Dockerd, dockerdNeeds, startDockerd } from '../../support/dockerd.ts';
import { type Podman, podmanNeeds, startPodman } from '../../support/podman.ts';
import { describeWith, root } from '../../support/requires.ts';
import { cleanup } from '../leases/support.ts';
import { inject, requestOf, takeSteps, targetOf } from './support.ts';

const needs = [root, ...dockerdNeeds, 'nft', 'ss'];
const answers503 = { target: 'Response', port: 8080, replace: { code: 503, body: 'YnJva2Vu' } };

/** What nft lists in the network namespace of a process. */
async function tablesOf(pid: number): Promise<string> {
  const { stdout } = await execa('nsenter', ['--target', String(pid), '--net', 'nft', 'list', 'tables']);
  return stdout.match(/firedrill_\w+/g)?.join() ?? '';
}

describeWith(needs, 'HTTPChaos on a container of Docker', () => {
  let daemon: Dockerd;
  beforeAll(async () => {
    daemon = await startDockerd();
  });
  afterAll(async () => await daemon?.stop());

  let number = 0;
  let name: string;
  beforeEach(() => {
    name = `http-${++number}`;
  });
  afterEach(async () => void (await daemon.docker('rm', '-f', name)));

  async function web() {
    const published = 18_080 + number;
    await daemon.runWeb(name, ['-p', `${published}:8080`]);
    const target = await targetOf(name, daemon.socket);
    const address = await daemon.addressOf(name);
    const curl = async (...args: readonly string[]) => {
      const { stdout } = await daemon.outside(
        'curl',
        '-s',
        '--max-time',
        '2',
        '-w',
        ' %{http_code}',
        ...args,
      );
      return stdout;
    };
    const [first] = await target.processes();
    return {
      target,
      pid: first!.pid,
      own: () => curl(`http://${address}:8080/index.html`),
      port: () => curl(`http://127.0.0.1:${published}/index.html`),
      within: () =>
        daemon
          .docker('exec', name, 'wget', '-q', '-O', '-', 'http://127.0.0.1:8080/index.html')
          .catch((error: Error) => /50\d/.exec(error.message)?.[0] ?? error.message),
    };
  }

  it('changes what it answers at its own address, at its published port and inside, and gives it back', async () => {
    const { target, pid, own, port, within } = await web();
    expect([await own(), await port(), await within()]).toEqual(['hello 200', 'hello 200', 'hello']);
    const { fault, driver, steps } = await inject(httpChaos as never, target, answers503);
    expect(driver).toBe('nft-redirect');
    expect(await fault.missing()).toBeUndefined();
    expect([await own(), await port(), await within()]).toEqual(['broken 503', 'broken 503', '503']);
    expect(fault.hits()).toBe(3);
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({
      undone: true,
      evidence: expect.stringContaining('a connection to port 8080 reaches the target'),
    });
    expect([await own(), await port(), await within()]).toEqual(['hello 200', 'hello 200', 'hello']);
    expect(await tablesOf(pid)).toBe('');
    for (const step of steps)
      expect(existsSync(`/proc/${(step as { process: { pid: number } }).process.pid}`)).toBe(false);
  });

  it('is taken back by the steps of its lease alone', async () => {
    const { target, pid, own } = await web();
    const { fault, steps } = await inject(httpChaos as never, target, answers503);
    expect(await own()).toBe('broken 503');
    expect(steps.map(({ type }) => type)).toEqual(['end-tree', 'end-tree']);
    expect(await takeSteps(steps)).toMatchObject({ undone: true });
    expect(await own()).toBe('hello 200');
    expect(await tablesOf(pid)).toBe('');
    expect(await fault.missing()).toMatch(/is gone$/);
  });

  it('says so when the container is started again, and has another network', async () => {
    const { target, own } = await web();
    const { fault } = await inject(httpChaos as never, target, answers503);
    await daemon.docker('restart', '-t', '0', name);
    await expect.poll(() => fault.missing(), { timeout: 5000 }).toMatch(/in another network namespace/);
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
    await expect.poll(own, { timeout: 5000 }).toBe('hello 200');
  });

  it('leaves nothing when its runner is killed', async () => {
    const { pid, own } = await web();
    const program = new URL('./http-program.ts', import.meta.url).pathname;
    const runner = spawn(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), program, name, daemon.socket, JSON.stringify(answers503)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    cleanup(() => void runner.kill('SIGKILL'));
    const [line] = await createInterface({ input: runner.stdout! })
      [Symbol.asyncIterator]()
      .next()
      .then(({ value }) => [value]);
    const holders: number[] = JSON.parse(line);
    expect(holders).toHaveLength(2);
    expect(await own()).toBe('broken 503');
    runner.kill('SIGKILL');
    await expect.poll(own, { timeout: 5000 }).toBe('hello 200');
    await expect.poll(() => tablesOf(pid), { timeout: 5000 }).toBe('');
    await expect.poll(() => holders.filter(isAlive), { timeout: 5000 }).toEqual([]);
  });

  it('changes what it asks of another, and nobody else', async () => {
    const { target, pid, own } = await web();
    const upstream = `${name}-upstream`;
    await daemon.runWeb(upstream);
    cleanup(async () => void (await daemon.docker('rm', '-f', upstream)));
    const url = `http://${await daemon.addressOf(upstream)}:8080/index.html`;
    const call = () =>
      daemon
        .docker('exec', name, 'wget', '-q', '-O', '-', url)
        .catch((error: Error) => /50\d/.exec(error.message)?.[0] ?? error.message);
    expect(await call()).toBe('hello');
    const { fault, driver, steps } = await inject(httpChaos as never, target, {
      ...answers503,
      direction: 'to',
    });
    expect(driver).toBe('nft-outbound');
    expect(await fault.missing()).toBeUndefined();
    expect(await call()).toBe('503');
    expect(await own()).toBe('hello 200');
    expect(fault.hits()).toBe(1);
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
    expect(await call()).toBe('hello');
    expect(await tablesOf(pid)).toBe('');
    expect(await takeSteps(steps)).toMatchObject({ undone: true });
  });

  it('refuses a port that nobody in the container listens on, and whoever may not enter it', async () => {
    const { target } = await web();
    const elsewhere = await requestOf(httpChaos as never, target, { ...answers503, port: 81 });
    await expect(chooseDriver(httpChaos as never, elsewhere)).rejects.toThrow(
      /does not listen on TCP port 81/,
    );
    const request = await requestOf(httpChaos as never, target, answers503);
    const unprivileged = { ...request, machine: { ...(await probeMachine()), uid: 1000 } };
    await expect(chooseDriver(httpChaos as never, unprivileged)).rejects.toThrow(
      /no right to enter the network namespace of container http-6; run as root, with container.socket: /,
    );
  });
});

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describeWith([root, ...podmanNeeds, 'curl', 'nft', 'ss'], 'HTTPChaos on a container of Podman', () => {
  let podman: Podman;
  beforeAll(async () => {
    podman = await startPodman();
  });
  afterAll(async () => await podman?.stop());

  it('changes what it answers on its loopback, and gives it back', async () => {
    await podman.runWeb('web');
    await expect.poll(() => podman.ask('web'), { timeout: 5000 }).toBe('hello');
    const target = await targetOf('web', podman.socket);
    const { fault } = await inject(httpChaos as never, target, answers503);
    expect(await podman.ask('web')).toBe('broken');
    expect(fault.hits()).toBe(1);
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
    expect(await podman.ask('web')).toBe('hello');
  });
});
