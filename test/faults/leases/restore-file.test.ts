// The undo of a changed file, taken by a process that follows one which was killed in the middle of it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { restoreFileStep } from '../../../src/faults/leases/steps/restore-file.ts';
import { hashOf, recordFile, replaceFile } from '../../../src/faults/targets/file-copy.ts';
import { identify } from '../../../src/faults/targets/process/proc.ts';

let folder: string;
let path: string;
const wrong = Buffer.from('wrong');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firedrill-restore-'));
  path = join(folder, 'settings');
  writeFileSync(path, 'right', { mode: 0o640 });
  utimesSync(path, 1_700_000_000, 1_700_000_000);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the times come back in the same moment as the contents', async () => {
  const file = await recordFile(path);
  await replaceFile(file, wrong);
  expect(statSync(path).mtimeMs).not.toBe(1_700_000_000_000);
  await replaceFile(file, Buffer.from('right'), file);
  expect(statSync(path).mtimeMs).toBe(1_700_000_000_000);
});

test('a replacement that was half written goes, also where the file itself was not touched yet', async () => {
  const file = await recordFile(path);
  await replaceFile(file, wrong);
  await restoreFileStep({ file, put: hashOf(wrong) });
  const [half] = readdirSync(folder).filter((name) => name !== 'settings');
  expect(half).toBeUndefined();
  // The name is the same each time, so that whoever comes later knows it.
  const written = `.firedrill_${hashOf(Buffer.from(path)).slice(0, 12)}`;
  writeFileSync(join(folder, written), 'wro');
  expect((await restoreFileStep({ file, put: hashOf(wrong) })).done).toBe(true);
  expect(readdirSync(folder)).toEqual(['settings']);
});

test('the program is told although the file is back: who put it back may have been killed before that', async () => {
  const script =
    'process.on("SIGHUP", () => { console.log("told"); process.exit(0) }); console.log("ready"); setInterval(() => {}, 1000)';
  const program = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(program.stdout, 'data');
    const file = await recordFile(path);
    const told = once(program.stdout, 'data');
    const processes = [identify(program.pid!)!];
    await restoreFileStep({ file, put: hashOf(wrong), reload: { signal: 'SIGHUP', processes } });
    expect(String((await told)[0]).trim()).toBe('told');
  } finally {
    program.kill('SIGKILL');
  }
});
