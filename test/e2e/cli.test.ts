// The command line itself: help, start-up time, the dry run, options that change a file, reports beside the run
// folder, and the exit codes.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { firedrill, firedrillBin } from '../support/firedrill.ts';
import { freePort } from '../support/processes.ts';
import {
  levelObjective,
  type OnFinished,
  placeFor,
  runFolders,
  type Spec,
  scrape,
  serviceTarget,
  startService,
  writeAlertmanager,
  writeDrill,
  writeRules,
  writtenVerdict,
} from './drill.ts';
import { expectNoTraces, leasesOf, stateOf, tracesOf } from './traces.ts';

describe('help', () => {
  test('names every command, and each has a help of its own', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const help = await firedrill(place, ['--help']);
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    const commands = [...help.stdout.matchAll(/^ {2}([a-z]+) /gm)]
      .map(([, name]) => name!)
      .filter((name) => name !== 'help');
    expect(commands).toEqual(
      expect.arrayContaining(['demo', 'run', 'stop', 'undo', 'check', 'judge', 'report']),
    );
    await Promise.all(
      commands.map(async (command) => {
        const own = await firedrill(place, [command, '--help']);
        expect(own).toMatchObject({ exitCode: 0, stderr: '' });
        expect(own.stdout).toMatch(new RegExp(`^Usage: firedrill ${command}`));
      }),
    );
  });

  test('says the version of the package', async ({ onTestFinished }) => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    const { exitCode, stdout } = await firedrill(placeFor(onTestFinished), ['--version']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: version });
  });

  test.for([
    ['an unknown command', ['burn']],
    ['an unknown option', ['check', '--fast', 'drill.yaml']],
    ['a missing argument', ['run']],
    ['a value that is none of the choices', ['undo', '--output', 'xml']],
    ['no command', []],
  ] as const)('%s is bad input', async ([, args], { onTestFinished }) => {
    const { exitCode, stdout, stderr } = await firedrill(placeFor(onTestFinished), args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('firedrill');
  });

  test('is reached by npx in the project', async () => {
    // Never one from a registry.
    const env = { npm_config_yes: 'false' };
    const { stdout } = await execa('npx', ['firedrill', '--help'], {
      cwd: resolve('.'),
      env,
      stdin: 'ignore',
    });
    expect(stdout).toMatch(/^Usage: firedrill/);
  });

  test('starts at most four times as slowly as Node.js itself', () => {
    const empty: number[] = [];
    const help: number[] = [];
    // Taken in turn, so that a load on the machine meets both.
    for (let round = 0; round < 15; round++) {
      empty.push(timeOf(['-e', '0']));
      help.push(timeOf([firedrillBin, '--help']));
    }
    expect(median(help) / median(empty)).toBeLessThan(4);
  });
});

