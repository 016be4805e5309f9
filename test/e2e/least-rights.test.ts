// What each fault may do for somebody without rights, and what it says to them where it may not: the dry run of each
// kind, and one real drill of those that work.

import { spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readTimeline } from '../../src/experiment/run/timeline-log.ts';
import { firedrillBin, type Workplace } from '../support/firedrill.ts';
import { freePort, startProgram } from '../support/processes.ts';
import { describeWith, root } from '../support/requires.ts';
import { eventsOf, type OnFinished, placeFor, runFolders, writeDrill, writtenVerdict } from './drill.ts';
import { stateOf, tracesOf } from './traces.ts';

const nobody = 65_534;
const asNobody = [
  'setpriv',
  '--reuid',
  `${nobody}`,
  '--regid',
  `${nobody}`,
  '--clear-groups',
  '--inh-caps=-all',
];

interface Rightless {
  readonly place: Workplace;
  /** A service of nobody's own. */
  readonly port: number;
  /** A folder of nobody's own, with the file `file`. */
  readonly data: string;
  run(...args: readonly string[]): Promise<{ exitCode: number | null; stdout: string; stderr: string }>;
}

async function setUp(onFinished: OnFinished): Promise<Rightless> {
  const place = placeFor(onFinished);
  const data = join(place.folder, 'data');
  mkdirSync(data);
  writeFileSync(join(data, 'file'), 'content\n');
  for (const each of [place.folder, place.env.TMPDIR!, data, join(data, 'file')])
    chownSync(each, nobody, nobody);
  chmodSync(place.folder, 0o755);
  const port = await freePort();
  const command = [...asNobody, process.execPath, 'test/e2e/fixtures/service.mjs'];
  const service = await startProgram(command, `http://127.0.0.1:${port}/healthz`, {
    env: { ...process.env, PORT: String(port) },
  });
  onFinished(() => service.stop());
  const run = async (...args: readonly string[]) => {
    const [program, ...words] = [...asNobody, process.execPath, firedrillBin, ...args];
    const env = { ...process.env, ...place.env, HOME: place.folder };
    const child = spawn(program!, words, { cwd: place.folder, env });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (bytes) => {
        said[name] += bytes;
      });
    const exitCode = await new Promise<number | null>((done) => child.once('close', done));
    return { exitCode, ...said };
  };
  return { place, port, data, run };
}

const atATime = 3;

async function expectClean({ folder }: Workplace): Promise<void> {
  await expect.poll(() => tracesOf(folder), { timeout: 5000 }).toEqual([]);
}

const needs = [root, 'setpriv', 'stress-ng', 'strace', 'faketime', 'unshare', 'nsenter', 'ip', 'nft'];

