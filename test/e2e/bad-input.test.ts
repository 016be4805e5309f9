// What bad input gets: a clear error with its code and its place, or an inconclusive run with its reason; the right
// exit code; and nothing left behind.

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../src/experiment/verdict.ts';
import { firedrill, firedrillBin, type Workplace } from '../support/firedrill.ts';
import { freePort } from '../support/processes.ts';
import { describeWith, root } from '../support/requires.ts';
import {
  levelObjective,
  type OnFinished,
  placeFor,
  runFolders,
  type Spec,
  scrape,
  serviceTarget,
  startService,
  writeDrill,
  writtenVerdict,
} from './drill.ts';
import { expectNoTraces } from './traces.ts';

const goodDrill = `apiVersion: firedrill.dev/v1
kind: Experiment
metadata: { name: drill }
spec:
  target:
    process: { command: [sleep, "60"] }
  telemetry:
    scrape: [{ job: app, targets: ["127.0.0.1:9"], interval: 250ms }]
    rules: [rules.yaml]
    alertmanager: alertmanager.yaml
  faults:
    - kind: PodChaos
      spec: { action: pod-failure, duration: 30s }
  phases: { baseline: 1s, recovery: 1s }
  objectives:
    - { name: level, promql: "app_level < 10" }
  alerts:
    - { name: LevelHigh, fires: { within: 5s }, notifies: { within: 10s, receivers: [oncall] } }
`;

const goodRules = `groups:
  - name: app
    rules:
      - alert: LevelHigh
        expr: app_level > 10
`;

const goodAlertmanager = `route: { receiver: oncall }
receivers:
  - name: oncall
    webhook_configs: [{ url: "http://127.0.0.1:9/" }]
`;

interface Mistake {
  readonly name: string;
  readonly drill?: (good: string) => string;
  readonly rules?: (good: string) => string;
  readonly alertmanager?: (good: string) => string;
  readonly code: string;
  /** The file and the first characters of what the place points at; without it the error has no place. */
  readonly at?: readonly [file: string, text: string];
  readonly says?: string;
}

const mistakes: readonly Mistake[] = [
  { name: 'an empty file', drill: () => '', code: 'FD102', says: 'drill.yaml:1:1' },
  {
    name: 'not YAML',
    drill: (good) => good.replace('[sleep, "60"]', '[sleep, "60"'),
    code: 'FD103',
  },
  {
    name: 'two documents',
    drill: (good) => `${good}---\nsecond: document\n`,
    code: 'FD104',
    at: ['drill.yaml', 'second: document'],
  },
  {
    name: 'a wrong type',
    drill: (good) => good.replace('duration: 30s', 'duration: [30s]'),
    code: 'FD105',
    at: ['drill.yaml', '[30s]'],
  },
  {
    name: 'an unknown key, with the nearest known one',
    drill: (good) => good.replace('duration: 30s', 'durations: 30s'),
    code: 'FD106',
    at: ['drill.yaml', 'durations'],
    says: 'expected: duration',
  },
  {
    name: 'a PromQL error in an objective',
    drill: (good) => good.replace('app_level < 10', 'app_level{job=} < 10'),
    code: 'FD201',
    at: ['drill.yaml', '} < 10'],
  },
  {
    name: 'a PromQL error in a rule file',
    rules: (good) => good.replace('app_level > 10', 'sum by app_level > 10'),
    code: 'FD201',
    at: ['rules.yaml', 'app_level > 10'],
  },
  {
    name: 'an alert that no rule defines',
    rules: (good) => good.replace('LevelHigh', 'LevelLow'),
    code: 'FD110',
    at: ['drill.yaml', 'LevelHigh'],
  },
  {
    name: 'a route to a receiver that does not exist',
    alertmanager: (good) => good.replace('receiver: oncall', 'receiver: on-call'),
    code: 'FD110',
    at: ['alertmanager.yaml', 'on-call'],
  },
  {
    name: 'an alert for a receiver that does not exist',
    drill: (good) => good.replace('receivers: [oncall]', 'receivers: [nobody]'),
    code: 'FD110',
    at: ['drill.yaml', 'nobody'],
  },
  {
    name: 'a duration of 0',
    drill: (good) => good.replace('duration: 30s', 'duration: 0s'),
    code: 'FD112',
    at: ['drill.yaml', '0s }'],
  },
  {
    name: 'a duration of -1s',
    drill: (good) => good.replace('baseline: 1s', 'baseline: -1s'),
    code: 'FD112',
    at: ['drill.yaml', '-1s'],
  },
  {
    name: 'an environment variable that is not set',
    drill: (good) => good.replace('app_level < 10', '${NO_SUCH_LEVEL} < 10'),
    code: 'FD108',
    at: ['drill.yaml', '${NO_SUCH_LEVEL}'],
  },
  {
    name: 'a file that is not there',
    drill: (good) => good.replace('[rules.yaml]', '[ruels.yaml]'),
    code: 'FD101',
    at: ['drill.yaml', 'ruels.yaml'],
  },
  {
    name: 'a plan that is longer than limits.runTime',
    drill: (good) => `${good}  limits: { runTime: 20s }\n`,
    code: 'FD802',
    says: 'limits.runTime is 20s',
  },
  {
    name: 'a program that is not there',
    drill: (good) => good.replace('sleep, "60"', 'no-such-program'),
    code: 'FD501',
    says: 'no-such-program is in no folder of PATH',
  },
  {
    name: 'a port that nobody listens on',
    drill: (good) => good.replace('command: [sleep, "60"]', 'port: 1'),
    code: 'FD504',
    says: 'nobody listens on TCP port 1',
  },
  {
    name: 'a process that is gone',
    drill: (good) => good.replace('command: [sleep, "60"]', 'pid: 4194303'),
    code: 'FD505',
    says: 'there is no process 4194303',
  },
  {
    name: 'a fault that nothing here can inject',
    drill: (good) =>
      good
        .replace('PodChaos', 'IOChaos')
        .replace('action: pod-failure', 'action: fault, errno: 5, methods: [getlk], volumePath: /tmp'),
    code: 'FD600',
    says: 'no system call stands for getlk with action fault',
  },
];

