// A dry run tells everything about a run and touches nothing: the machine and the target are afterwards as before.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { firedrill } from '../support/firedrill.ts';
import { describeWith, root } from '../support/requires.ts';
import { placeFor, startService, writeDrill } from './drill.ts';
import { tracesOf } from './traces.ts';

const faults = [
  { kind: 'PodChaos', spec: { action: 'pod-failure', duration: '30s' } },
  { kind: 'StressChaos', spec: { stressors: { cpu: { workers: 1, load: 10 } }, duration: '30s' } },
  { kind: 'NetworkChaos', spec: { action: 'partition', direction: 'both', duration: '30s' } },
];

/** What a fault would have changed of the target. */
function stateOf(pid: number): object {
  const files = ['cgroup', 'limits', 'oom_score_adj'].map((name) =>
    readFileSync(`/proc/${pid}/${name}`, 'utf8'),
  );
  const namespaces = ['mnt', 'net', 'user'].map((name) => readlinkSync(`/proc/${pid}/ns/${name}`));
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return { files, namespaces, traced: /^TracerPid:.*$/m.exec(status)?.[0] };
}

describeWith([root, 'nft'], 'a dry run', () => {
  test('shows targets, share, parameters, undo and what survives a crash, and touches nothing', async () => {
    const place = placeFor(onTestFinished);
    const { pid, port } = await startService(onTestFinished);
    const targets = { web: { process: { port } }, other: { process: { pid } } };
    const file = writeDrill(place, { targets, faults: faults.map((fault) => ({ ...fault, on: 'web' })) });
    const before = stateOf(pid);
    const { exitCode, stdout, stderr } = await firedrill(place, ['run', file, '--dry-run']);
    expect(exitCode, stderr).toBe(0);
    for (const shown of [`(pid ${pid})`, 'hits 1 of 1 targets', 'how:', 'undo:', 'after a crash:', 'SIGCONT'])
      expect(stdout).toContain(shown);
    expect(stateOf(pid)).toEqual(before);
    expect(tracesOf(place.folder)).toEqual([]);
    // No journal, no run folder, no file of any kind but the experiment.
    expect(readdirSync(place.folder).sort()).toEqual(['drill.yaml', 'tmp']);
  });

  test('lets --duration end what says nothing of its end, and refuses without it', async () => {
    const place = placeFor(onTestFinished);
    const { port } = await startService(onTestFinished);
    const endless = [{ kind: 'PodChaos', spec: { action: 'pod-failure' } }];
    const file = writeDrill(place, { targets: { web: { process: { port } } }, faults: endless });
    const refused = await firedrill(place, ['run', file, '--dry-run']);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('FD107');
    const given = await firedrill(place, ['run', file, '--dry-run', '--duration', '30s', '--output', 'json']);
    expect(given.exitCode, given.stderr).toBe(0);
    expect(JSON.parse(given.stdout).faults).toMatchObject([{ durationMs: 30_000 }]);
    const done = await firedrill(place, ['run', file, '--duration', '1s']);
    const [run = ''] = readdirSync(join(place.folder, '.firedrill', 'runs'));
    const written = readFileSync(join(place.folder, '.firedrill', 'runs', run, 'experiment.yaml'), 'utf8');
    expect(written, done.stderr).toContain('duration: 1s');
    const wrong = await firedrill(place, ['run', file, '--dry-run', '--duration', 'soon']);
    expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('FD112') });
  });
});
