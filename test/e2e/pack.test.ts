// What a user gets: the package as npm packs it, installed with its production dependencies alone, plays the demo.

import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import type { Verdict } from '../../src/experiment/verdict.ts';
import { placeFor } from './drill.ts';
import { expectNoTraces } from './traces.ts';

test('the packed package plays the demo', { timeout: 300_000 }, async ({ onTestFinished }) => {
  const place = placeFor(onTestFinished);
  const home = join(place.folder, 'home');
  mkdirSync(home);
  // Without scripts: what is packed was built before the tests, and others of them run it now.
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', place.folder];
  const packed = JSON.parse((await execa('npm', pack)).stdout)[0];
  expectContents(packed.files.map(({ path }: { path: string }) => path));

  const install = ['install', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund'];
  await execa('npm', [...install, join(place.folder, packed.filename)], { cwd: home });
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  const installed = readdirSync(join(home, 'node_modules'));
  expect(installed.filter((name) => name in devDependencies)).toEqual([]);

  const demo = await execa('npx', ['firedrill', 'demo', '--output', 'json'], {
    cwd: home,
    env: { ...place.env, npm_config_yes: 'false' },
    stdin: 'ignore',
    reject: false,
  });
  expect(demo.exitCode, demo.stderr).toBe(0);
  const acts = JSON.parse(demo.stdout).acts as Verdict[];
  expect(acts.map(({ name, resilience, detection }) => [name, resilience, detection])).toEqual([
    ['dns-outage-leaky', 'fail', 'pass'],
    ['dns-outage-fixed', 'pass', 'pass'],
    ['dns-outage-mute', 'fail', 'fail'],
  ]);
  for (const { report, runFolder } of acts) {
    expect(runFolder).toContain(join(home, '.firedrill', 'runs'));
    expect(readFileSync(report!, 'utf8')).toMatch(/^<!doctype html>/);
  }
  await expectNoTraces(place);
});

/** Everything that runs and that people read, and nothing that only its makers need. */
function expectContents(paths: readonly string[]): void {
  const programs = ['firedrill.js', 'watchdog.js', 'stress-worker.js', 'namespace-relay.js', 'preload.cjs'];
  const needed = [
    ...programs.map((program) => `dist/${program}`),
    'examples/dns-outage/app.js',
    'examples/dns-outage/leaky.yaml',
    'examples/zone-serial/stuck.yaml',
    'examples/connection-leak/slo.yaml',
    'examples/cpu-stress/slow.yaml',
    'examples/registry-pull-limit/deploy.sh',
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
  ];
  expect(paths).toEqual(expect.arrayContaining(needed));
  expect(paths.filter((path) => /^(src|test|scripts|\.ci)\//.test(path))).toEqual([]);
  const schemas = readdirSync(resolve('schema')).map((name) => `schema/${name}`);
  expect(paths).toEqual(expect.arrayContaining(schemas));
}
