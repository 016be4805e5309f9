// What a run leaves is enough to judge it again, with the same result, and to write every report again; and it holds
// no secret.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { firedrill, type Workplace, workplace } from '../support/firedrill.ts';
import { freePort } from '../support/processes.ts';
import { describeWith } from '../support/requires.ts';
import {
  eventsOf,
  LiveRun,
  runFolders,
  serviceTarget,
  writeDrill,
  writeRules,
  writtenVerdict,
} from './drill.ts';

/** What must not be found: with characters that JSON, HTML, XML and addresses each write in another way. */
const secrets = {
  DRILL_TOKEN: 'tok"en<of>&the\\drill',
  DRILL_PASSWORD: 'pass/word?of=the drill',
};
const fieldSecrets = [
  'basic-auth-password',
  'header-api-key-value',
  'pager-url-password',
  'capture-token-value',
];

let place: Workplace;
let folder: string;
let exitedAfterMs: number;

beforeAll(async () => {
  place = workplace();
  const port = await freePort();
  const file = writeDrill(place, {
    title: 'Look-ups of ${DRILL_TOKEN} fail',
    targets: { app: withSecrets(serviceTarget(port, { LOOKUPS: '1' })) },
    traffic: [
      {
        name: 'users',
        rate: '10/s',
        http: {
          url: `http://127.0.0.1:${port}/?password=\${DRILL_PASSWORD}`,
          headers: { 'x-api-key': fieldSecrets[1], authorization: 'Bearer ${DRILL_TOKEN}' },
        },
      },
    ],
    telemetry: {
      scrape: [
        {
          job: 'app',
          targets: [`127.0.0.1:${port}`],
          interval: '250ms',
          basic_auth: { username: 'drill', password: fieldSecrets[0] },
        },
      ],
      rules: writeRules(place, [{ name: 'LookupsFail', expr: 'app_lookup_failed > 0.4', for: '500ms' }]),
      alertmanager: 'alertmanager.yaml',
      capture: { token: fieldSecrets[3] },
      externalLabels: { drill: '${DRILL_TOKEN}' },
    },
    phases: { baseline: '1s', recovery: '3s' },
    faults: [{ kind: 'DNSChaos', spec: { action: 'error', patterns: ['*.example.test'], duration: '3s' } }],
    objectives: [
      {
        name: 'lookups',
        promql: 'app_lookup_failed < 0.4',
        breach: { for: '500ms' },
        recovers: { within: '2s', stable: '500ms' },
      },
    ],
    alerts: [
      {
        name: 'LookupsFail',
        fires: { within: '2s' },
        notifies: { within: '3s', receivers: ['oncall'] },
        resolves: { within: '3s' },
      },
    ],
  });
  writeFileSync(
    join(place.folder, 'alertmanager.yaml'),
    stringify({
      route: { receiver: 'oncall', group_wait: '0s', group_interval: '500ms' },
      receivers: [
        {
          name: 'oncall',
          webhook_configs: [{ url: `https://drill:${fieldSecrets[2]}@pager.example.test/hook` }],
        },
      ],
    }),
  );
  const run = new LiveRun(place, ['run', file], secrets);
  const { exitCode, stderr } = await run.finished;
  const exitedAt = Date.now();
  folder = runFolders(place)[0]!;
  expect(exitCode, stderr).toBe(1);
  for (const secret of Object.values(secrets)) expect(stderr).not.toContain(secret);
  exitedAfterMs = exitedAt - eventsOf(run.timeline(), 'run.ended')[0]!.at;
});

afterAll(() => place?.remove());

function withSecrets(target: ReturnType<typeof serviceTarget>) {
  const process = target.process as { command: string[]; env: Record<string, string> };
  return {
    ...target,
    process: {
      ...process,
      command: [...process.command, '--token', '${DRILL_TOKEN}'],
      env: { ...process.env, PASSWORD: '${DRILL_PASSWORD}' },
    },
  };
}

const judgeAgain = (...args: string[]) => firedrill(place, ['judge', folder, ...args]);