/** Milliseconds of one run of Node.js. */
function timeOf(args: readonly string[]): number {
  const startedAt = performance.now();
  expect(spawnSync(process.execPath, args).status).toBe(0);
  return performance.now() - startedAt;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** A pause of a service that runs already, watched, with an alert. */
async function pauseDrill(onFinished: OnFinished, spec: Spec = {}) {
  const place = placeFor(onFinished);
  const service = await startService(onFinished);
  const file = writeDrill(place, {
    targets: { victim: { process: { pid: service.pid } } },
    telemetry: {
      scrape: [scrape(service.port)],
      rules: writeRules(place, [{ name: 'Down', expr: 'up{job="app"} == 0' }]),
      alertmanager: writeAlertmanager(place),
    },
    faults: [{ kind: 'PodChaos', spec: { action: 'pod-failure', duration: '1s' } }],
    objectives: [levelObjective],
    alerts: [
      {
        name: 'Down',
        expect: 'rings',
        fires: { within: '5s' },
        notifies: { within: '6s', receivers: ['oncall'] },
      },
    ],
    ...spec,
  });
  return { place, service, file };
}

describe.concurrent('a dry run', () => {
  test('shows what would happen, and touches nothing', async ({ onTestFinished }) => {
    const { place, service, file } = await pauseDrill(onTestFinished);
    const { exitCode, stdout } = await firedrill(place, ['run', file, '--dry-run']);
    expect(exitCode).toBe(0);
    for (const part of [
      `(pid ${service.pid})`,
      'stops every process of victim',
      'undo:           SIGCONT to each process that was stopped',
      'after a crash:  until the watchdog sees the runner die',
      'baseline 1s, fault 1s, recovery up to 1s',
      'the brake: a stop condition is seen and the undo begun within',
      'goes to oncall by',
    ])
      expect(stdout).toContain(part);
    expect(stateOf(service.pid)).toMatch(/^[SR]$/);
    expect(existsSync(join(place.folder, '.firedrill'))).toBe(false);
    expect([leasesOf(place), tracesOf(place.folder)]).toEqual([[], []]);
  });

  test('is one JSON document with --output json', async ({ onTestFinished }) => {
    const { place, service, file } = await pauseDrill(onTestFinished);
    const { exitCode, stdout, stderr } = await firedrill(place, [
      'run',
      file,
      '--dry-run',
      '--output',
      'json',
    ]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'drill',
      targets: [{ name: 'victim', now: expect.stringContaining(`(pid ${service.pid})`) }],
      faults: [
        {
          kind: 'PodChaos',
          durationMs: 1000,
          injections: [{ target: 'victim', driver: 'signals', undo: expect.stringContaining('SIGCONT') }],
        },
      ],
      phases: { baselineMs: 1000, faultMs: 1000, recoveryMs: 1000 },
      alerts: [{ name: 'Down', rules: [{ routes: [{ receiver: 'oncall' }] }] }],
      undoDelayMs: expect.any(Number),
    });
    expect(existsSync(join(place.folder, '.firedrill'))).toBe(false);
    expect([leasesOf(place), tracesOf(place.folder)]).toEqual([[], []]);
  });

  test('does not start what the drill would start', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const mark = join(place.folder, 'it-ran');
    const file = writeDrill(place, {
      target: { process: { command: ['touch', mark] } },
      faults: [{ kind: 'DNSChaos', spec: { action: 'error', patterns: ['*'], duration: '1s' } }],
    });
    const { exitCode, stdout, stderr } = await firedrill(place, ['run', file, '--dry-run']);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toContain(`will be started: touch ${mark}`);
    expect(existsSync(mark)).toBe(false);
    expect([leasesOf(place), tracesOf(place.folder)]).toEqual([[], []]);
  });
});

describe.concurrent('what the command line changes', () => {
  const plan = async (args: readonly string[], onFinished: OnFinished) => {
    const { place, file } = await pauseDrill(onFinished);
    return firedrill(place, ['run', file, '--dry-run', '--output', 'json', ...args]);
  };

  test('--set', async ({ onTestFinished }) => {
    const sets = ['--set', 'spec.faults[0].spec.duration=7s', '--set', 'spec.phases.recovery=9s'];
    const { stdout } = await plan(sets, onTestFinished);
    expect(JSON.parse(stdout)).toMatchObject({
      phases: { baselineMs: 1000, faultMs: 7000, recoveryMs: 9000 },
    });
  });

  test('--target', async ({ onTestFinished }) => {
    const other = await startService(onTestFinished);
    const { stdout } = await plan(['--target', `victim=process:port:${other.port}`], onTestFinished);
    expect(JSON.parse(stdout).targets[0].now).toContain(`(pid ${other.pid})`);
  });

  test.for([
    ['--set', 'spec.faults[7].spec.duration=7s', 'FD115'],
    ['--set', 'spec.faults[0].spec.duration', 'FD115'],
    ['--set', 'spec.durations=7s', 'FD106'],
    ['--target', 'victim=process:port:http', 'FD115'],
    ['--report', 'pdf=report.pdf', 'FD105'],
    ['--allow', 'FD999', 'FD105'],
    ['--notify', 'shout', 'FD105'],
    ['--inconclusive', 'warn', 'FD105'],
  ])('%s %s is %s', async ([option, value, code], { onTestFinished }) => {
    const { exitCode, stdout, stderr } = await plan([option!, value!], onTestFinished);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(`error ${code}: `);
    expect(stderr).toContain(option);
  });
});

