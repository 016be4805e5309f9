import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { FaultRequest, PreparedFault } from '../../../src/faults/fault.ts';
import { systemBoot } from '../../../src/faults/leases/boot.ts';
import type { UndoStep } from '../../../src/faults/leases/lease.ts';
import { undoLease } from '../../../src/faults/leases/undo.ts';
import { sourcesAt } from '../../../src/faults/targets/process/mounts.ts';
import { commandLine, identify, isAlive } from '../../../src/faults/targets/process/proc.ts';
import type { TargetHandle } from '../../../src/faults/targets/target.ts';
import { describeWith, root } from '../../support/requires.ts';
import {
  bundled,
  cleanup,
  exampleLease,
  lineOf,
  ownOwner,
  start,
  temporaryFolder,
  until,
} from '../leases/support.ts';
import { identity, startTarget } from '../targets/support.ts';
import { driver, request } from './support.ts';

const fuse = driver('fuse');

const awaited: TargetHandle = {
  ...identity,
  type: 'process',
  started: true,
  describe: async () => 'awaited',
  processes: async () => [],
};

/** Does what its input asks for, a line each, and says what became of it and after how many milliseconds. */
const obedient = `
const fs = require('node:fs');
process.chdir(process.argv[1]);
const kept = fs.openSync('kept', 'a+');
let given = '';
const tick = () => {
  const seen = fs.readFileSync('/proc/self/fd/3', 'utf8');
  for (const line of seen.slice(given.length).split('\\n').slice(0, -1)) {
    given += line + '\\n';
    const begun = performance.now();
    let became;
    try { became = JSON.stringify(eval(line) ?? null); } catch (error) { became = error.code ?? String(error); }
    console.log('did ' + Math.round(performance.now() - begun) + ' ' + became);
  }
};
setInterval(tick, 5); console.log('up');`;

/** A target as a run starts it, whose folder lies under the driver's file system. */
async function startUnder(spec: { path?: string } & Record<string, unknown>) {
  const folder = temporaryFolder();
  const data = join(folder, 'data');
  mkdirSync(join(data, 'sub'), { recursive: true });
  writeFileSync(join(data, 'read'), 'abcdefgh');
  writeFileSync(join(data, 'other'), 'ijklmnop');
  const orders = join(folder, 'orders');
  writeFileSync(orders, '');
  const command = ['sh', '-c', `exec ${process.execPath} -e "$1" "$2" 3< ${orders}`, 'sh', obedient, data];
  const declared = { type: 'command', command } as unknown as FaultRequest['declared'];
  const path = spec.path === undefined ? {} : { path: `${data}/${spec.path}` };
  const asked = await request(awaited, { volumePath: data, ...spec, ...path }, { declared });
  expect(await fuse.probe(asked)).toEqual({ usable: true });
  const prepared = await fuse.prepare!(asked);
  cleanup(() => prepared.close());
  const { target, logFile } = await startTarget(command, {}, { launches: [prepared.launch] });
  const log = () => readFileSync(logFile, 'utf8');
  await until(() => log().includes('up'), 10_000, 'the target');
  const running = { ...asked, target };
  const steps: UndoStep[] = [...(await fuse.undoSteps(running))];
  const inject = async () => {
    const fault = await fuse.inject(running, prepared, async (added) => void steps.push(...added));
    cleanup(() => fault.undo());
    expect(await fault.missing()).toBeUndefined();
    return fault;
  };
  let count = 0;
  /** What became of each line of code in the target, and how long it took. */
  const ask = async (...lines: string[]) => {
    writeFileSync(orders, lines.map((line) => `${line}\n`).join(''), { flag: 'a' });
    const done = () => log().match(/^did .*$/gm) ?? [];
    count += lines.length;
    await until(() => done().length >= count, 20_000, 'answers');
    return done()
      .slice(count - lines.length)
      .map((line) => {
        const [, ms, ...rest] = line.split(' ');
        return { ms: Number(ms), became: rest.join(' ') };
      });
  };
  const became = async (...lines: string[]) => (await ask(...lines)).map((each) => each.became);
  return { target, data, inject, ask, became, steps, scratch: asked.scratchFolder };
}

const readAll = `fs.readFileSync('read', 'latin1')`;
const append = `void fs.writeSync(kept, 'x')`;
const undoContext = { clock: systemClock, graceMs: 0, boot: systemBoot };