describe('the run folder', () => {
  test('holds every file of the design', () => {
    expect(readdirSync(folder).sort()).toEqual([
      'experiment.json',
      'experiment.yaml',
      'logs',
      'notifications',
      'recording',
      'recording.om',
      'report.html',
      'timeline.jsonl',
      'verdict.json',
    ]);
    expect(readdirSync(join(folder, 'logs'))).toEqual(['app.log']);
    for (const path of filesBelow(folder)) expect(statSync(path).size, path).toBeGreaterThan(0);
    expect(filesBelow(join(folder, 'notifications')).length).toBeGreaterThanOrEqual(2);
  });

  test('tells of a drill that went as planned', () => {
    expect(writtenVerdict(folder)).toMatchObject({
      verdict: 'fail',
      resilience: 'fail',
      detection: 'pass',
      runFolder: folder,
      report: join(folder, 'report.html'),
      objectives: [{ name: 'lookups', verdict: 'breached' }],
      alerts: [{ name: 'LookupsFail', verdict: 'rang', receivers: ['oncall'] }],
    });
  });

  test('holds no secret, in any form', () => {
    const values = [...Object.values(secrets), ...fieldSecrets];
    const forms = values.flatMap((value) => [
      value,
      JSON.stringify(value).slice(1, -1),
      encodeURIComponent(value),
      value
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('"', '&quot;'),
      Buffer.from(`drill:${value}`).toString('base64'),
    ]);
    const found = filesBelow(folder).flatMap((path) => {
      const text = readFileSync(path, 'latin1');
      return forms
        .filter((form) => text.includes(form))
        .map((form) => `${form} in ${path.slice(folder.length)}`);
    });
    expect(found).toEqual([]);
  });

  test('is complete soon after the run: the command does not linger', () => {
    expect(exitedAfterMs).toBeLessThan(1500);
  });
});

describe('judging again', () => {
  test('gives the same verdict, letter by letter', async () => {
    const { exitCode, stdout, stderr } = await judgeAgain('--output', 'json');
    expect(exitCode, stderr).toBe(1);
    expect(`${stdout}\n`).toBe(readFileSync(join(folder, 'verdict.json'), 'utf8'));
  });

  test('takes the id of a run below --runs', async () => {
    const id = folder.split('/').at(-1)!;
    const { stdout } = await firedrill(place, ['judge', id, '--output', 'json']);
    expect(JSON.parse(stdout).run).toBe(id);
  });

  test('gates on the half that is named', async () => {
    expect((await judgeAgain('--gate', 'detection')).exitCode).toBe(0);
    expect((await judgeAgain('--gate', 'resilience')).exitCode).toBe(1);
  });

  test.for([
    ['FD804', 'no-such-run'],
    ['FD805', 'empty'],
  ])('%s: %s', async ([code, run]) => {
    mkdirSync(join(place.folder, 'empty'), { recursive: true });
    const { exitCode, stderr } = await firedrill(place, ['judge', run!]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`error ${code}`);
  });
});

describe('a run whose expression held a value of the environment', () => {
  test('says why it cannot be judged again', async () => {
    const hidden = join(place.folder, 'hidden');
    cpSync(folder, hidden, { recursive: true });
    const file = join(hidden, 'experiment.json');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('app_lookup_failed < 0.4', 'app_lookup_failed < <redacted>'),
    );
    const { exitCode, stderr } = await firedrill(place, ['judge', hidden]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/error FD805: .*objective lookups held a value of the environment/);
  });
});

describe('reporting again', () => {
  test.for([
    ['html', '<!doctype html>'],
    ['markdown', '### '],
    ['junit', '<?xml version="1.0" encoding="UTF-8"?>'],
    ['json', '{\n  "schemaVersion": 1'],
    ['text', 'FAIL'],
  ])('%s', async ([format, beginning]) => {
    const printed = await firedrill(place, ['report', folder, '--format', format!]);
    expect(printed.exitCode, printed.stderr).toBe(0);
    expect(printed.stdout.trimStart().slice(0, beginning!.length).toLowerCase()).toBe(
      beginning!.toLowerCase(),
    );
    const file = join(place.folder, `report.${format}`);
    const written = await firedrill(place, ['report', folder, '--format', format!, '--to', file]);
    expect(written).toMatchObject({ exitCode: 0, stdout: '' });
    expect(readFileSync(file, 'utf8').trim()).toBe(printed.stdout.trim());
  });

  test('the HTML report is the one that the run wrote', async () => {
    const { stdout } = await firedrill(place, ['report', folder]);
    expect(stdout.trim()).toBe(readFileSync(join(folder, 'report.html'), 'utf8').trim());
  });

  test('a file that cannot be written is FD807', async () => {
    const { exitCode, stderr } = await firedrill(place, [
      'report',
      folder,
      '--to',
      '/no/such/folder/report.html',
    ]);
    expect(exitCode).toBe(5);
    expect(stderr).toContain('error FD807');
  });
});

describeWith(['promtool'], 'recording.om', () => {
  test('is accepted by promtool', () => {
    const blocks = join(place.folder, 'blocks');
    const { status, stderr, stdout } = spawnSync(
      'promtool',
      ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'recording.om'), blocks],
      { encoding: 'utf8' },
    );
    expect(status, `${stderr}${stdout}`).toBe(0);
    expect(readdirSync(blocks).length).toBeGreaterThan(0);
    rmSync(blocks, { recursive: true });
  });
});

function filesBelow(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
