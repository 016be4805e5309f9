// Our routing beside that of Debian's amtool: the trees that both draw, and the receivers that an alert reaches.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readAlertmanagerConfig } from '../../src/alertmanager/config/read.ts';
import { buildRoute, type Route } from '../../src/alertmanager/dispatch/route.ts';
import { matchRoutes } from '../../src/alertmanager/dispatch/routing.ts';
import { matchingTreeText, routingTreeText } from '../../src/alertmanager/routes/tree-text.ts';
import { Labels } from '../../src/base/labels.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { conformance, conformanceFolder } from '../support/conformance.ts';
import { describeWith } from '../support/requires.ts';
import { configOf } from './timeline.ts';

const names = ['a', 'b', 'severity'];
const values = ['x', 'y', 'z z', 'page', 'a"b', ''];
const regexes = ['x|y', '.+', '[xz].*', 'x?', '', 'pa(ge|per)', '(?i)X'];
const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

interface GeneratedRoute {
  readonly [key: string]: unknown;
}

function generatedMatchers(random: Random): GeneratedRoute {
  const style = random();
  if (style < 0.15) return { match: { [pick(random, names)]: pick(random, values) } };
  if (style < 0.3) return { match_re: { [pick(random, names)]: pick(random, regexes) } };
  const matchers = Array.from({ length: Math.floor(random() * 3) }, () => {
    const operator = pick(random, ['=', '!=', '=~', '!~']);
    const value = pick(random, operator.includes('~') ? regexes : values);
    return `${pick(random, names)}${operator}${JSON.stringify(value)}`;
  });
  return { matchers };
}

function generatedRoute(random: Random, depth: number, receivers: string[]): GeneratedRoute {
  const receiver = `r${receivers.length}`;
  const named = random() < 0.7;
  if (named) receivers.push(receiver);
  const children = depth > 0 ? Math.floor(random() * 4) : 0;
  return {
    ...generatedMatchers(random),
    ...(named && { receiver }),
    ...(random() < 0.2 && { group_by: [pick(random, names)] }),
    continue: random() < 0.3,
    routes: Array.from({ length: children }, () => generatedRoute(random, depth - 1, receivers)),
  };
}

function generatedConfig(random: Random): string {
  const receivers = ['root'];
  const routes = Array.from({ length: 4 }, () => generatedRoute(random, 3, receivers));
  return JSON.stringify({
    route: { receiver: 'root', routes },
    receivers: receivers.map((name) => ({ name })),
  });
}

/** One shell for many calls costs half of what a process each from here would. */
async function amtool(file: string, calls: readonly (readonly string[])[]): Promise<string[]> {
  const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
  const lines = calls.map(
    (words) => `amtool config routes ${[...words, `--config.file=${file}`].map(quoted).join(' ')} || exit 1`,
  );
  const { stdout } = await execa('sh', ['-c', lines.join('\nprintf "\\1"\n')], { stripFinalNewline: false });
  return stdout.split('\u0001');
}

const shownText = (root: Route): string => `Routing tree:\n${routingTreeText(root)}\n`;

function testedText(root: Route, labels: Labels): string {
  const receivers = matchRoutes(root, labels).map(({ receiver }) => receiver);
  return `Matching routes:\n${matchingTreeText(root, labels)}\n\n${receivers.join(',')}\n`;
}

/** A label value as amtool's argument; only quoted text may hold quotes. */
const argument = ([name, value]: readonly [string, string]): string => `${name}=${JSON.stringify(value)}`;

describeWith(['amtool'], 'routing beside amtool', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'firedrill-routing-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const seeds = Array.from({ length: 50 }, (_, i) => i + 1);
  const alertsOfTree = 40;

  async function compareTree(seed: number): Promise<void> {
    const random = seededRandom(seed);
    const text = generatedConfig(random);
    const file = join(folder, `${seed}.yml`);
    writeFileSync(file, text);
    const root = buildRoute(configOf(text).route);
    const alerts = Array.from({ length: alertsOfTree }, () =>
      names.map((name) => [name, pick(random, values)] as const),
    );
    const calls = alerts.map((pairs) => ['test', '--tree', ...pairs.map(argument)]);
    const theirs = await amtool(file, [['show'], ...calls]);
    const ours = [shownText(root), ...alerts.map((pairs) => testedText(root, Labels.from(pairs)))];
    expect({ seed, texts: ours }).toEqual({ seed, texts: theirs });
  }

  it('draws and routes as amtool does in 50 trees, with 40 alerts in each', {
    timeout: 120_000,
  }, async () => {
    const halves = [seeds.filter((seed) => seed % 2 === 0), seeds.filter((seed) => seed % 2 === 1)];
    await Promise.all(
      halves.map(async (half) => {
        for (const seed of half) await compareTree(seed);
      }),
    );
  });
});

describeWith(['amtool', conformance('alertmanager')], 'published configurations beside amtool', () => {
  const folder = conformanceFolder('alertmanager');
  const files = ['config', 'routes'].flatMap((name) =>
    readdirSync(join(folder, name)).map((file) => join(folder, name, file)),
  );

  it('are drawn and routed as amtool does, where it loads them', { timeout: 60_000 }, async () => {
    let loaded = 0;
    for (const file of files) {
      const read = readAlertmanagerConfig(file, readFileSync(file, 'utf8'));
      if (!read.ok) continue;
      const root = buildRoute(read.value.route);
      const alerts = alertsOf(root);
      const calls = alerts.map((labels) => ['test', '--tree', ...labels.pairs.map(argument)]);
      const theirs = await amtool(file, [['show'], ...calls]).catch(() => undefined);
      if (theirs === undefined) continue;
      loaded++;
      const ours = [shownText(root), ...alerts.map((labels) => testedText(root, labels))];
      expect({ file, texts: ours }).toEqual({ file, texts: theirs });
    }
    expect(loaded).toBeGreaterThan(10);
  });
});

/** For each route, an alert with the values that its matchers name. */
function alertsOf(route: Route): Labels[] {
  const wanted = route.matchers
    .filter(({ operator }) => operator === '=' || operator === '=~')
    .map(({ name, value }) => [name, value.split('|')[0]!.replaceAll(/[\^$()]/g, '')] as const);
  return [Labels.from(wanted), ...route.routes.flatMap(alertsOf)];
}
