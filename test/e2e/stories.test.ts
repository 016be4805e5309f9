// The stories of examples/ that are drills, each with its variants, as a user runs them but for their ports.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../src/experiment/verdict.ts';
import { firedrill, type Workplace } from '../support/firedrill.ts';
import { freePort } from '../support/processes.ts';
import { type Condition, describeWith, root } from '../support/requires.ts';
import { item, type OnFinished, placeFor } from './drill.ts';
import { expectNoTraces } from './traces.ts';

const controlGroups: Condition = {
  name: 'control groups of version 1',
  met: () => existsSync('/sys/fs/cgroup/cpu/cpu.stat'),
};

type Settings = Readonly<Record<string, unknown>>;

/** Runs one variant in a workplace of its own. */
async function play(file: string, settings: Settings, onFinished: OnFinished) {
  const place = placeFor(onFinished);
  const sets = Object.entries(settings).flatMap(([path, value]) => [
    '--set',
    `spec.${path}=${JSON.stringify(value)}`,
  ]);
  const { exitCode, stdout, stderr } = await run(place, file, sets);
  if (stdout === '') throw new Error(stderr);
  await expectNoTraces(place);
  return { exitCode, verdict: JSON.parse(stdout) as Verdict };
}

const run = (place: Workplace, file: string, sets: readonly string[]) =>
  firedrill(place, ['run', resolve('examples', file), ...sets, '--output', 'json']);

describe.concurrent('the stories', () => {
  test('a zone whose serial no longer advances is noticed by its age, and not by whether its server answers', {
    timeout: 90_000,
  }, async ({ onTestFinished }) => {
    const [stuck, unnoticed] = await Promise.all(
      ['stuck', 'unnoticed'].map(async (variant) => {
        const [server, exporter] = [await freePort(), await freePort()];
        const ports = {
          'targets.server.process.env.PORT': `${server}`,
          'targets.exporter.process.env.SERVER_PORT': `${server}`,
          'targets.exporter.process.env.PORT': `${exporter}`,
          'targets.exporter.process.ready.http': `http://127.0.0.1:${exporter}/metrics`,
          'telemetry.scrape[0].targets': [`127.0.0.1:${exporter}`],
        };
        return play(`zone-serial/${variant}.yaml`, ports, onTestFinished);
      }),
    );
    expect(stuck, stuck!.verdict.sentence).toMatchObject({
      exitCode: 0,
      verdict: { resilience: 'pass', detection: 'pass' },
    });
    expect(item(stuck!.verdict.objectives, 'zone-age').verdict).toBe('breached');
    expect(item(stuck!.verdict.alerts, 'ZoneSerialStuck').verdict).toBe('rang');

    expect(unnoticed, unnoticed!.verdict.sentence).toMatchObject({
      exitCode: 1,
      verdict: { resilience: 'pass', detection: 'fail' },
    });
    const missed = item(unnoticed!.verdict.alerts, 'NameServerDown');
    expect(missed.verdict).toBe('missed');
    expect(missed.reason).toContain('never fired');
  });

  test('clients that never close their connections lock the others out, unless idle connections are ended; the alert rings either way', {
    timeout: 90_000,
  }, async ({ onTestFinished }) => {
    const [leaky, fixed] = await Promise.all(
      ['leaky', 'fixed'].map(async (variant) => {
        const [service, metrics] = [await freePort(), await freePort()];
        const ports = {
          'target.process.env': { PORT: `${service}`, METRICS_PORT: `${metrics}` },
          'target.process.ready.tcp': `127.0.0.1:${service}`,
          'traffic[0].http.url': `http://127.0.0.1:${service}/`,
          'telemetry.scrape[0].targets': [`127.0.0.1:${metrics}`],
          'faults[0].spec.port': service,
        };
        return play(`connection-leak/${variant}.yaml`, ports, onTestFinished);
      }),
    );
    expect(leaky, leaky!.verdict.sentence).toMatchObject({
      exitCode: 1,
      verdict: { resilience: 'fail', detection: 'pass' },
    });
    expect(item(leaky!.verdict.objectives, 'availability').verdict).toBe('breached');
    expect(fixed, fixed!.verdict.sentence).toMatchObject({
      exitCode: 0,
      verdict: { resilience: 'pass', detection: 'pass' },
    });
    expect(item(fixed!.verdict.objectives, 'availability').verdict).toBe('held');
    for (const { verdict } of [leaky!, fixed!])
      expect(item(verdict.alerts, 'ConnectionsNearLimit').verdict).toBe('rang');
  });

  describeWith([root, controlGroups], 'a service that is short of processor time', () => {
    test('has slow pages, which break the latency objective and ring, unless they are made beforehand', {
      timeout: 90_000,
    }, async ({ onTestFinished }) => {
      const [slow, cached] = await Promise.all(
        ['slow', 'cached'].map(async (variant) => {
          const port = await freePort();
          const ports = {
            'target.process.env.PORT': `${port}`,
            'target.process.ready.http': `http://127.0.0.1:${port}/healthz`,
            'traffic[0].http.url': `http://127.0.0.1:${port}/`,
            'telemetry.scrape[0].targets': [`127.0.0.1:${port}`],
          };
          return play(`cpu-stress/${variant}.yaml`, ports, onTestFinished);
        }),
      );
      expect(slow, slow!.verdict.sentence).toMatchObject({
        exitCode: 1,
        verdict: { resilience: 'fail', detection: 'pass' },
      });
      // A page that is slow again for a moment after the undo, on a busy machine, is told as a relapse.
      expect(item(slow!.verdict.objectives, 'fast-pages').verdict).toMatch(/^(breached|not-recovered)$/);
      expect(item(slow!.verdict.alerts, 'SlowPagesBurnRate').verdict).toMatch(/^(rang|early)$/);

      expect(cached, cached!.verdict.sentence).toMatchObject({
        exitCode: 0,
        verdict: { resilience: 'pass', detection: 'pass' },
      });
      expect(item(cached!.verdict.objectives, 'fast-pages').verdict).toBe('held');
      expect(item(cached!.verdict.alerts, 'SlowPagesBurnRate').verdict).toBe('quiet');
    });
  });
});
