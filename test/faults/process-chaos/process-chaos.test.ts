import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { FaultRequest } from '../../../src/faults/fault.ts';
import { systemBoot } from '../../../src/faults/leases/boot.ts';
import type { UndoStep } from '../../../src/faults/leases/lease.ts';
import { parseLease } from '../../../src/faults/leases/lease-file.ts';
import { undoLease } from '../../../src/faults/leases/undo.ts';
import { processChaos } from '../../../src/faults/process-chaos/process-chaos.ts';
import { type ProcessChaosSpec, processChaosSchema } from '../../../src/faults/process-chaos/spec.ts';
import { pidTarget } from '../../../src/faults/targets/process/pid.ts';
import { freePort } from '../../support/processes.ts';
import { describeWith } from '../../support/requires.ts';
import {
  cleanup,
  exampleLease,
  lineOf,
  ownOwner,
  start,
  startSleeper,
  temporaryFolder,
  until,
} from '../leases/support.ts';
import { identity, noGuard } from '../targets/support.ts';

const driverOf = (name: string) => processChaos.drivers.find((one) => one.name === name)!;

function request(pid: number, spec: unknown): FaultRequest<ProcessChaosSpec> {
  return {
    name: 'process-chaos',
    kind: 'ProcessChaos',
    durationMs: 20_000,
    target: pidTarget(identity, pid, noGuard),
    declared: { type: 'pid', pid },
    machine: { uid: process.getuid!(), canMount: false, canUserNamespace: false, stressNg: undefined },
    clock: systemClock,
    random: seededRandom(1),
    scratchFolder: temporaryFolder(),
    spec: processChaosSchema.parse(spec),
  };
}

async function inject(pid: number, spec: { action: string } & Record<string, unknown>) {
  const driver = driverOf(spec.action === 'connectionsHeld' ? 'held-connections' : 'changed-file');
  const asked = request(pid, spec);
  expect(await driver.probe(asked)).toEqual({ usable: true });
  const steps: UndoStep[] = [...(await driver.undoSteps(asked))];
  const fault = await driver.inject(asked, undefined, async (added) => void steps.push(...added));
  cleanup(() => fault.undo());
  expect(await fault.missing()).toBeUndefined();
  // What another process reads is what was written.
  const lease = parseLease(JSON.stringify(exampleLease({ owner: ownOwner(), undo: steps })));
  const undoByLease = () => {
    // The watchdog may have removed it before, with another lease of the run.
    rmSync(asked.scratchFolder, { recursive: true, force: true });
    return undoLease(lease, { clock: systemClock, graceMs: 0, boot: systemBoot });
  };
  return { fault, steps, undoByLease };
}

/** A file whose contents, mode and times are all its own. */
function example() {
  const folder = temporaryFolder();
  const path = join(folder, 'app.conf');
  writeFileSync(path, 'answer = 42\n');
  chmodSync(path, 0o640);
  utimesSync(path, 1_600_000_000.25, 1_500_000_000.75);
  const look = () => {
    const { mode, uid, gid, mtimeMs } = statSync(path);
    return { text: readFileSync(path, 'utf8'), mode, uid, gid, mtimeMs };
  };
  return { folder, path, look };
}

describe('ProcessChaos on a file', () => {
  for (const [spec, seen] of [
    [{ action: 'fileDeleted' }, (path: string) => existsSync(path)],
    [{ action: 'permissionRemoved' }, (path: string) => (statSync(path).mode & 0o777) !== 0],
    [
      { action: 'fileChanged', content: 'answer = 41\n' },
      (path: string) => readFileSync(path, 'utf8').includes('42'),
    ],
  ] as const) {
    it(`${spec.action}: happens, and bytes, mode, owner and times are put back, by the undo and by the lease`, async () => {
      const target = startSleeper().id.pid;
      const { folder, path, look } = example();
      const before = look();
      const { fault } = await inject(target, { ...spec, path });
      expect(seen(path)).toBe(false);
      await fault.undo();
      expect(await fault.verifyUndone()).toEqual({ undone: true, evidence: `${path} is as it was` });
      expect(look()).toEqual(before);
      const { undoByLease } = await inject(target, { ...spec, path });
      expect(seen(path)).toBe(false);
      expect(await undoByLease()).toMatchObject({ undone: true });
      expect(await undoByLease()).toMatchObject({ undone: true });
      expect(look()).toEqual(before);
      expect(readdirSync(folder)).toEqual(['app.conf']);
    });
  }

  it('leaves alone what somebody else has put there meanwhile, and says where the former contents are', async () => {
    const { path } = example();
    const { fault } = await inject(startSleeper().id.pid, { action: 'fileChanged', content: 'a', path });
    writeFileSync(path, 'a new release\n');
    expect(await fault.missing()).toBe(`${path} was changed by somebody else`);
    await fault.undo();
    const outcome = await fault.verifyUndone();
    expect(outcome).toMatchObject({
      undone: false,
      left: [expect.stringMatching(/is left as it is; what it was is in/)],
    });
    expect(readFileSync(path, 'utf8')).toBe('a new release\n');
  });

  it('tells the target to read it again, and once more when it is back', async () => {
    const { path } = example();
    const script = `trap "cat ${path}" HUP; echo up; while :; do sleep 0.05; done`;
    const shell = start(['sh', '-c', script]);
    await lineOf(shell, 'up');
    const { undoByLease } = await inject(shell.id.pid, {
      action: 'fileChanged',
      content: 'wrong\n',
      path,
      reload: 'SIGHUP',
    });
    await lineOf(shell, 'wrong');
    expect(await undoByLease()).toMatchObject({ undone: true });
    await lineOf(shell, 'answer = 42');
  });

  it('refuses what is no plain file with one name, before anything is touched', async () => {
    const { folder, path } = example();
    linkSync(path, join(folder, 'second'));
    const target = startSleeper().id.pid;
    const refusal = async (spec: object) => {
      const answer = await driverOf('changed-file').probe(request(target, spec));
      return answer.usable ? 'usable' : answer.reason;
    };
    expect(await refusal({ action: 'fileDeleted', path })).toBe(`${path} has 2 names (hard links)`);
    expect(await refusal({ action: 'fileDeleted', path: folder })).toBe(`${folder} is no plain file`);
    expect(await refusal({ action: 'fileDeleted', path: '/no/such' })).toBe('/no/such does not exist');
    expect(processChaosSchema.safeParse({ action: 'permissionRemoved', path, mode: '999' }).success).toBe(
      false,
    );
    expect(processChaosSchema.safeParse({ action: 'fileDeleted', path: 'relative' }).success).toBe(false);
  });
});

