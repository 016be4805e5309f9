// Experiments of Chaos Toolkit by the built command line: real programs, a real server, the journal that is left, what a
// stop and a crash do, and what is refused before anything is played.

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Journal } from '../../src/experiment/chaos-toolkit/journal.ts';
import type { Verdict } from '../../src/experiment/verdict.ts';
import { firedrill, type Workplace } from '../support/firedrill.ts';
import { LiveRun, type OnFinished, patiently, placeFor } from './drill.ts';

/** A server that is well unless a file says that it is not. */
async function startShop(onFinished: OnFinished, place: Workplace): Promise<string> {
  const server = createServer((request, response) => {
    const isBroken = existsSync(join(place.folder, 'broken'));
    const isKnown = request.headers.authorization === 'Bearer shop-token-77';
    response.writeHead(isBroken ? 503 : isKnown ? 200 : 401, { 'Content-Type': 'application/json' });
    response.end('{"items":[{"n":1},{"n":2}]}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const shell = (name: string, script: string, more: object = {}) => ({
  type: 'action',
  name,
  provider: { type: 'process', path: 'sh', arguments: ['-c', script] },
  ...more,
});

function shopExperiment(url: string): Record<string, unknown> {
  const headers = { Authorization: 'Bearer ${token}' };
  const provider = { type: 'http', url: '${shop}/', headers };
  return {
    title: 'Does the shop hold?',
    description: 'It should.',
    configuration: {
      shop: url,
      who: { type: 'probe', name: 'who', provider: { type: 'process', path: 'echo', arguments: 'somebody' } },
    },
    secrets: { web: { token: { type: 'env', key: 'SHOP_TOKEN' } } },
    'steady-state-hypothesis': {
      title: 'The shop answers',
      probes: [
        { type: 'probe', name: 'answers', tolerance: [200, 301], provider },
        {
          type: 'probe',
          name: 'two items',
          tolerance: { type: 'jsonpath', target: 'body', path: '$.items[*][?(@.n>0)].n', expect: [1, 2] },
          provider,
        },
      ],
    },
    method: [
      shell('break', 'echo ${who} ${token}; touch broken'),
      { ref: 'answers', background: true },
      {
        type: 'probe',
        name: 'joined',
        provider: { type: 'python', module: 'os.path', func: 'join', arguments: { a: 'x' } },
      },
    ],
    rollbacks: [shell('mend', 'rm broken', { pauses: { before: 0.2 } })],
  };
}

function write(place: Workplace, experiment: object): string {
  const file = join(place.folder, 'experiment.yaml');
  writeFileSync(file, stringify(experiment));
  return file;
}

function journalOf({ runFolder }: Pick<Verdict, 'runFolder'>): Journal {
  return JSON.parse(readFileSync(join(runFolder!, 'journal.json'), 'utf8')) as Journal;
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const env = { SHOP_TOKEN: 'shop-token-77' };

describe.concurrent('an experiment of Chaos Toolkit', () => {
  test('finds a weakness, mends it, and writes the journal without its secrets', async ({
    onTestFinished,
  }) => {
    const place = placeFor(onTestFinished);
    const file = write(place, shopExperiment(await startShop(onTestFinished, place)));
    const { exitCode, stdout, stderr } = await firedrill(place, ['run', file, '-o', 'json'], {
      env: { ...place.env, ...env },
    });
    expect(exitCode, stderr).toBe(1);
    const verdict = JSON.parse(stdout) as Verdict;
    expect(verdict).toMatchObject({ verdict: 'fail', resilience: 'fail', detection: null });
    expect(verdict.objectives.map((each) => [each.name, each.verdict])).toEqual([
      ['answers', 'breached'],
      ['two items', 'no-data'],
    ]);
    expect(verdict.faults.map((each) => [each.name, each.verdict])).toEqual([['break', 'effective']]);
    const journal = journalOf(verdict);
    expect(journal).toMatchObject({ status: 'completed', deviated: true });
    expect(journal.steady_states.before).toMatchObject({ steady_state_met: true });
    expect(journal.steady_states.after?.probes).toMatchObject([
      { status: 'succeeded', tolerance_met: false, output: { status: 503 } },
    ]);
    const runs = journal.run.map(({ activity, status }) => [(activity as { name: string }).name, status]);
    expect(runs.sort()).toEqual([
      ['answers', 'succeeded'],
      ['break', 'succeeded'],
      ['joined', 'succeeded'],
    ]);
    const [broke] = journal.run;
    expect(broke?.output).toEqual({ status: 0, stdout: 'somebody <redacted>\n', stderr: '' });
    expect(broke?.start).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
    expect(journal.rollbacks).toMatchObject([{ status: 'succeeded' }]);
    expect(existsSync(join(place.folder, 'broken'))).toBe(false);
    const leaky = filesIn(verdict.runFolder!).filter((path) =>
      readFileSync(path, 'utf8').includes(env.SHOP_TOKEN),
    );
    expect([leaky, stderr.includes(env.SHOP_TOKEN)]).toEqual([[], false]);
    const again = await firedrill(place, ['judge', verdict.runFolder!, '-o', 'json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ verdict: 'fail', sentence: verdict.sentence });
  });

  test('passes when the hypothesis holds during and after the method', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const experiment = shopExperiment(await startShop(onTestFinished, place));
    const method = [shell('harmless', 'sleep 1')];
    const file = write(place, { ...experiment, method, rollbacks: [] });
    const strategy = ['--hypothesis-strategy', 'continuously', '--hypothesis-frequency', '100ms'];
    const options = { env: { ...place.env, ...env } };
    const { exitCode, stdout, stderr } = await firedrill(
      place,
      ['run', file, '-o', 'json', ...strategy],
      options,
    );
    expect(exitCode, stderr).toBe(0);
    const journal = journalOf(JSON.parse(stdout));
    expect(journal).toMatchObject({ status: 'completed', deviated: false });
    expect(journal.steady_states.during.length).toBeGreaterThan(1);
  });

  test('plays nothing when the hypothesis is not met before', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const file = write(place, shopExperiment('http://127.0.0.1:1'));
    const { exitCode, stdout } = await firedrill(place, ['run', file, '-o', 'json'], {
      env: { ...place.env, ...env },
    });
    const verdict = JSON.parse(stdout) as Verdict;
    expect([exitCode, verdict.reason]).toEqual([3, 'not-steady']);
    expect(journalOf(verdict)).toMatchObject({ status: 'failed', deviated: false, run: [], rollbacks: [] });
    expect(existsSync(join(place.folder, 'broken'))).toBe(false);
  });

  test('proves nothing when an action did not do its work', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const experiment = shopExperiment(await startShop(onTestFinished, place));
    const file = write(place, { ...experiment, method: [shell('break', 'exit 7')], rollbacks: [] });
    const { exitCode, stdout } = await firedrill(place, ['run', file, '-o', 'json'], {
      env: { ...place.env, ...env },
    });
    const verdict = JSON.parse(stdout) as Verdict;
    expect([exitCode, verdict.faults[0]?.verdict]).toEqual([3, 'unverified']);
    expect(journalOf(verdict).status).toBe('completed');
  });

  test.for([
    ['default', false],
    ['always', true],
  ] as const)(
    'is interrupted by SIGTERM, and plays rollbacks as %s says',
    async ([strategy, arePlayed], { onTestFinished }) => {
      const place = placeFor(onTestFinished);
      const method = [shell('long', 'sleep 300')];
      const rollbacks = [shell('mend', 'touch mended')];
      const file = write(place, { title: 't', description: 'd', method, rollbacks });
      const run = new LiveRun(place, ['run', file, '-o', 'json', '--rollback-strategy', strategy]);
      await run.event('activity.started');
      run.kill('SIGTERM');
      const { exitCode, stdout, stderr } = await run.finished;
      expect(exitCode, stderr).toBe(4);
      const verdict = JSON.parse(stdout) as Verdict;
      expect(journalOf(verdict)).toMatchObject({ status: 'interrupted', run: [{ status: 'failed' }] });
      expect(existsSync(join(place.folder, 'mended'))).toBe(arePlayed);
      expect(verdict.warnings.some((text) => text.includes('rollbacks were not played'))).toBe(!arePlayed);
      expect(existsSync(join(verdict.runFolder!, 'rollbacks-to-play.txt'))).toBe(false);
    },
  );

  test('is ended by the watchdog when its runner is killed, and its rollbacks are left to a person', async ({
    onTestFinished,
  }) => {
    const place = placeFor(onTestFinished);
    const method = [shell('long', 'echo $$ > pid; sleep 300')];
    const file = write(place, {
      title: 't',
      description: 'd',
      method,
      rollbacks: [shell('mend', 'touch mended')],
    });
    const run = new LiveRun(place, ['run', file, '-o', 'json']);
    await run.event('activity.started');
    await patiently(() => existsSync(join(place.folder, 'pid')));
    await patiently(() => leasesOf(place).length === 2);
    const pid = Number(readFileSync(join(place.folder, 'pid'), 'utf8'));
    run.kill('SIGKILL');
    await run.finished;
    await patiently(() => !existsSync(`/proc/${pid}`));
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(existsSync(join(place.folder, 'mended'))).toBe(false);
    const told = await firedrill(place, ['undo']);
    expect(told).toMatchObject({ exitCode: 6, stdout: expect.stringContaining('play the rollbacks of') });
    const list = join(run.folder!, 'rollbacks-to-play.txt');
    expect(readFileSync(list, 'utf8')).toContain('- mend: sh ["-c","touch mended"]');
    rmSync(list);
    expect((await firedrill(place, ['undo'])).exitCode).toBe(0);
    expect(await firedrill(place, ['undo'])).toMatchObject({ exitCode: 0, stdout: 'nothing to undo' });
  });

  test('tells of a rollback that failed', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const rollback = { type: 'action', name: 'mend', provider: { type: 'http', url: 'http://127.0.0.1:1/' } };
    const file = write(place, {
      title: 't',
      description: 'd',
      method: [shell('a', 'true')],
      rollbacks: [rollback],
    });
    const { exitCode, stdout } = await firedrill(place, ['run', file, '-o', 'json']);
    expect(exitCode).toBe(6);
    expect((JSON.parse(stdout) as Verdict).notUndone).toEqual([
      expect.stringMatching(/^rollbacks: mend: failed to connect/),
    ]);
  });

  test('is refused beforehand when a program or function is not there, and dry runs touch nothing', async ({
    onTestFinished,
  }) => {
    const place = placeFor(onTestFinished);
    const experiment = { title: 't', description: 'd', method: [shell('a', 'touch touched')] };
    const dry = await firedrill(place, ['run', write(place, experiment), '--dry-run']);
    expect(dry).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('action a') });
    const method = [
      shell('a', 'touch touched'),
      { type: 'action', name: 'p', provider: { type: 'process', path: 'no-such-program' } },
      { type: 'action', name: 'm', provider: { type: 'python', module: 'no_such_module', func: 'f' } },
    ];
    const refused = await firedrill(place, ['run', write(place, { ...experiment, method })]);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(
      /experiment\.yaml:\d+:\d+: error FD145: there is no program no-such-program/,
    );
    expect(refused.stderr).toMatch(/error FD145: ModuleNotFoundError: No module named 'no_such_module'/);
    expect(existsSync(join(place.folder, 'touched'))).toBe(false);
    const targeted = await firedrill(place, ['run', write(place, experiment), '--target', 'x=process:pid:1']);
    expect(targeted).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('FD115') });
  });
});

function leasesOf(place: Workplace): string[] {
  const folder = join(place.env.FIREDRILL_STATE!, 'leases');
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
}
