// `firedrill serve` as a user starts it: the built command line, another process.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { firedrill, firedrillBin, type Workplace, workplace } from '../support/firedrill.ts';

let place: Workplace;
let server: ChildProcess | undefined;

beforeEach(() => {
  place = workplace();
});

afterEach(() => {
  server?.kill('SIGKILL');
  place.remove();
});

/** The address that it says it listens on. */
async function start(...args: string[]): Promise<string> {
  server = spawn(process.execPath, [firedrillBin, 'serve', '--listen', '127.0.0.1:0', ...args], {
    cwd: place.folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  for await (const chunk of server.stderr!) {
    said += chunk;
    const address = /listening on (http:\S+)/.exec(said)?.[1];
    if (address) return address;
  }
  throw new Error(`it ended: ${said}`);
}

test('a file is loaded, asked by the query command, and the server ends when it is told to', async () => {
  const file = join(place.folder, 'data.om');
  writeFileSync(file, 'up{job="a"} 1 1700000000\nup{job="a"} 0 1700000015\n# EOF\n');
  const url = await start(
    '--load',
    file,
    '--enable-feature',
    'promql-experimental-functions,native-histograms',
  );
  const asked = await firedrill(place, ['query', 'instant', 'up', '--source', url, '--time', '1700000015']);
  expect(asked).toEqual({ exitCode: 0, stdout: 'up{job="a"} => 0 @[1700000015]', stderr: '' });
  const range = ['--start', '1700000000', '--end', '1700000015', '--step', '15s'];
  const ranged = await firedrill(place, [
    'query',
    'range',
    'up + 1',
    '--source',
    file,
    ...range,
    '-o',
    'json',
  ]);
  expect(JSON.parse(ranged.stdout)).toEqual([
    {
      metric: { job: 'a' },
      values: [
        [1700000000, '2'],
        [1700000015, '1'],
      ],
    },
  ]);
  server!.kill('SIGTERM');
  expect(await once(server!, 'exit')).toEqual([0, null]);
});

test('created-timestamp-zero-ingestion stores a zero where a counter began', async () => {
  const begun = Date.now() / 1000 - 60;
  const target = createServer((_, response) =>
    response
      .setHeader('content-type', 'application/openmetrics-text; version=1.0.0')
      .end(`# TYPE beats counter\nbeats_total 3\nbeats_created ${begun}\n# EOF\n`),
  ).listen(0, '127.0.0.1');
  await once(target, 'listening');
  try {
    const { port } = target.address() as AddressInfo;
    writeFileSync(
      join(place.folder, 'prometheus.yml'),
      `scrape_configs: [{ job_name: a, scrape_interval: 1s, static_configs: [{ targets: ["127.0.0.1:${port}"] }] }]`,
    );
    const url = await start(
      '--config',
      'prometheus.yml',
      '--enable-feature',
      'created-timestamp-zero-ingestion',
    );
    const first = async () => {
      const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent('beats_total[5m]')}`);
      const { data } = (await answer.json()) as { data: { result: { values: unknown[] }[] } };
      return data.result[0]?.values[0];
    };
    await expect.poll(first, { timeout: 20_000 }).toEqual([expect.closeTo(begun, 2), '0']);
  } finally {
    target.closeAllConnections();
    target.close();
  }
});

test('SIGHUP reads the configuration again, and a mistake in it ends nothing', async () => {
  const config = join(place.folder, 'prometheus.yml');
  const write = (job: string) =>
    writeFileSync(
      config,
      `scrape_configs: [{ job_name: ${job}, static_configs: [{ targets: ["127.0.0.1:1"] }] }]\n`,
    );
  write('before');
  const url = await start('--config', config, '--enable-lifecycle');
  const pools = async () => JSON.stringify(await (await fetch(`${url}/api/v1/scrape_pools`)).json());
  const succeeded = async (expected: boolean) => {
    for (let attempt = 0; attempt < 200; attempt++) {
      const info = (await (await fetch(`${url}/api/v1/status/runtimeinfo`)).json()) as RuntimeInfo;
      if (info.data.reloadConfigSuccess === expected) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error('it was not read');
  };
  writeFileSync(config, 'scrape_configs: [{ job: a }]\n');
  server!.kill('SIGHUP');
  await succeeded(false);
  expect(await pools()).toContain('before');
  write('after');
  server!.kill('SIGHUP');
  await succeeded(true);
  expect(await pools()).toContain('after');
  const ended = once(server!, 'exit');
  expect((await fetch(`${url}/-/quit`, { method: 'POST' })).status).toBe(200);
  expect(await ended).toEqual([0, null]);
});

interface RuntimeInfo {
  readonly data: { readonly reloadConfigSuccess: boolean };
}

test('a token from a file is required, and is not shown', async () => {
  const file = join(place.folder, 'token');
  writeFileSync(file, 'long-secret-token\n');
  const url = await start('--token-file', file);
  expect((await fetch(`${url}/api/v1/labels`)).status).toBe(401);
  const headers = { authorization: 'Bearer long-secret-token' };
  expect((await fetch(`${url}/api/v1/labels`, { headers })).status).toBe(200);
  expect(await (await fetch(`${url}/api/v1/status/flags`, { headers })).text()).not.toContain('secret');
  const config = join(place.folder, 'source.yml');
  writeFileSync(config, 'authorization: { credentials_file: token }\n');
  const asked = await firedrill(place, ['query', 'instant', '1', '--source', url, '--source-config', config]);
  expect(asked.stdout).toMatch(/^scalar: 1 @\[[\d.]+\]$/);
});

test.each([
  [['--listen', '0.0.0.0:0'], 2, 'FD902'],
  [['--listen', 'nowhere'], 2, 'FD105'],
  [['--enable-feature', 'magic'], 2, 'FD903'],
  [['--enable-feature', 'promql-duration-exp'], 2, 'promql-duration-expr'],
  [['--retention', 'soon'], 2, 'FD105'],
  [['--config', 'none.yml'], 2, 'FD101'],
  [['--load', 'none.om'], 2, 'FD101'],
])('serve %j ends with %i and %s', async (args, exitCode, code) => {
  const ended = await firedrill(place, ['serve', ...args]);
  expect(ended.exitCode).toBe(exitCode);
  expect(ended.stderr).toContain(code);
});