describe.concurrent('a mistake', () => {
  test.for(mistakes)('$name', async (mistake, { onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const files = {
      'drill.yaml': mistake.drill?.(goodDrill) ?? goodDrill,
      'rules.yaml': mistake.rules?.(goodRules) ?? goodRules,
      'alertmanager.yaml': mistake.alertmanager?.(goodAlertmanager) ?? goodAlertmanager,
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(place.folder, name), text);
    const { exitCode, stdout, stderr } = await firedrill(place, ['run', 'drill.yaml', '--output', 'json']);
    expect(exitCode, stderr).toBe(2);
    const where = mistake.at ? `${mistake.at[0]}:${placeOf(files, mistake.at)}: ` : '';
    expect(stderr).toContain(`${where}error ${mistake.code}: `);
    expect(stderr).toContain(mistake.says ?? '');
    expect(stderr).not.toContain('    at ');
    // A program that is not there is found out when it is started; everything else before there is a run.
    if (mistake.code === 'FD501') expect(JSON.parse(stdout)).toMatchObject({ verdict: 'error' });
    else expect({ stdout, runs: runFolders(place) }).toEqual({ stdout: '', runs: [] });
    await expectNoTraces(place);
  });

  test('all mistakes of a file are told at once', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const text = goodDrill
      .replace('duration: 30s', 'duration: 0s')
      .replace('app_level < 10', 'app_level')
      .replace('metadata:', 'metadatum:');
    writeFileSync(join(place.folder, 'drill.yaml'), text);
    const { exitCode, stderr } = await firedrill(place, ['run', 'drill.yaml']);
    expect(exitCode).toBe(2);
    for (const code of ['FD101', 'FD106', 'FD112', 'FD119']) expect(stderr).toContain(`error ${code}`);
  });
});

/** `line:column` of the first place where the text stands. */
function placeOf(files: Readonly<Record<string, string>>, [file, text]: readonly [string, string]): string {
  const before = files[file]!.slice(0, files[file]!.indexOf(text)).split('\n');
  return `${before.length}:${before.at(-1)!.length + 1}`;
}