describeWith([root, 'python3', 'unshare'], 'IOChaos under a target that Firedrill starts', () => {
  it('passes everything through before and after the fault, to the folder itself', async () => {
    const { data, inject, became } = await startUnder({ action: 'fault', errno: 'EIO' });
    const everything = [
      `fs.writeFileSync('new', 'one'); fs.appendFileSync('new', 'two'); fs.readFileSync('new', 'utf8')`,
      `fs.renameSync('new', 'sub/moved'); fs.linkSync('sub/moved', 'linked'); fs.statSync('linked').nlink`,
      `fs.symlinkSync('read', 'soft'); fs.readlinkSync('soft')`,
      `fs.truncateSync('linked', 2); fs.chmodSync('linked', 0o600); fs.utimesSync('linked', 5, 1.5); const at = fs.statSync('linked'); [at.size, at.mode & 0o777, at.mtimeMs]`,
      `fs.mkdirSync('deep'); fs.rmdirSync('deep'); fs.unlinkSync('linked'); fs.readdirSync('.').sort().join()`,
      `const gone = fs.openSync('gone', 'w+'); fs.unlinkSync('gone'); fs.writeSync(gone, 'still'); fs.fsyncSync(gone); [fs.fstatSync(gone).size, fs.readFileSync('sub/moved', 'utf8')]`,
      `require('node:child_process').execFileSync('sh', ['-c', 'cp /bin/true ./run && ./run && rm run soft && rm -r sub && mkdir sub && echo ran']).toString()`,
    ];
    const expected = [
      '"onetwo"',
      '2',
      '"read"',
      '[2,384,1500]',
      '"kept,other,read,soft,sub"',
      '[5,"on"]',
      '"ran\\n"',
    ];
    expect(await became(...everything)).toEqual(expected);
    const fault = await inject();
    expect(await became(readAll, append, `fs.readdirSync('.')`)).toEqual(['EIO', 'EIO', 'EIO']);
    expect(readFileSync(join(data, 'read'), 'utf8')).toBe('abcdefgh');
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({
      undone: true,
      evidence: expect.stringMatching(/passes through to process \d+: 4 entries$/),
    });
    expect(fault.hits()).toBeGreaterThanOrEqual(3);
    expect(await became(...everything)).toEqual(expected);
    expect(await became(append)).toEqual(['null']);
    expect(readFileSync(join(data, 'kept'), 'utf8')).toBe('x');
  });

  it('hits any share of the calls, and counts exactly those', async () => {
    const { inject, became } = await startUnder({
      action: 'fault',
      errno: 'ENOSPC',
      methods: ['read'],
      percent: 70,
    });
    const fault = await inject();
    const reads = await became(...Array.from({ length: 300 }, () => readAll), append);
    const failed = reads.filter((each) => each === 'ENOSPC').length;
    expect(failed).toBeGreaterThan(180);
    expect(failed).toBeLessThan(240);
    expect(reads.at(-1)).toBe('null');
    await fault.undo();
    expect(fault.hits()).toBe(failed);
  });

  it('chooses files by their path at the moment, also for calls that make them', async () => {
    const { inject, became } = await startUnder({
      ...{ action: 'fault', errno: 5, path: '**/*.log', methods: ['open', 'create'] },
    });
    await inject();
    expect(
      await became(
        `void fs.writeFileSync('sub/a.txt', '1')`,
        `void fs.writeFileSync('sub/a.log', '1')`,
        `void fs.renameSync('sub/a.txt', 'sub/a.log')`,
        `fs.readFileSync('sub/a.log', 'utf8')`,
        `fs.readdirSync('sub').join()`,
      ),
    ).toEqual(['null', 'EIO', 'null', 'EIO', '"a.log"']);
  });

  it('delays, lets go of what waits when the fault ends, and keeps no process from dying', async () => {
    const { inject, ask, target } = await startUnder({
      action: 'latency',
      delay: '300ms',
      methods: ['write'],
    });
    const fault = await inject();
    const [write, read] = await ask(append, readAll);
    expect(write!.ms).toBeGreaterThanOrEqual(300);
    expect(read!.ms).toBeLessThan(300);
    await fault.undo();
    const long = await startUnder({ action: 'latency', delay: '1h', methods: ['write'] });
    const stuck = await long.inject();
    const waiting = long.ask(append);
    await until(() => stuck.hits()! > 0, 5000, 'a call that waits');
    await stuck.undo();
    expect((await waiting)[0]!.became).toBe('null');
    const again = await long.inject();
    void long.ask(append).catch(() => {});
    await until(() => again.hits()! > 0, 5000, 'a call that waits');
    await long.target.end(0);
    expect(await long.target.processes()).toEqual([]);
    await target.end(0);
  });

  it('gives back wrong bytes, as many segments of as many bytes as were asked for at most', async () => {
    const mistake = { filling: 'zero', maxOccurrences: 2, maxLength: 3 };
    const { data, inject, became } = await startUnder({ action: 'mistake', mistake, path: 'read' });
    const fault = await inject();
    const wrong = (await became(...Array.from({ length: 30 }, () => readAll))).map(
      (text) => [...(JSON.parse(text) as string)].filter((letter) => letter === '\0').length,
    );
    expect(Math.min(...wrong)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...wrong)).toBeGreaterThan(3);
    expect(Math.max(...wrong)).toBeLessThanOrEqual(6);
    expect(await became(`fs.readFileSync('other', 'latin1')`)).toEqual(['"ijklmnop"']);
    await fault.undo();
    expect(fault.hits()).toBe(30);
    expect(await became(readAll)).toEqual(['"abcdefgh"']);
    expect(readFileSync(join(data, 'read'), 'latin1')).toBe('abcdefgh');
  });

  it('tells every attribute wrongly, and rightly again afterwards', async () => {
    const attr = {
      ...{ ino: 7, size: 99, blocks: 4, perm: 0o110, nlink: 5, uid: 12, gid: 13 },
      ...{ mtime: { sec: 1, nsec: 5_000_000 }, atime: { sec: 2, nsec: 0 }, ctime: { sec: 3, nsec: 0 } },
    };
    const { inject, became } = await startUnder({ action: 'attrOverride', attr, path: 'read' });
    const look = `const of = (at) => [at.ino, at.size, at.blocks, at.mode & 0o777, at.nlink, at.uid, at.gid, at.mtimeMs, at.atimeMs, at.ctimeMs]; of(fs.statSync('read'))`;
    const before = await became(look);
    const fault = await inject();
    expect(await became(look)).toEqual(['[7,99,4,72,5,12,13,1005,2000,3000]']);
    await fault.undo();
    expect(fault.hits()).toBeGreaterThan(0);
    expect(await became(look)).toEqual(before);
    const kinds = await startUnder({ action: 'attrOverride', attr: { kind: 'socket' }, path: 'read' });
    const kind = `fs.statSync('read').isSocket()`;
    expect(await kinds.became(kind)).toEqual(['false']);
    const other = await kinds.inject();
    expect(await kinds.became(kind)).toEqual(['true']);
    await other.undo();
    expect(await kinds.became(kind, readAll)).toEqual(['false', '"abcdefgh"']);
  });

  it('has a full disk and a read-only one, and counts what it refuses', async () => {
    const full = await startUnder({ action: 'diskFull' });
    expect(full.steps.map(({ type }) => type)).toEqual(['ends-with-owner', 'unmount']);
    const whole = await full.inject();
    expect(
      await full.became(
        append,
        `void fs.mkdirSync('more')`,
        `fs.statfsSync('.').bavail`,
        `const inside = fs.openSync('read', 'r+'); fs.writeSync(inside, 'A', 0)`,
        `fs.rmSync('other')`,
      ),
    ).toEqual(['ENOSPC', 'ENOSPC', '0', '1', 'null']);
    await whole.undo();
    expect(whole.hits()).toBe(2);
    expect(await full.became(append)).toEqual(['null']);
    const locked = await startUnder({ action: 'readOnly' });
    const fault = await locked.inject();
    expect(await locked.became(append, `fs.openSync('read', 'r+')`, `fs.rmSync('read')`, readAll)).toEqual([
      ...['EROFS', 'EROFS', 'EROFS'],
      '"abcdefgh"',
    ]);
    await fault.undo();
    expect(fault.hits()).toBe(3);
    expect(await locked.became(append)).toEqual(['null']);
  });

  it('hangs nobody when it dies, says so, and the folder comes to light again by the lease', async () => {
    const { data, scratch, inject, became, steps, target } = await startUnder({
      action: 'latency',
      delay: '1h',
    });
    const fault = await inject();
    const [first] = await target.processes();
    const waiting = became(readAll);
    await until(() => fault.hits()! > 0, 5000, 'a call that waits');
    process.kill(serverOf(scratch), 'SIGKILL');
    expect(await waiting).toEqual([expect.stringMatching(/^(ECONNABORTED|ENOTCONN)$/)]);
    await until(async () => (await fault.missing()) === 'the file system has ended', 5000, 'its end');
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({
      undone: false,
      left: [expect.stringMatching(/umount/)],
    });
    const undo = steps.filter(({ type }) => type !== 'ends-with-owner');
    const lease = exampleLease({ owner: ownOwner(), undo });
    expect(await undoLease(lease, undoContext)).toMatchObject({ undone: true });
    expect(await undoLease(lease, undoContext)).toMatchObject({ undone: true });
    expect(await became(`fs.readFileSync('${data}/read', 'utf8')`)).toEqual(['"abcdefgh"']);
    expect(readFileSync(`/proc/${first!.pid}/mountinfo`, 'utf8')).not.toContain('firedrill');
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
  });

  it('is the only one over a folder; of two, each lease would take away its own', async () => {
    const folder = temporaryFolder();
    const command = ['sleep', '600'];
    const declared = { type: 'command', command } as unknown as FaultRequest['declared'];
    const spec = { action: 'fault', errno: 'EIO', volumePath: folder };
    const asked = [
      await request(awaited, spec, { declared }),
      await request(awaited, { ...spec, action: 'diskFull' }, { declared }),
    ];
    const [lower, upper] = await Promise.all(asked.map((each) => fuse.takes!(each)));
    expect(upper).toEqual(lower);
    const prepared: PreparedFault[] = [];
    for (const each of asked) prepared.push(await fuse.prepare!(each));
    cleanup(async () => void (await Promise.all(prepared.map((each) => each.close()))));
    const launches = prepared.map(({ launch }) => launch);
    const { target } = await startTarget(command, {}, { launches });
    const [{ pid }] = (await target.processes()) as unknown as [{ pid: number }];
    await until(() => sourcesAt(pid, folder).length === 2, 10_000, 'both mounts');
    const [below] = sourcesAt(pid, folder);
    const steps = (await fuse.undoSteps({ ...asked[1]!, target })).slice(1);
    expect(steps).toMatchObject([{ type: 'unmount', before: 1 }]);
    process.kill(serverOf(asked[1]!.scratchFolder), 'SIGKILL');
    const lease = exampleLease({ owner: ownOwner(), undo: steps });
    expect(await undoLease(lease, undoContext)).toMatchObject({ undone: true });
    expect(sourcesAt(pid, folder)).toEqual([below]);
  });

  it('passes everything through when its runner is killed, and ends with the target', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'read'), 'abc');
    const scratch = temporaryFolder();
    const command = await bundled('test/faults/io-chaos/fuse-program.ts');
    copyFileSync('src/faults/io-chaos/file-system.py', join(dirname(command[1]!), 'file-system.py'));
    const runner = start([...command, scratch, folder]);
    await until(() => runner.output().includes('\n'), 10_000, 'the launch');
    const prefix = JSON.parse(runner.output()) as string[];
    const program = start([
      ...prefix,
      'sh',
      '-c',
      `while :; do cat ${folder}/read 2>/dev/null || echo failed; echo; sleep 0.05; done`,
    ]);
    await lineOf(program, 'failed');
    const server = identify(serverOf(scratch))!;
    process.kill(runner.id.pid, 'SIGKILL');
    await lineOf(program, 'abc');
    expect(isAlive(server)).toBe(true);
    process.kill(program.id.pid, 'SIGKILL');
    await until(() => !isAlive(server), 5000, 'its end');
  });

  it('refuses what it cannot do, before anything is started', async () => {
    const folder = temporaryFolder();
    const refusal = async (spec: object, declared: object = { type: 'command', command: ['true'] }) => {
      const asked = await request(
        awaited,
        { action: 'fault', errno: 5, volumePath: folder, ...spec },
        { declared: declared as FaultRequest['declared'] },
      );
      const answer = await fuse.probe(asked);
      return answer.usable ? 'usable' : answer.reason;
    };
    const mistake = { action: 'mistake', mistake: { filling: 'zero', maxOccurrences: 9, maxLength: 9 } };
    expect(await refusal({ percent: 37 })).toBe('usable');
    expect(await refusal({ percent: 0 })).toBe('0 percent of the calls is none');
    expect(await refusal({ methods: ['getlk'] })).toMatch(
      /^a file system is not asked for getlk with action/,
    );
    expect(await refusal({ ...mistake, methods: ['write'] })).toMatch(/stays on the disk after the undo$/);
    expect(await refusal({ path: `${folder}/no/such/*.log` })).toBe(
      `no file matches ${folder}/no/such/*.log: ${folder}/no/such is no folder`,
    );
    expect(await refusal({ path: `${folder}/*.log` })).toBe('usable');
    expect(await refusal({ volumePath: '/no/such' })).toBe('/no/such is no folder');
    expect(await refusal({}, { type: 'pid', pid: 1 })).toMatch(/^the target runs already/);
    const powerless = await request(
      awaited,
      { action: 'readOnly', volumePath: folder },
      {
        declared: { type: 'command', command: ['true'] } as unknown as FaultRequest['declared'],
        machine: { uid: 1000, canMount: false, canUserNamespace: false, stressNg: undefined },
      },
    );
    expect(await fuse.probe(powerless)).toMatchObject({ usable: false, reason: 'no right to mount' });
  });
});

/** The process that serves mounts out of a scratch folder. */
function serverOf(scratch: string): number {
  const found = readdirSync('/proc').find((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    const words = commandLine(Number(entry)).split(' ');
    return words.includes('serve') && words.includes(scratch);
  });
  return Number(found);
}
