// Long windows in a short drill: what they are warmed with, what the report says of it, and that a past run is judged the
// same again.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readTimeline } from '../../src/experiment/run/timeline-log.ts';
import { type Finished, firedrill, type Workplace } from '../support/firedrill.ts';
import { freePort } from '../support/processes.ts';
import {
  eventsOf,
  LiveRun,
  type OnFinished,
  placeFor,
  runFolders,
  type Spec,
  scrape,
  serviceTarget,
  writeDrill,
  writeRules,
  writtenVerdict,
} from './drill.ts';

const timelineOf = (run: string) => readTimeline(join(run, 'timeline.jsonl'));

const errors = (window: string) =>
  `sum(rate(firedrill_requests_total{outcome="error"}[${window}])) / sum(rate(firedrill_requests_total[${window}]))`;
const burning = { name: 'Burning', expr: `${errors('3d')} > (14.4 * 0.01)` };

describe.concurrent('a burn-rate alert over three days, in a drill of seconds', () => {
  test('with warm windows it stays quiet, and says with what', { timeout: 60_000 }, async ({
    onTestFinished,
  }) => {
    const { place, finished } = await drillOf(onTestFinished, { expect: 'quiet' }, {});
    const run = runFolders(place)[0]!;
    const verdict = writtenVerdict(runFolders(place)[0]!);
    expect(verdict.alerts[0], finished.stderr).toMatchObject({ verdict: 'quiet' });
    const [warmed] = eventsOf(timelineOf(run), 'history.warmed');
    expect(warmed!.reachMs).toBeGreaterThan(3 * 86_400_000 - 60_000);
    expect(warmed!.series).toBeGreaterThanOrEqual(1);
    expect(finished.stdout).toMatch(/windows warmed with 3d synthesised\s+from a \d/);
    const again = await firedrill(place, ['judge', run, '--output', 'json']);
    expect(JSON.parse(again.stdout)).toEqual(JSON.parse(readFileSync(join(run, 'verdict.json'), 'utf8')));
    const markdown = await firedrill(place, ['report', run, '--format', 'markdown']);
    expect(markdown.stdout).toContain('Windows warmed with 3d synthesised');
    expect(readFileSync(join(run, 'report.html'), 'utf8')).toContain('windows warmed with 3d synthesised');
  });

  test('with cold ones it rings at once, which says nothing', { timeout: 60_000 }, async ({
    onTestFinished,
  }) => {
    const rings = { expect: 'rings', fires: { within: '15s' } };
    const { place, finished } = await drillOf(onTestFinished, rings, { history: 'none' });
    expect(writtenVerdict(runFolders(place)[0]!).alerts[0], finished.stderr).toMatchObject({
      verdict: 'history-sensitive',
    });
    expect(eventsOf(timelineOf(runFolders(place)[0]!), 'history.warmed')).toEqual([]);
    expect(finished.exitCode).toBe(3);
  });

  test('with a real history it is taken first, and kept for the judge', { timeout: 60_000 }, async ({
    onTestFinished,
  }) => {
    const place = placeFor(onTestFinished);
    const lines = ['# TYPE firedrill_requests counter'];
    for (let minute = 0; minute <= 120; minute++) {
      const at = 1_700_000_000 + minute * 60;
      const labels = '{job="firedrill",traffic="users",code="200",outcome="ok"}';
      lines.push(`firedrill_requests_total${labels} ${minute * 300} ${at}`);
    }
    mkdirSync(place.folder, { recursive: true });
    writeFileSync(join(place.folder, 'past.om'), `${lines.join('\n')}\n# EOF\n`);
    const quiet = { expect: 'quiet' };
    const { finished } = await drillOf(onTestFinished, quiet, { history: { from: 'past.om' } }, place);
    const run = runFolders(place)[0]!;
    const [warmed] = eventsOf(timelineOf(run), 'history.warmed');
    expect(warmed, finished.stderr).toMatchObject({ real: { series: 1 } });
    expect(finished.stdout).toContain('past.om');
    const again = await firedrill(place, ['judge', run, '--output', 'json']);
    expect(JSON.parse(again.stdout)).toEqual(JSON.parse(readFileSync(join(run, 'verdict.json'), 'utf8')));
  });

  async function drillOf(
    onFinished: OnFinished,
    alert: Spec,
    more: Spec,
    place: Workplace = placeFor(onFinished),
  ): Promise<{ readonly place: Workplace; readonly finished: Finished }> {
    const port = await freePort();
    const file = writeDrill(place, {
      targets: { app: serviceTarget(port) },
      traffic: [{ name: 'users', rate: '20/s', http: { url: `http://127.0.0.1:${port}/`, timeout: '2s' } }],
      telemetry: { scrape: [scrape(port)], rules: writeRules(place, [burning]) },
      phases: { baseline: '3s', recovery: '1s' },
      faults: [{ kind: 'PodChaos', spec: { action: 'pod-failure', duration: '5s' } }],
      alerts: [{ name: 'Burning', ...alert }],
      ...more,
    });
    return { place, finished: await new LiveRun(place, ['run', file]).finished };
  }
});