const chaosMesh = stringify({
  apiVersion: 'chaos-mesh.org/v1alpha1',
  kind: 'PodChaos',
  metadata: { name: 'pause-the-shop', namespace: 'chaos' },
  spec: {
    action: 'pod-failure',
    mode: 'one',
    duration: '1s',
    selector: { namespaces: ['shop'], labelSelectors: { app: 'shop' } },
  },
});

describe.concurrent('a bare Chaos Mesh file', () => {
  test('runs on the target of the command line', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const { port } = await startService(onTestFinished);
    writeFileSync(join(place.folder, 'chaos.yaml'), chaosMesh);
    const args = ['run', 'chaos.yaml', '--target', `shop=process:port:${port}`];
    const short = ['--set', 'spec.duration=2s', '--output', 'json'];
    const { exitCode, stdout, stderr } = await firedrill(place, [...args, ...short]);
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'pause-the-shop',
      verdict: 'pass',
      resilience: null,
      detection: null,
      faults: [{ kind: 'PodChaos', verdict: 'effective', targets: ['shop'] }],
    });
    await expectNoTraces(place);
  });

  test('says that it needs one', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    writeFileSync(join(place.folder, 'chaos.yaml'), chaosMesh);
    const { exitCode, stderr } = await firedrill(place, ['run', 'chaos.yaml']);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/chaos\.yaml:2:\d+: error FD107/);
    expect(stderr).toContain('--target');
  });
});

describe.concurrent('a run', () => {
  test('writes further reports; one that cannot be written hides neither the result nor the others', async ({
    onTestFinished,
  }) => {
    const { place, file } = await pauseDrill(onTestFinished);
    const reports = [
      'html=/no/such/folder/report.html',
      'junit=junit.xml',
      'markdown=report.md',
      'json=verdict.json',
    ];
    const args = reports.flatMap((report) => ['--report', report]);
    const { exitCode, stdout, stderr } = await firedrill(place, ['run', file, ...args]);
    expect(exitCode).toBe(5);
    expect(stderr).toContain('error FD807: the report /no/such/folder/report.html cannot be written');
    expect(stdout).toMatch(/^(PASS|FAIL|INCONCLUSIVE)/m);
    const read = (name: string) => readFileSync(join(place.folder, name), 'utf8');
    expect(read('junit.xml')).toMatch(/^<\?xml .*<testsuites /s);
    expect(read('report.md')).toContain('A small drill');
    expect(JSON.parse(read('verdict.json'))).toEqual(writtenVerdict(runFolders(place)[0]!));
    await expectNoTraces(place);
  });

  test.for([
    [[], 3],
    [['--inconclusive', 'warn', '--until', '2999-01-31'], 0],
    [['--inconclusive', 'warn', '--until', '2020-01-31'], 3],
  ] as const)('that is inconclusive, with %s: %i', async ([args, code], { onTestFinished }) => {
    // An objective without data keeps the gate closed.
    const { place, file } = await pauseDrill(onTestFinished, {
      objectives: [{ name: 'unseen', promql: 'no_such_metric < 1' }],
      phases: { baseline: '600ms', recovery: '1s' },
    });
    const { exitCode, stderr } = await firedrill(place, ['run', file, ...args]);
    expect(exitCode, stderr).toBe(code);
    expect(stderr).toContain('objective unseen has no data');
  });

  test('repeats itself for trials, and shows each', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const port = await freePort();
    const file = writeDrill(place, {
      targets: { app: serviceTarget(port) },
      telemetry: { scrape: [scrape(port)] },
      phases: { baseline: '600ms', recovery: '600ms' },
      faults: [{ kind: 'PodChaos', spec: { action: 'pod-failure', duration: '500ms' } }],
      trials: 2,
    });
    const { exitCode, stdout, stderr } = await firedrill(place, ['run', file, '--output', 'json']);
    expect(exitCode, stderr).toBe(0);
    const { trials } = JSON.parse(stdout);
    const [whole, ...others] = runFolders(place);
    expect(others).toEqual([]);
    const folders = trials.map(({ runFolder }: { runFolder: string }) => dirname(runFolder));
    expect(folders).toEqual([join(whole!, 'trials'), join(whole!, 'trials')]);
    expect(trials).toMatchObject([{ verdict: 'pass' }, { verdict: 'pass' }]);
    await expectNoTraces(place);
  });
});

