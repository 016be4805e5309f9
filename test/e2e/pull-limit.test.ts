// The story of the registry: examples/registry-pull-limit, with ports of its own.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { firedrillBin, type Workplace, workplace } from '../support/firedrill.ts';
import { freePort } from '../support/processes.ts';

const example = resolve('examples/registry-pull-limit');
let place: Workplace;
let started: ChildProcess[] = [];

beforeEach(() => {
  place = workplace();
});

afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  started = [];
  place.remove();
});

function start(args: readonly string[], env: Record<string, string> = {}): void {
  const options = {
    cwd: place.folder,
    env: { ...process.env, ...place.env, ...env },
    stdio: 'ignore' as const,
  };
  started.push(spawn(process.execPath, [...args], options));
}

async function answers(url: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (
      await fetch(url).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
    await sleep(100);
  }
  throw new Error(`${url} does not answer`);
}

/** As a pipeline would: with the command line on its path. */
function deploy(prometheus: string) {
  const program = join(place.folder, 'firedrill');
  writeFileSync(program, `#!/bin/sh\nexec ${process.execPath} ${firedrillBin} "$@"\n`);
  chmodSync(program, 0o755);
  const env = {
    ...process.env,
    ...place.env,
    PATH: `${place.folder}:${process.env.PATH}`,
    PROMETHEUS: prometheus,
  };
  const options = {
    cwd: place.folder,
    encoding: 'utf8' as const,
    env: { ...env, LOOKBACK: '6s' },
    timeout: 60_000,
  };
  return spawnSync('sh', [join(example, 'deploy.sh')], options);
}

test('a deployment does not start when the registry would stop it', async () => {
  const [registry, exporter, prometheus] = [await freePort(), await freePort(), await freePort()];
  const config = readFileSync(join(example, 'prometheus.yml'), 'utf8').replace('9105', String(exporter));
  writeFileSync(join(place.folder, 'prometheus.yml'), config);
  const url = `http://127.0.0.1:${registry}`;
  start([join(example, 'registry.js')], { PORT: String(registry) });
  start([join(example, 'exporter.js')], { PORT: String(exporter), REGISTRY: url });
  await answers(url);
  await answers(`http://127.0.0.1:${exporter}/metrics`);
  const listen = `127.0.0.1:${prometheus}`;
  start([firedrillBin, 'serve', '--listen', listen, '--config', 'prometheus.yml']);
  await answers(`http://${listen}/-/ready`);
  await sleep(7000);
  const enough = deploy(`http://${listen}`);
  expect(enough.stdout).toContain('deploying');
  expect(enough.status).toBe(0);
  for (let pull = 0; pull < 85; pull++) await fetch(`${url}/v2/app/manifests/latest`);
  await sleep(7000);
  const short = deploy(`http://${listen}`);
  expect(short.stdout).toContain('needed');
  expect(short.stdout).not.toContain('deploying');
  expect(short.status).toBe(1);
}, 60_000);
