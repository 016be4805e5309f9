// The server as an Alertmanager, started as a user starts it.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { firedrill, firedrillBin, type Workplace, workplace } from '../support/firedrill.ts';

let place: Workplace;
let hooked: string[];
let hook: ReturnType<typeof createServer>;
const children: ChildProcess[] = [];

beforeEach(async () => {
  place = workplace();
  hooked = [];
  hook = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      hooked.push(text);
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(hook, 'listening');
  writeFileSync(
    join(place.folder, 'alertmanager.yml'),
    `route: {receiver: pager, group_wait: 0s}\nreceivers: [{name: pager, webhook_configs: [{url: "http://127.0.0.1:${(hook.address() as AddressInfo).port}/T0KEN"}]}]\n`,
  );
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  }
  hook.closeAllConnections();
  hook.close();
  place.remove();
});

/** Starts the server, sends it one alert, and gives what it wrote. */
async function told(...more: string[]): Promise<() => string> {
  const args = ['serve', '--listen', '127.0.0.1:0', '--alertmanager', 'alertmanager.yml', ...more];
  const child = spawn(process.execPath, [firedrillBin, ...args], { cwd: place.folder, env: place.env });
  children.push(child);
  let written = '';
  child.stderr.on('data', (chunk) => (written += chunk));
  await expect.poll(() => written, { timeout: 15_000 }).toContain('listening on');
  const url = /listening on (\S+)/.exec(written)![1]!;
  const response = await fetch(`${url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ labels: { alertname: 'Down' } }]),
  });
  expect(response.status).toBe(200);
  return () => written;
}

test('nobody is told unless asked for: a line says who would be', async () => {
  const written = await told();
  await expect.poll(written, { timeout: 10_000 }).toContain('pager would be told by webhook: Down firing');
  expect(hooked).toEqual([]);
});

test('with --notify deliver the receivers are told', async () => {
  const written = await told('--notify', 'deliver');
  await expect.poll(() => hooked.length, { timeout: 10_000 }).toBe(1);
  expect(JSON.parse(hooked[0]!)).toMatchObject({
    receiver: 'pager',
    alerts: [{ labels: { alertname: 'Down' } }],
  });
  expect(written()).not.toContain('T0KEN');
});

test('a configuration with mistakes is refused with its place', async () => {
  writeFileSync(join(place.folder, 'alertmanager.yml'), 'route: {receiver: nobody}\nreceivers: []\n');
  const { exitCode, stderr } = await firedrill(place, ['serve', '--alertmanager', 'alertmanager.yml']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('alertmanager.yml:1');
});
