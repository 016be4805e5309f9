// Writes a generated file, or with `--check` only says whether the committed one is current.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export function writeGenerated(path: string, text: string, generator: string): void {
  if (!process.argv.includes('--check')) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return;
  }
  if (committed(path) === text) return;
  console.error(`${path} is not current: run npx tsx ${generator}, and commit what it changes`);
  process.exitCode = 1;
}

function committed(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
