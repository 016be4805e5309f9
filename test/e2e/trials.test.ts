// A drill of several trials on the built command line: each a whole run, and one verdict of all.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../src/experiment/verdict.ts';
import { firedrill } from '../support/firedrill.ts';
import {
  LiveRun,
  levelObjective,
  type OnFinished,
  patiently,
  placeFor,
  runFolders,
  type Spec,
  scrape,
  startService,
  writeDrill,
  writtenVerdict,
} from './drill.ts';
import { leasesOf } from './traces.ts';

/** A service that is paused, beside one that is watched and has nothing of it. */
async function pauseBeside(onFinished: OnFinished, spec: Spec = {}) {
  const place = placeFor(onFinished);
  const [victim, watched] = await Promise.all([startService(onFinished), startService(onFinished)]);
  const file = writeDrill(place, {
    targets: { victim: { process: { pid: victim.pid } } },
    telemetry: { scrape: [scrape(watched.port)] },
    faults: [
      {
        kind: 'PodChaos',
        spec: { action: 'pod-failure', duration: '1s' },
        effect: { promql: 'app_level > 0' },
      },
    ],
    objectives: [levelObjective],
    ...spec,
  });
  return { place, watched, file };
}

const trialFolders = (folder: string) =>
  readdirSync(join(folder, 'trials'))
    .sort()
    .map((name) => join(folder, 'trials', name));

describe.concurrent('trials', () => {
  test('are whole runs in folders of their own, and one verdict', { timeout: 60_000 }, async ({
    onTestFinished,
  }) => {
    const { place, file } = await pauseBeside(onTestFinished, { trials: 3, minPass: 1 });
    const junit = join(place.folder, 'junit.xml');
    const args = ['run', file, '--trials', '2', '--output', 'json', '--report', `junit=${junit}`];
    const { exitCode, stdout, stderr } = await firedrill(place, args);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toMatch(/trial 1 of 2\n[\s\S]*trial 2 of 2\n/);
    const [folder, ...others] = runFolders(place);
    expect(others).toEqual([]);
    const verdict = JSON.parse(stdout) as Verdict;
    expect(verdict).toEqual(writtenVerdict(folder!));
    expect(verdict).toMatchObject({
      verdict: 'pass',
      resilience: 'pass',
      detection: null,
      runFolder: folder,
    });
    expect(verdict.sentence).toMatch(/^All 2 trials passed\. Trial 1: /);
    expect(verdict.trials?.map(({ trial, verdict: each }) => [trial, each])).toEqual([
      [1, 'pass'],
      [2, 'pass'],
    ]);
    expect(verdict.trials?.map(({ runFolder }) => runFolder)).toEqual(trialFolders(folder!));
    for (const trial of trialFolders(folder!)) {
      expect(writtenVerdict(trial)).toMatchObject({ verdict: 'pass' });
      expect(readFileSync(join(trial, 'experiment.yaml'), 'utf8')).toContain('trials: 2\n');
      expect(readdirSync(join(trial, 'recording')).length).toBeGreaterThan(0);
    }
    const html = readFileSync(join(folder!, 'report.html'), 'utf8');
    for (const { run } of verdict.trials!) expect(html).toContain(`href="trials/${run}/report.html"`);
    expect(readFileSync(junit, 'utf8').match(/classname="drill\.trials"/g)).toHaveLength(2);

    const again = await firedrill(place, ['judge', folder!, '--output', 'json']);
    expect(again.exitCode, again.stderr).toBe(0);
    expect(JSON.parse(again.stdout)).toEqual(verdict);
    const markdown = await firedrill(place, ['report', folder!, '--format', 'markdown']);
    expect(markdown.stdout).toContain('| trial 2 | ✅ pass |');
  });

  test('that prove nothing are repeated as often as was asked for', { timeout: 60_000 }, async ({
    onTestFinished,
  }) => {
    const weak = { ...levelObjective, expect: 'breached' };
    const { place, file } = await pauseBeside(onTestFinished, { objectives: [weak] });
    const { exitCode, stdout, stderr } = await firedrill(place, ['run', file, '--retry-inconclusive', '1']);
    expect(exitCode, stderr).toBe(3);
    expect(stderr).toContain('trial 1 of 1, repeated because it was inconclusive (1)');
    expect(stdout).toMatch(/trial 1, repeated\s+inconclusive[\s\S]*trial 1 \s+inconclusive/);
    expect(trialFolders(runFolders(place)[0]!)).toHaveLength(2);
  });

  test('that fail end the drill, and are not repeated', { timeout: 60_000 }, async ({ onTestFinished }) => {
    const { place, watched, file } = await pauseBeside(onTestFinished, { trials: 3 });
    const run = new LiveRun(place, ['run', file, '--retry-inconclusive', '2', '--output', 'json']);
    await patiently(() => injected(run));
    await watched.set('20');
    const { exitCode, stdout } = await run.finished;
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'fail',
      sentence: expect.stringContaining('0 of 3 trials passed. Trial 1: level was 20'),
      trials: [{ verdict: 'fail' }],
    });
  });

  test('end all with the first Ctrl-C', { timeout: 60_000 }, async ({ onTestFinished }) => {
    const { place, file } = await pauseBeside(onTestFinished, { trials: 3 });
    const run = new LiveRun(place, ['run', file, '--output', 'json']);
    await patiently(() => injected(run));
    run.kill('SIGINT');
    const { exitCode, stdout } = await run.finished;
    expect(exitCode).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'stopped',
      trials: [{ trial: 1, verdict: 'stopped' }],
    });
    expect(leasesOf(place).filter(({ state }) => state !== 'undone')).toEqual([]);
  });
});