interface Outcome {
  readonly exitCode: number | undefined;
  readonly stderr: string;
  readonly verdict: Verdict;
}

async function drill(place: Workplace, spec: Spec): Promise<Outcome> {
  const { exitCode, stdout, stderr } = await firedrill(place, [
    'run',
    writeDrill(place, spec),
    '--output',
    'json',
  ]);
  expect(stdout, stderr).not.toBe('');
  await expectNoTraces(place);
  return { exitCode, stderr, verdict: JSON.parse(stdout) as Verdict };
}

const stress: Spec = {
  kind: 'StressChaos',
  spec: { stressors: { cpu: { workers: 1, load: 10 } }, duration: '1s' },
};

describe.concurrent('a target', () => {
  test('that never gets ready', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const target = serviceTarget(await freePort(), { READY_AFTER_MS: '60000' });
    const process = { ...(target.process as Spec), ready: { ...readyOf(target), within: '1s' } };
    const { exitCode, stderr, verdict } = await drill(place, {
      targets: { app: { process } },
      faults: [stress],
    });
    expect(exitCode).toBe(5);
    expect(stderr).toMatch(/error FD503: target app was not ready within 1s: .* answers with 503/);
    expect(stderr).toContain('listening on');
    expect(verdict).toMatchObject({ verdict: 'error', faults: [{ verdict: 'not-injected' }] });
    expect(writtenVerdict(runFolders(place)[0]!)).toEqual(verdict);
  });

  test('that dies at once', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const target = { process: { command: ['sh', '-c', 'echo no config >&2; exit 7'] } };
    const { exitCode, stderr, verdict } = await drill(place, { target, faults: [stress] });
    expect(exitCode).toBe(5);
    expect(stderr).toMatch(/error FD502: target target ended with exit code 7 before it was ready/);
    expect(stderr).toContain('no config');
    expect(verdict.verdict).toBe('error');
  });

  test('whose address somebody else has already', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const { port, pid } = await startService(onTestFinished);
    const { exitCode, stderr } = await drill(place, {
      targets: { app: serviceTarget(port) },
      faults: [stress],
    });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(new RegExp(`error FD507: .*process ${pid}`));
  });
});

function readyOf(target: Spec): Spec {
  return (target.process as { ready: Spec }).ready;
}

