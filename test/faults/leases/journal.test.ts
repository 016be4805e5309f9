import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemBoot } from '../../../src/faults/leases/boot.ts';
import { conflicting } from '../../../src/faults/leases/conflict.ts';
import { parseLease, printLease } from '../../../src/faults/leases/lease-file.ts';
import { stateFolder } from '../../../src/faults/leases/state-folder.ts';
import { identify } from '../../../src/faults/targets/process/proc.ts';
import { describeWith, root } from '../../support/requires.ts';
import {
  bundled,
  exampleLease,
  journalIn,
  lineOf,
  ownOwner,
  start,
  temporaryFolder,
  until,
} from './support.ts';

describe('the state folder', () => {
  it('is one a machine and user', () => {
    expect(stateFolder({ FIREDRILL_STATE: '/x', XDG_STATE_HOME: '/y', HOME: '/z' }, 0)).toBe('/x');
    expect(stateFolder({ XDG_STATE_HOME: '/y', HOME: '/z' }, 0)).toBe('/var/lib/firedrill');
    expect(stateFolder({ XDG_STATE_HOME: '/y', HOME: '/z' }, 1000)).toBe('/y/firedrill');
    expect(stateFolder({ XDG_STATE_HOME: 'relative', HOME: '/z' }, 1000)).toBe('/z/.local/state/firedrill');
    expect(stateFolder({ FIREDRILL_STATE: 'state' }, 0)).toBe(resolve('state'));
    expect(() => stateFolder({}, 1000)).toThrow(/HOME/);
  });
});