function injected({ folder }: LiveRun): boolean {
  if (folder === undefined || !existsSync(join(folder, 'trials'))) return false;
  return trialFolders(folder).some((trial) => {
    const timeline = join(trial, 'timeline.jsonl');
    return existsSync(timeline) && readFileSync(timeline, 'utf8').includes('"fault.injected"');
  });
}

test('a dry run says how long all trials take', async ({ onTestFinished }) => {
  const { place, file } = await pauseBeside(onTestFinished, { trials: 3, minPass: 2 });
  const { stdout } = await firedrill(place, ['run', file, '--dry-run']);
  expect(stdout).toMatch(/trials: 3: at most \S+ in all; 2 must pass, and none fail/);
  const few = await firedrill(place, ['run', file, '--dry-run', '--trials', '1']);
  expect(few.exitCode).toBe(2);
  expect(few.stderr).toContain('more than the 1 of --trials');
  const none = await firedrill(place, ['run', file, '--trials', '0']);
  expect([none.exitCode, none.stderr]).toEqual([2, expect.stringContaining('--trials 0')]);
});

test('other traffic in the fault than before it proves nothing', { timeout: 60_000 }, async ({
  onTestFinished,
}) => {
  const availability = {
    name: 'availability',
    promql: '(sum(rate(app_failures_total[1s])) or vector(0)) / sum(rate(app_requests_total[1s])) < 0.5',
  };
  const { place, watched, file } = await pauseBeside(onTestFinished, {
    phases: { baseline: '2s', recovery: '1s' },
    faults: [
      {
        kind: 'PodChaos',
        spec: { action: 'pod-failure', duration: '2s' },
        effect: { promql: 'app_level > 0' },
      },
    ],
    objectives: [availability],
  });
  let load = 1;
  const timer = setInterval(() => {
    for (let i = 0; i < load; i++) void fetch(`http://127.0.0.1:${watched.port}/`).catch(() => {});
  }, 25);
  onTestFinished(() => clearInterval(timer));
  const run = new LiveRun(place, ['run', file, '--output', 'json']);
  await run.event('fault.injected');
  load = 4;
  const { exitCode, stdout, stderr } = await run.finished;
  expect(exitCode, stderr).toBe(3);
  expect((JSON.parse(stdout) as Verdict).objectives[0]).toMatchObject({
    verdict: 'traffic-changed',
    judgement: 'inconclusive',
    reason: expect.stringMatching(
      /^availability cannot be compared: \S+ requests a second came before the fault/,
    ),
  });
});