describeWith(needs, 'somebody without rights', () => {
  const command = [process.execPath, '-e', 'setInterval(() => {}, 1000)'];
  const started = { app: { process: { command } }, apart: { process: { command, connects: [] } } };

  test('is told which driver will act', async ({ onTestFinished }) => {
    const { place, port, data, run } = await setUp(onTestFinished);
    const path = join(data, 'file');
    const rows = [
      ['web', 'signals', 'PodChaos', { action: 'pod-failure' }],
      ['web', 'stress-ng', 'StressChaos', { stressors: { cpu: { workers: 1 } } }],
      ['box', 'stress-ng', 'StressChaos', { stressors: { cpu: { workers: 1 } } }],
      ['web', 'target-limits', 'StressChaos', { limits: { openFiles: 50 } }],
      ['edge', 'proxy', 'NetworkChaos', { action: 'partition' }],
      ['edge', 'proxy', 'HTTPChaos', { target: 'Request', port, abort: true }],
      ['app', 'node-preload', 'DNSChaos', { action: 'error' }],
      ['apart', 'user-namespace', 'DNSChaos', { action: 'error' }],
      ['web', 'strace', 'IOChaos', { action: 'fault', errno: 5, volumePath: data, methods: ['open'] }],
      ['app', 'libfaketime', 'TimeChaos', { timeOffset: '-1h' }],
      ['web', 'changed-file', 'ProcessChaos', { action: 'permissionRemoved', path }],
      ['web', 'held-connections', 'ProcessChaos', { action: 'connectionsHeld', port, connections: 2 }],
      ['app', 'environment', 'ProcessChaos', { action: 'environmentChanged', env: { A: 'b' } }],
    ] as const;
    const file = writeDrill(place, {
      targets: {
        ...started,
        web: { process: { port } },
        edge: { proxy: { listen: `127.0.0.1:${await freePort()}`, upstream: `127.0.0.1:${port}` } },
        box: { host: {} },
      },
      faults: rows.map(([on, , kind, spec]) => ({ on, kind, spec: { ...spec, duration: '2s' } })),
    });
    const { exitCode, stdout, stderr } = await run(
      'run',
      file,
      '--dry-run',
      '--output',
      'json',
      '--allow',
      'host',
    );
    expect(exitCode, stderr).toBe(0);
    const faults: { kind: string; injections: { driver: string; target: string }[] }[] =
      JSON.parse(stdout).faults;
    const chosen = faults.map(({ kind, injections: [first] }) => [first?.target, first?.driver, kind]);
    expect(chosen).toEqual(rows.map(([on, driver, kind]) => [on, driver, kind]));
    await expectClean(place);
  });

  test('is told why none will, and what would let it', async ({ onTestFinished }) => {
    const { place, port, data, run } = await setUp(onTestFinished);
    const targets = { ...started, web: { process: { port } }, box: { host: {} } };
    const rows = [
      [
        'web',
        'PodChaos',
        { action: 'pod-failure', by: 'freezer' },
        /freezer: no control group.*; run as root/,
      ],
      [
        'web',
        'StressChaos',
        { limits: { cpu: 50 } },
        /cpu cannot be limited.*; run as root.*`openFiles` alone needs/,
      ],
      [
        'web',
        'NetworkChaos',
        { action: 'partition' },
        /filter is for root; run as root \(CAP_NET_ADMIN .*or put a proxy/,
      ],
      [
        'box',
        'NetworkChaos',
        { action: 'partition', ports: [1] },
        /nftables: the packet filter is for root; run as root/,
      ],
      [
        'web',
        'HTTPChaos',
        { target: 'Request', port, abort: true },
        /nft-redirect: .*, or with CAP_NET_ADMIN/,
      ],
      [
        'web',
        'DNSChaos',
        { action: 'error' },
        /nft-redirect: .*; run as root[\s\S]*declare it with process\.command/,
      ],
      [
        'app',
        'IOChaos',
        { action: 'readOnly', volumePath: data },
        /read-only-mount: no right to mount; run as root with CAP_SYS_ADMIN/,
      ],
      ['web', 'TimeChaos', { timeOffset: '-1h' }, /libfaketime: .*; declare it with process\.command/],
      [
        'web',
        'BlockChaos',
        { action: 'limit', volumeName: data, limit: { writeBytes: '64KB' } },
        /blkio: .*; run as root/,
      ],
      [
        'web',
        'ProcessChaos',
        { action: 'dependencyReplaced', port: 80 },
        /failing-dependency: .*; run as root/,
      ],
    ] as const;
    const refuse = async ([on, kind, spec, reason]: (typeof rows)[number], index: number) => {
      const faults = [{ kind, spec: { ...spec, duration: '2s' } }];
      const file = writeDrill(place, { targets: { [on]: targets[on] }, faults }, `drill-${index}`);
      const { exitCode, stderr } = await run('run', file, '--dry-run', '--allow', 'host');
      expect([exitCode, stderr]).toEqual([2, expect.stringMatching(reason)]);
      expect(stderr).toContain(`error FD600: ${kind} cannot act on target ${on} here`);
    };
    // A few at a time: most of it is the start of a program.
    for (let begin = 0; begin < rows.length; begin += atATime)
      await Promise.all(rows.slice(begin, begin + atATime).map((row, i) => refuse(row, begin + i)));
    await expectClean(place);
  }, 90_000);

  test('has faults made and taken back', async ({ onTestFinished }) => {
    const { place, port, data, run } = await setUp(onTestFinished);
    const path = join(data, 'file');
    const sleeper = spawn(asNobody[0]!, [...asNobody.slice(1), 'sleep', '300']);
    onTestFinished(() => void sleeper.kill('SIGKILL'));
    const proxy = async () => ({
      proxy: { listen: `127.0.0.1:${await freePort()}`, upstream: `127.0.0.1:${port}` },
    });
    const before = statSync(path);
    const faults = [
      ['sleeper', 'PodChaos', { action: 'pod-failure' }],
      ['web', 'StressChaos', { stressors: { cpu: { workers: 1, load: 10 } } }],
      ['slow', 'NetworkChaos', { action: 'delay', delay: { latency: '10ms' } }],
      ['broken', 'HTTPChaos', { target: 'Request', port, abort: true }],
      ['app', 'DNSChaos', { action: 'error' }],
      ['apart', 'DNSChaos', { action: 'error' }],
      ['late', 'TimeChaos', { timeOffset: '-1h' }],
      ['web', 'IOChaos', { action: 'latency', delay: '1ms', volumePath: data, methods: ['open'] }],
      ['web', 'ProcessChaos', { action: 'permissionRemoved', path }],
      ['web', 'ProcessChaos', { action: 'connectionsHeld', port, connections: 2 }],
    ] as const;
    const file = writeDrill(place, {
      targets: {
        ...started,
        late: started.app,
        web: { process: { port } },
        sleeper: { process: { pid: sleeper.pid } },
        slow: await proxy(),
        broken: await proxy(),
      },
      phases: { baseline: '300ms', recovery: '300ms' },
      faults: faults.map(([on, kind, spec]) => ({ on, kind, spec: { ...spec, duration: '1500ms' } })),
    });
    const { exitCode, stderr } = await run('run', file);
    const [folder] = runFolders(place);
    const events = readTimeline(join(folder!, 'timeline.jsonl'));
    expect(eventsOf(events, 'fault.injected'), stderr).toHaveLength(faults.length);
    expect(eventsOf(events, 'fault.undone'), stderr).toHaveLength(faults.length);
    // Nobody asks for anything here, so that it proves nothing.
    expect(exitCode, stderr).toBe(3);
    expect(writtenVerdict(folder!).notUndone).toEqual([]);
    expect(stateOf(sleeper.pid!)).toBe('S');
    const { mode, mtimeMs } = statSync(path);
    // A time is given back as exactly as a number holds it.
    expect([mode, Math.round(mtimeMs)]).toEqual([before.mode, Math.round(before.mtimeMs)]);
    await expectClean(place);
    const { stdout } = await run('undo', '--dry-run');
    expect(stdout).toBe('nothing to undo\n');
  });
});
