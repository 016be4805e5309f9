import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nodeProgramOf } from '../../../src/faults/dns-chaos/node-program.ts';
import { declare } from './support.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'firedrill-node-'));
  const script = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o755);
  };
  script('tool', '#!/usr/bin/env node\nconsole.log(1)\n');
  script('flags', '#!/usr/bin/env -S node --no-warnings\n');
  script('absolute', `#!${process.execPath}\n`);
  script('shell', '#!/bin/sh\nexec node app.js\n');
  script('binary', '\x7fELF');
  script('npx-cli.js', '#!/usr/bin/env node\n');
  symlinkSync(join(folder, 'npx-cli.js'), join(folder, 'run'));
});

afterAll(() => rmSync(folder, { recursive: true }));

const ask = (...command: string[]) => nodeProgramOf(declare({ command, folder }));

it.each(['tool', 'flags', 'absolute'])('a script for Node.js: %s', async (name) => {
  expect(await ask(`./${name}`)).toEqual({ node: expect.stringMatching(/\/node$/) });
});

it('node itself, by its name or path', async () => {
  expect(await ask('node', 'app.js')).toEqual({ node: expect.stringMatching(/\/node$/) });
  expect(await ask(process.execPath, 'app.js')).toEqual({ node: process.execPath });
});

it.each([
  ['./shell', 'is not Node.js'],
  ['./binary', 'is not Node.js'],
  ['sh', 'is not Node.js'],
  ['./npx-cli.js', 'starts another program'],
  ['./run', 'starts another program'],
  ['npm', 'starts another program'],
  ['no-such-program', 'is not in PATH'],
  ['./no-such-file', 'is not Node.js'],
])('%s %s', async (name, reason) => {
  expect(await ask(name)).toEqual({ reason: expect.stringContaining(reason) });
});