describe('check', () => {
  test('good files of every kind', async ({ onTestFinished }) => {
    const { place, file } = await pauseDrill(onTestFinished);
    writeFileSync(join(place.folder, 'chaos.yaml'), chaosMesh);
    const files = [file, 'rules.yaml', 'alertmanager.yaml', 'chaos.yaml'];
    const text = await firedrill(place, ['check', ...files]);
    expect(text.exitCode, text.stderr).toBe(0);
    expect(text.stdout.split('\n')).toEqual([
      `${file}: experiment: ok`,
      'rules.yaml: rules: ok',
      'alertmanager.yaml: alertmanager: ok',
      'chaos.yaml: chaos-mesh: ok',
    ]);
    const json = await firedrill(place, ['check', '--output', 'json', ...files]);
    const kinds = JSON.parse(json.stdout).files.map(({ kind }: { kind: string }) => kind);
    expect(kinds).toEqual(['experiment', 'rules', 'alertmanager', 'chaos-mesh']);
  });

  test('the examples', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const files = readdirSync('examples', { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => resolve('examples', name));
    const { exitCode, stderr } = await firedrill(place, ['check', ...files]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });

  test('bad files, as JSON with the places', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    writeFileSync(join(place.folder, 'rules.yaml'), 'groups:\n  - name: app\n    rulez: []\n');
    writeFileSync(join(place.folder, 'other.yaml'), 'gruops: []\n');
    const { exitCode, stdout } = await firedrill(place, [
      'check',
      '--output',
      'json',
      'rules.yaml',
      'other.yaml',
    ]);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout).files).toMatchObject([
      {
        file: 'rules.yaml',
        kind: 'rules',
        diagnostics: [{ code: 'FD106', severity: 'error', at: { file: 'rules.yaml', line: 3, column: 5 } }],
      },
      { file: 'other.yaml', diagnostics: [{ code: 'FD109', expected: 'the key groups' }] },
    ]);
  });

  test('a file that is not there does not hide the others', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const rules = writeRules(place, [{ name: 'Down', expr: 'up == 0' }]);
    const { exitCode, stdout, stderr } = await firedrill(place, ['check', 'missing.yaml', ...rules]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('error FD101: missing.yaml');
    expect(stdout).toContain('rules.yaml: rules: ok');
  });
});

describe('undo and stop', () => {
  test('have nothing to do on a machine without runs', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const undo = await firedrill(place, ['undo']);
    expect(undo).toMatchObject({ exitCode: 0, stdout: 'nothing to undo', stderr: '' });
    const dry = await firedrill(place, ['undo', '--dry-run', '--output', 'json']);
    expect(JSON.parse(dry.stdout)).toEqual({ leases: [] });
    expect((await firedrill(place, ['stop', 'no-such-run'])).exitCode).toBe(2);
    expect((await firedrill(place, ['stop'])).exitCode).toBe(2);
  });
});