describe('the journal', () => {
  it('keeps a lease from its opening to its end', async () => {
    const journal = journalIn(temporaryFolder());
    const lease = exampleLease({ owner: ownOwner() });
    await journal.open(lease);
    expect((await journal.list()).leases).toEqual([lease]);
    const step = { type: 'continue', process: ownOwner() } as const;
    await journal.extend(lease.id, [step]);
    await journal.extend(lease.id, [step]);
    expect((await journal.read(lease.id))!.undo).toEqual([step]);
    await journal.settle(lease.id, 'undone', 'state of process 1 is S');
    expect((await journal.list()).leases).toEqual([
      { ...lease, undo: [step], state: 'undone', reason: 'state of process 1 is S' },
    ]);
    await expect(journal.extend(lease.id, [])).rejects.toThrow('lease run-a.001 is undone');
  });

  it('loses none of many changes at once', async () => {
    const journal = journalIn(temporaryFolder());
    const lease = exampleLease({ owner: ownOwner() });
    await journal.open(lease);
    const paths = Array.from({ length: 20 }, (_, index) => `/tmp/a/${index}`);
    await Promise.all(paths.map((path) => journal.extend(lease.id, [{ type: 'remove', path }])));
    expect((await journal.read(lease.id))!.undo.map((step) => step.type === 'remove' && step.path)).toEqual(
      paths,
    );
  });

  it('is for its owner alone', async () => {
    const state = join(temporaryFolder(), 'state');
    await journalIn(state).open(exampleLease());
    expect(statSync(join(state, 'leases')).mode & 0o777).toBe(0o700);
    expect(statSync(join(state, 'leases', 'run-a.001.json')).mode & 0o777).toBe(0o600);
  });

  it('finds out which leases nobody attends to', async () => {
    const journal = journalIn(temporaryFolder());
    await journal.open(exampleLease({ id: 'dead.001', run: 'dead' }));
    await journal.open(exampleLease({ id: 'live.001', run: 'live', owner: ownOwner() }));
    const recycled = { ...ownOwner(), startTime: ownOwner().startTime - 1 };
    await journal.open(exampleLease({ id: 'recycled.001', run: 'recycled', owner: recycled }));
    const rebooted = { ...ownOwner(), bootId: 'an-earlier-one' };
    await journal.open(exampleLease({ id: 'rebooted.001', run: 'rebooted', owner: rebooted }));
    await journal.open(exampleLease({ id: 'watched.001', run: 'watched' }));
    await journal.runs.register({
      run: 'watched',
      folder: '/nowhere',
      startedAt: 0,
      bootId: systemBoot.id,
      runner: { pid: 999_999, startTime: 1 },
      watchdog: identify(process.pid)!,
    });
    const states = (await journal.list()).leases.map((lease) => `${lease.run} ${lease.state}`);
    expect(states).toEqual([
      'dead orphaned',
      'live active',
      'rebooted orphaned',
      'recycled orphaned',
      'watched active',
    ]);
  });

  it('reports damaged files and goes on', async () => {
    const state = temporaryFolder();
    const journal = journalIn(state);
    await journal.open(exampleLease());
    const whole = readFileSync(join(state, 'leases', 'run-a.001.json'), 'utf8');
    writeFileSync(join(state, 'leases', 'torn.001.json'), whole.slice(0, whole.length / 2));
    writeFileSync(join(state, 'leases', 'empty.001.json'), '');
    writeFileSync(join(state, 'leases', 'group.001.json'), whole.replace('"pid": 999999', '"pid": -1'));
    const { leases, problems } = await journal.list();
    expect(leases.map((lease) => lease.id)).toEqual(['run-a.001']);
    expect(problems.map((problem) => `${problem.code} ${problem.severity}`)).toEqual([
      'FD602 warning',
      'FD602 warning',
      'FD602 warning',
    ]);
    expect(problems[1]!.message).toMatch(/group\.001\.json: owner has the pid -1$/);
  });

  it('never takes a torn file for a lease', () => {
    const lease = exampleLease({ undo: [{ type: 'end-marked', mark: 'abc' }] });
    const text = printLease(lease);
    const cut = fc.integer({ min: 0, max: text.trimEnd().length - 1 });
    fc.assert(
      fc.property(cut, (length) => {
        expect(() => parseLease(text.slice(0, length))).toThrow();
      }),
    );
    expect(parseLease(text)).toEqual(lease);
  });

  it('refuses with FD601 when it cannot be written', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    const code = await journalIn(join(folder, 'file'))
      .open(exampleLease())
      .catch((error) => error.diagnostics[0].code);
    expect(code).toBe('FD601');
    // A file system that takes no folders, also not from root.
    await expect(journalIn('/proc/firedrill/state').open(exampleLease())).rejects.toThrow(
      /cannot write .*ENOENT/,
    );
  });

  it('forgets undone leases after a week, and keeps at most 200', async () => {
    const state = temporaryFolder();
    const journal = journalIn(state);
    const now = Date.now();
    const day = 86_400_000;
    await journal.open(exampleLease({ id: 'old.001', state: 'undone', createdAt: now - 8 * day }));
    await journal.open(exampleLease({ id: 'old.002', state: 'stuck', createdAt: now - 8 * day }));
    for (let index = 100; index < 302; index++)
      await journal.open(exampleLease({ id: `new.${index}`, state: 'undone', createdAt: now - index }));
    writeFileSync(join(state, 'leases', '.writing-999999-0'), 'torn');
    await journal.prune(now);
    const ids = (await journal.list()).leases.map((lease) => lease.id);
    expect(ids).toHaveLength(201);
    expect(ids).toContain('old.002');
    expect(ids).not.toContain('new.301');
    expect(readdirSync(join(state, 'leases')).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describeWith([root], 'a journal that others may write to', () => {
  it('lets go of files that a lease holds: at its end, or a day after one that could not be undone', async () => {
    const folder = temporaryFolder();
    const journal = journalIn(folder);
    const secret = Buffer.from('password = hunter2').toString('base64');
    const file = {
      ...{ path: '/srv/app.conf', bytes: secret, sha256: 'x', mode: 0o600 },
      ...{ uid: 0, gid: 0, atime: 1, mtime: 1 },
    };
    const undo = [{ type: 'restore-file', file, put: 'absent' } as const];
    const now = Date.now();
    const open = (id: string, changes: object = {}) =>
      journal.open(exampleLease({ id, owner: ownOwner(), undo, expiresAt: now, ...changes }));
    const text = (id: string) => readFileSync(join(folder, 'leases', `${id}.json`), 'utf8');
    for (const id of ['run-a.001', 'run-a.002', 'run-a.003']) await open(id);
    expect(statSync(join(folder, 'leases', 'run-a.001.json')).mode & 0o777).toBe(0o600);
    await journal.settle('run-a.001', 'undone');
    await journal.settle('run-a.002', 'stuck', 'it was changed by somebody else');
    expect(text('run-a.001')).not.toContain(secret);
    expect(text('run-a.001')).toContain('/srv/app.conf');
    await journal.prune(now + 80_000_000);
    expect(text('run-a.002')).toContain(secret);
    await journal.prune(now + 90_000_000);
    expect(text('run-a.002')).not.toContain(secret);
    // What nobody has undone yet needs it.
    expect(text('run-a.003')).toContain(secret);
  });

  it('is not obeyed in the files of another user', async () => {
    const state = temporaryFolder();
    const journal = journalIn(state);
    await journal.open(exampleLease());
    chownSync(join(state, 'leases', 'run-a.001.json'), 65534, 65534);
    const { leases, problems } = await journal.list();
    expect(leases).toEqual([]);
    expect(problems[0]!.message).toMatch(/belongs to user 65534, and we are user 0$/);
  });
});

describeWith([root, 'mount', 'unshare', 'setpriv'], 'a journal on a disk that is full', () => {
  it('refuses, and leaves the earlier lease as it was', async () => {
    const command = await bundled('test/faults/leases/full-disk-program.ts');
    const folder = temporaryFolder();
    const script = `mount -t tmpfs -o size=64k tmpfs '${folder}' && exec "$@"`;
    const program = start(['unshare', '--mount', 'sh', '-c', script, 'sh', ...command, folder]);
    expect(await lineOf(program, 'refused')).toMatch(/^refused FD601: cannot write .*ENOSPC/);
    expect(await lineOf(program, 'kept')).toBe('kept run-a.001 with 0 steps');
  });

  it('refuses when the folder belongs to somebody else', async () => {
    const command = await bundled('test/faults/leases/full-disk-program.ts');
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'leases'));
    chmodSync(folder, 0o755);
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'];
    const program = start([...nobody, ...command, folder]);
    await until(() => program.child.exitCode !== null, 5000);
    expect(await lineOf(program, 'refused')).toMatch(/^refused FD601: cannot write .*EACCES/);
  });
});

describe('two runs on one process', () => {
  it('conflict by pid and start time, as long as the first is not undone', () => {
    const held = { pid: 4711, startTime: 5 };
    const lease = exampleLease({ processes: [held] });
    expect(conflicting([lease], [held], systemBoot)).toEqual([lease]);
    expect(conflicting([lease], [{ ...held, startTime: 6 }], systemBoot)).toEqual([]);
    expect(conflicting([{ ...lease, state: 'undone' }], [held], systemBoot)).toEqual([]);
    expect(conflicting([{ ...lease, state: 'stuck' }], [held], systemBoot)).toHaveLength(1);
    expect(conflicting([exampleLease()], [held], systemBoot)).toEqual([]);
    const earlierBoot = { ...lease, owner: { ...lease.owner, bootId: 'an-earlier-one' } };
    expect(conflicting([earlierBoot], [held], systemBoot)).toEqual([]);
  });
});