describe.concurrent('a scrape', () => {
  test.for([
    {
      name: 'that times out',
      answer: () => {},
      reason: /has failed for .*no answer within|timed out|did not answer/,
    },
    {
      name: 'that returns a web page',
      answer: (write: (type: string, body: string) => void) =>
        write('text/html', '<html><body>Welcome</body></html>'),
      reason: /text\/html/,
    },
    {
      name: 'that returns no exposition format at all',
      answer: (write: (type: string, body: string) => void) => write('text/plain', 'Welcome to nginx!\n'),
      reason: /Welcome|line 1|FD706/,
    },
  ])('$name', async ({ answer, reason }, { onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const url = await startServer(onTestFinished, answer);
    const { exitCode, verdict } = await drill(place, {
      target: { process: { command: ['sleep', '60'] } },
      telemetry: { scrape: [scrape(Number(url.port))] },
      faults: [stress],
      objectives: [levelObjective],
    });
    expect(exitCode).toBe(3);
    expect(verdict).toMatchObject({
      verdict: 'inconclusive',
      reason: 'not-steady',
      faults: [{ verdict: 'not-injected' }],
      objectives: [{ verdict: 'not-steady' }],
    });
    expect(verdict.sentence).toMatch(reason);
  });
});

async function startServer(
  onFinished: OnFinished,
  answer: (write: (type: string, body: string) => void) => void,
): Promise<URL> {
  const server = createServer((_, response) =>
    answer((type, body) => response.writeHead(200, { 'content-type': type }).end(body)),
  );
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as { port: number }).port}`);
}

describe.concurrent('a place that takes no files', () => {
  // Node.js 20 never returns from making a folder under /proc with all its parents.
  test.for([
    [
      'run folders',
      (place: Workplace) => ({ args: ['--runs', '/proc/no-such-place'], env: place.env }),
      'FD801',
    ],
    [
      'leases',
      (place: Workplace) => ({ args: [], env: { ...place.env, FIREDRILL_STATE: '/proc/no-such-place' } }),
      'FD601',
    ],
  ] as const)('for %s', async ([, how, code], { onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const { pid } = await startService(onTestFinished);
    const file = writeDrill(place, { target: { process: { pid } }, faults: [stress] });
    const { args, env } = how(place);
    const { exitCode, stderr } = await firedrill(place, ['run', file, ...args], { env });
    expect(exitCode, stderr).toBe(5);
    expect(stderr).toContain(`error ${code}: `);
    await expectNoTraces(place);
  });
});

describe.concurrent('an address that is taken', () => {
  test.for([
    {
      name: 'for a proxy',
      spec: (address: string) => ({
        targets: { edge: { proxy: { listen: address, upstream: '127.0.0.1:9' } } },
      }),
      code: 'FD507',
      exit: 2,
    },
    {
      name: 'for the capture receiver',
      spec: (address: string) => ({ telemetry: { capture: { listen: address } } }),
      code: 'FD408',
      exit: 5,
    },
  ])('$name', async ({ spec, code, exit }, { onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const { port, pid } = await startService(onTestFinished);
    const { targets, ...rest } = { targets: {}, ...spec(`127.0.0.1:${port}`) };
    const { exitCode, stderr, verdict } = await drill(place, {
      targets: { app: { process: { command: ['sleep', '60'] } }, victim: { process: { pid } }, ...targets },
      faults: [{ ...stress, on: 'victim' }],
      ...rest,
    });
    expect(exitCode).toBe(exit);
    expect(stderr).toContain(`error ${code}: `);
    expect(verdict).toMatchObject({ verdict: 'error', faults: [{ verdict: 'not-injected' }] });
  });
});

describeWith([root, 'mount'], 'a full disk for the run folder', () => {
  // From one that takes nothing to one on which only the last file has no room.
  test.concurrent.for(['4k', '8k', '12k', '40k'])('of %s', async (size, { onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const disk = join(place.folder, 'disk');
    mkdirSync(disk);
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk]).status).toBe(0);
    onTestFinished(() => void spawnSync('umount', [disk]));
    const { pid, port } = await startService(onTestFinished);
    const file = writeDrill(place, {
      target: { process: { pid } },
      telemetry: { scrape: [scrape(port)] },
      faults: [stress],
    });
    const { exitCode, stderr } = await firedrill(place, ['run', file, '--runs', disk]);
    expect(exitCode, stderr).toBe(5);
    expect(stderr).toMatch(/error FD801: the run folder .* cannot be written: .*no space left/);
    expect(stderr).not.toContain('    at ');
    spawnSync('umount', [disk]);
    await expectNoTraces(place);
  });
});

describeWith([root, 'setpriv'], 'somebody without the right', () => {
  test.concurrent.for([
    {
      name: 'stops a process of root',
      fault: 'PodChaos',
      spec: { action: 'pod-failure', duration: '1s' },
      code: 'FD506',
    },
    {
      name: 'stops whoever listens on a port of root',
      fault: 'PodChaos',
      spec: { action: 'pod-failure', duration: '1s' },
      code: 'FD506',
      byPort: true,
    },
  ])('$name', async ({ fault, spec, code, byPort }, { onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const { pid, port } = await startService(onTestFinished);
    const file = writeDrill(place, {
      target: { process: byPort ? { port } : { pid } },
      faults: [{ kind: fault, spec }],
    });
    // Everybody may read the drill and write beside it.
    for (const folder of [place.folder, place.env.TMPDIR!]) chmodSync(folder, 0o777);
    const nobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
    const { status, stderr } = spawnSync(
      'setpriv',
      [...nobody, process.execPath, firedrillBin, 'run', file],
      {
        cwd: place.folder,
        env: { ...process.env, ...place.env },
        encoding: 'utf8',
      },
    );
    expect(status, stderr).toBe(2);
    expect(stderr).toContain(`error ${code}: target target`);
    expect(runFolders(place)).toEqual([]);
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^State:\s+[SR]/m);
    await expectNoTraces(place);
  });
});