const server = `
const fs = require('node:fs'), [folder, port] = process.argv.slice(1);
const load = () => ({ cert: fs.readFileSync(folder + '/cert.pem'), key: fs.readFileSync(folder + '/key.pem') });
const server = require('node:tls').createServer(load(), (socket) => socket.end('hello')).listen(Number(port), '127.0.0.1', () => console.log('up'));
process.on('SIGHUP', () => { server.setSecureContext(load()); console.log('reloaded'); });`;

describeWith(['openssl'], 'ProcessChaos on a certificate', () => {
  it('has expired for its clients, with the same subject and key, and is the old one after the undo', async () => {
    const folder = temporaryFolder();
    const [path, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'],
        ...[
          '-subj',
          '/CN=shop.test',
          '-addext',
          'subjectAltName=DNS:shop.test',
          '-keyout',
          key,
          '-out',
          path,
        ],
      ],
      { stdio: 'ignore' },
    );
    const port = await freePort();
    const program = start([process.execPath, '-e', server, folder, String(port)]);
    await lineOf(program, 'up');
    const ask = () =>
      new Promise<string>((resolve) => {
        const options = { host: '127.0.0.1', port, servername: 'shop.test', ca: readFileSync(path) };
        const socket = connect(options, () => resolve('trusted'));
        socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
        socket.on('data', () => socket.destroy());
      });
    expect(await ask()).toBe('trusted');
    const before = readFileSync(path, 'utf8');
    const { fault } = await inject(program.id.pid, {
      action: 'certificateExpired',
      path,
      key,
      reload: 'SIGHUP',
    });
    await lineOf(program, 'reloaded');
    expect(await ask()).toBe('CERT_HAS_EXPIRED');
    const text = execFileSync('openssl', [
      'x509',
      '-in',
      path,
      '-noout',
      '-subject',
      '-ext',
      'subjectAltName',
    ]).toString();
    expect(text).toContain('CN = shop.test');
    expect(text).toContain('DNS:shop.test');
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
    expect(readFileSync(path, 'utf8')).toBe(before);
    await until(async () => (await ask()) === 'trusted', 5000, 'trust');
    const answer = await driverOf('changed-file').probe(
      request(program.id.pid, { action: 'certificateExpired', path: key, key }),
    );
    expect(answer).toMatchObject({ usable: false, reason: expect.stringMatching(/^no expired copy of/) });
  });
});

describe('ProcessChaos on connections', () => {
  it('holds as many as were asked for, so that the next client is refused, and closes them', async () => {
    const port = await freePort();
    const program = start([
      process.execPath,
      '-e',
      `const server = require('node:http').createServer((_, response) => response.end('ok'));
       server.maxConnections = 20; server.listen(${port}, '127.0.0.1', () => console.log('up'));`,
    ]);
    await lineOf(program, 'up');
    const ask = () =>
      fetch(`http://127.0.0.1:${port}/`, {
        headers: { connection: 'close' },
        signal: AbortSignal.timeout(2000),
      }).then(
        (response) => response.status,
        () => 'failed',
      );
    expect(await ask()).toBe(200);
    const { fault, steps } = await inject(program.id.pid, {
      action: 'connectionsHeld',
      port,
      connections: 20,
    });
    expect(steps).toEqual([{ type: 'ends-with-owner', what: 'the held connections' }]);
    expect(await ask()).toBe('failed');
    expect(fault.hits()).toBeGreaterThanOrEqual(20);
    await fault.undo();
    expect(await fault.verifyUndone()).toEqual({ undone: true, evidence: 'every held connection is closed' });
    await until(async () => (await ask()) === 200, 5000, 'an answer');
    const answer = await driverOf('held-connections').probe(
      request(program.id.pid, { action: 'connectionsHeld', port: await freePort(), connections: 1 }),
    );
    expect(answer).toMatchObject({ reason: expect.stringMatching(/^nobody listens on port/) });
  });
});
