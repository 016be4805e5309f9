// A remote source remembers an earlier drill for as long as its windows are.

import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { earlierDrills } from '../../src/experiment/run/earlier-drills.ts';
import { firedrill, workplace } from '../support/firedrill.ts';

const source = 'http://127.0.0.1:9090';

/** A run folder as an earlier drill leaves it, with a fault that ended so many milliseconds ago. */
function leaveRun(runs: string, id: string, agoMs: number, url: string | undefined): void {
  const folder = join(runs, id);
  mkdirSync(folder, { recursive: true });
  const telemetry = { prometheus: url && { url, http: {}, intervalMs: 1000 } };
  writeFileSync(join(folder, 'experiment.json'), JSON.stringify({ telemetry }));
  const at = Date.now() - agoMs;
  const events = [
    { at: at - 1000, type: 'fault.injected', fault: 'outage', lease: 'l1' },
    { at, type: 'fault.undone', fault: 'outage', hits: 1, verified: 'gone' },
  ];
  writeFileSync(join(folder, 'timeline.jsonl'), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
}

test('kept run folders tell of drills on remote sources, and of no others', async ({ onTestFinished }) => {
  const runs = mkdtempSync(join(tmpdir(), 'firedrill-runs-'));
  onTestFinished(() => rmSync(runs, { recursive: true }));
  leaveRun(runs, 'a', 1000, source);
  leaveRun(runs, 'b', 1000, undefined);
  mkdirSync(join(runs, 'c'));
  writeFileSync(join(runs, 'd'), 'no folder');
  expect(await earlierDrills(runs)).toMatchObject([{ run: 'a', source }]);
  expect(await earlierDrills(join(runs, 'nowhere'))).toEqual([]);
});

test('a run is refused until its windows have forgotten the fault, unless told to go on', {
  timeout: 60_000,
}, async ({ onTestFinished }) => {
  const place = workplace();
  onTestFinished(() => place.remove());
  // A Prometheus that tells nobody of alerts.
  const answer = JSON.stringify({ status: 'success', data: { activeAlertmanagers: [], groups: [] } });
  const server = createServer((_, response) => response.end(answer)).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const rules = { groups: [{ name: 'a', rules: [{ alert: 'Slow', expr: 'rate(errors_total[1h]) > 1' }] }] };
  writeFileSync(join(place.folder, 'rules.yaml'), JSON.stringify(rules));
  const drill = (baseline: string) => ({
    apiVersion: 'firedrill.dev/v1',
    kind: 'Experiment',
    metadata: { name: 'second' },
    spec: {
      target: { process: { command: ['sleep', '60'] } },
      telemetry: { prometheus: { url: `http://127.0.0.1:${port}` }, rules: ['rules.yaml'] },
      phases: { baseline },
      limits: { runTime: '3h' },
      faults: [{ kind: 'PodChaos', spec: { action: 'pod-failure', duration: '1s' } }],
      alerts: [{ name: 'Slow', expect: 'quiet' }],
    },
  });
  const dryRun = async (baseline: string, ...more: string[]) => {
    writeFileSync(join(place.folder, 'drill.yaml'), JSON.stringify(drill(baseline)));
    return firedrill(place, ['run', 'drill.yaml', '--dry-run', ...more]);
  };
  const runs = join(place.folder, '.firedrill', 'runs');
  expect((await dryRun('5s')).stderr).toBe('');
  leaveRun(runs, 'first', 10 * 60_000, `http://127.0.0.1:${port}`);
  const refused = await dryRun('5s');
  expect(refused.exitCode, refused.stderr).toBe(2);
  expect(refused.stderr).toContain('FD810');
  expect(refused.stderr).toMatch(
    /windows of 1h at .* still hold the fault of run first: refused until \d{4}-/,
  );
  const until = Date.parse(/refused until (\S+Z)/.exec(refused.stderr)![1]!);
  expect(Math.abs(until - Date.now() - 50 * 60_000)).toBeLessThan(60_000);
  expect((await dryRun('5s', '--allow', 'FD810')).exitCode).toBe(0);
  // A baseline that is long enough lets the windows forget.
  expect((await dryRun('55m')).exitCode).toBe(0);
});
