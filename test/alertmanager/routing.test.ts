import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildRoute } from '../../src/alertmanager/dispatch/route.ts';
import { matchRoutes } from '../../src/alertmanager/dispatch/routing.ts';
import { Labels } from '../../src/base/labels.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { describeWith } from '../support/requires.ts';
import { configOf } from './timeline.ts';

const tree = `
route:
  receiver: default
  group_wait: 10s
  group_by: [alertname]
  routes:
    - matchers: [team="db"]
      receiver: dba
      group_interval: 1m
      routes:
        - {matchers: [severity="page"], receiver: dba-pager, continue: true}
        - {matchers: ['env=~"prod|stage"'], group_by: []}
    - {matchers: [severity="page"], receiver: pager, continue: true}
    - {matchers: [severity!=""], receiver: chat}
receivers: [{name: default}, {name: dba}, {name: dba-pager}, {name: pager}, {name: chat}]
`;

function routes(labels: Record<string, string>): string[] {
  const root = buildRoute(configOf(tree).route);
  return matchRoutes(root, Labels.from(labels)).map(
    ({ receiver, path }) => `${receiver} ${path.join(' > ')}`,
  );
}

describe('routing', () => {
  it('takes the deepest match, and siblings behind continue', () => {
    expect(routes({ team: 'x' })).toEqual(['default {}']);
    expect(routes({ team: 'db' })).toEqual(['dba {} > {team="db"}']);
    expect(routes({ team: 'db', severity: 'page', env: 'prod' })).toEqual([
      'dba-pager {} > {team="db"} > {severity="page"}',
      'dba {} > {team="db"} > {env=~"prod|stage"}',
    ]);
    expect(routes({ severity: 'page' })).toEqual([
      'pager {} > {severity="page"}',
      'chat {} > {severity!=""}',
    ]);
  });

  it('inherits receiver, grouping and timers', () => {
    const root = buildRoute(configOf(tree).route);
    const leaf = root.routes[0]!.routes[1]!;
    expect(leaf).toMatchObject({
      receiver: 'dba',
      groupWaitMs: 10_000,
      groupIntervalMs: 60_000,
      repeatIntervalMs: 4 * 3_600_000,
      groupBy: [],
    });
    expect(root.routes[0]!.groupBy).toEqual(['alertname']);
    expect(leaf.key).toBe('{}/{team="db"}/{env=~"prod|stage"}');
  });
});

const names = ['a', 'b', 'c'];
const values = ['x', 'y', 'z', ''];
const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

interface GeneratedRoute {
  readonly receiver?: string;
  readonly matchers?: readonly string[];
  readonly continue?: boolean;
  readonly routes?: readonly GeneratedRoute[];
}

function generatedRoute(random: Random, depth: number, receivers: string[]): GeneratedRoute {
  const receiver = `r${receivers.length}`;
  const named = random() < 0.7;
  if (named) receivers.push(receiver);
  const matchers = Array.from({ length: 1 + Math.floor(random() * 2) }, () => {
    const operator = pick(random, ['=', '!=', '=~', '!~']);
    const value = operator.includes('~')
      ? pick(random, ['x|y', '.+', '[xz]', 'x?', ''])
      : pick(random, values);
    return `${pick(random, names)}${operator}"${value}"`;
  });
  const children = depth > 0 ? Math.floor(random() * 4) : 0;
  return {
    ...(named && { receiver }),
    matchers,
    continue: random() < 0.3,
    routes: Array.from({ length: children }, () => generatedRoute(random, depth - 1, receivers)),
  };
}

describeWith(['amtool'], 'routing beside amtool', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'firedrill-routing-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('tree of seed %i', (seed) => {
    const random = seededRandom(seed);
    const receivers = ['root'];
    const routesBelow = Array.from({ length: 4 }, () => generatedRoute(random, 3, receivers));
    const config = {
      route: { receiver: 'root', routes: routesBelow },
      receivers: receivers.map((name) => ({ name })),
    };
    const text = JSON.stringify(config);
    const file = join(folder, `${seed}.yml`);
    writeFileSync(file, text);
    const root = buildRoute(configOf(text).route);
    for (let i = 0; i < 30; i++) {
      const labels = Object.fromEntries(names.map((name) => [name, pick(random, values)]));
      const args = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
      const result = spawnSync('amtool', ['config', 'routes', 'test', `--config.file=${file}`, ...args], {
        encoding: 'utf8',
      });
      const ours = matchRoutes(root, Labels.from(labels)).map(({ receiver }) => receiver);
      expect({ labels, receivers: ours.join(',') }).toEqual({ labels, receivers: result.stdout.trim() });
    }
  });
});
