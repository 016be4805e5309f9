// Real samples of an earlier time: from a file, and from a Prometheus that is asked for no more than it answers.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { Labels } from '../../../src/base/labels.ts';
import { openRealSource } from '../../../src/experiment/history/real-source.ts';
import { warm } from '../../../src/experiment/history/warm.ts';
import { SeriesStore } from '../../../src/telemetry/metrics/store.ts';
import { day, groups, minute, planFor, zero } from './outage.ts';

const hits = Labels.from({ __name__: 'hits_total', job: 'app' });
const hour = 60 * minute;

/** A minute at one hit a second, counted from 5. */
function minuteOfHits(): SeriesStore {
  const store = new SeriesStore();
  for (let second = 0; second <= 60; second++)
    store.appendBatch({
      source: 'app',
      atMs: zero + second * 1000,
      samples: [{ labels: hits, value: 5 + second }],
    });
  return store;
}

const plan = planFor(
  groups([
    { name: 'a', rules: [{ alert: 'A', expr: 'rate(hits_total[3d]) > 1 and rate(hits_total[5m]) > 1' }] },
  ]),
  minute,
);
const steady = { steadyFromMs: zero, steadyToMs: zero + minute, joins: 'first' as const };

test('a file of yesterday is joined where the run begins; what it does not hold is made up', async ({
  onTestFinished,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'firedrill-past-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'past.om');
  const lines = ['# TYPE hits counter'];
  // Three hits a second for two hours, with a reset after the first.
  for (let i = 0; i <= 240; i++)
    lines.push(`hits_total{job="app"} ${90 * (i % 120)} ${(zero - day) / 1000 + 30 * i}`);
  writeFileSync(path, `${lines.join('\n')}\n# EOF\n`);
  const source = await openRealSource({ path }, systemClock);
  const real = await source.read(plan, zero);
  const warmed = warm({ plan, live: minuteOfHits(), ...steady, seed: 1, features: new Set(), real });
  expect(warmed.realSeries).toBe(1);
  expect(warmed.realSinceMs).toBe(zero - 2 * hour);
  const { column, values } = warmed.history.get(hits)!;
  const steps = [...values].map((value, i) => value - (values[i - 1] ?? value));
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
  expect(values.at(-1)).toBeLessThanOrEqual(5);
  // The real part goes at three a second, what is before it at the baseline's one.
  const at = (ms: number) => values[[...column.times].findIndex((time) => time >= ms)]!;
  expect((at(zero - 10 * minute) - at(zero - 50 * minute)) / 2400).toBeCloseTo(3, 1);
  expect((at(zero - day) - at(zero - 2 * day)) / 86_400).toBeCloseTo(1, 1);
});

test('a Prometheus is asked in pieces, as far apart as the windows need', async ({ onTestFinished }) => {
  const asked: URLSearchParams[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    asked.push(form);
    const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(form.get(name)));
    const values: [number, string][] = [];
    for (let at = start!; at <= end!; at += step!)
      values.push([at, String(Math.round(2 * (at - start! + 1)))]);
    const result = [{ metric: hits.toRecord(), values }];
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const source = await openRealSource({ url, http: {} }, systemClock);
  const real = await source.read(plan, zero);
  const points = asked.map(
    (form) => (Number(form.get('end')) - Number(form.get('start'))) / Number(form.get('step')),
  );
  expect(asked.length).toBeGreaterThan(1);
  expect(Math.max(...points)).toBeLessThan(11_000);
  const warmed = warm({ plan, live: minuteOfHits(), ...steady, seed: 1, features: new Set(), real });
  expect(warmed).toMatchObject({ realSeries: 1, cold: [] });
  expect(warmed.realSinceMs).toBeLessThan(zero - 2.9 * day);
});

test('a recording that is not there is told before anything begins', async () => {
  await expect(openRealSource({ path: '/nowhere' }, systemClock)).rejects.toMatchObject({
    message: expect.stringContaining('there is no recording /nowhere'),
  });
});
