// Golden files: the whole output as a file beside the tests, `.golden` so that no formatter touches it. UPDATE_SNAPSHOTS=1 writes them anew; read the difference
// before it is committed.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';

const folder = join(import.meta.dirname, 'golden');

export function expectGolden(name: string, text: string): void {
  const file = join(folder, `${name}.golden`);
  if (process.env.UPDATE_SNAPSHOTS === '1') {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return;
  }
  expect(text, `differs from ${file}; UPDATE_SNAPSHOTS=1 writes it anew`).toBe(readFileSync(file, 'utf8'));
}
