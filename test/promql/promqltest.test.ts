// The scripts of Prometheus's own test-suite. passed.json holds how many evaluations of each pass; fewer is a failure.
// UPDATE_PASSED=1 writes the file anew.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeWith } from '../support/requires.ts';
import { conformance, conformanceFolder } from './conformance.ts';
import { runScript } from './promqltest/runner.ts';

const recordFile = new URL('./promqltest/passed.json', import.meta.url);
const recorded: Record<string, number> = JSON.parse(readFileSync(recordFile, 'utf8'));

describeWith([conformance], 'promqltest scripts', () => {
  const folder = conformanceFolder('promqltest');
  const files = conformance.met() ? readdirSync(folder).filter((file) => file.endsWith('.test')) : [];
  const passedNow: Record<string, number> = {};

  it.each(files)('%s passes as many evaluations as before', (file) => {
    const evaluations = runScript(readFileSync(`${folder}/${file}`, 'utf8'));
    const failed = evaluations.filter(({ problem }) => problem !== undefined);
    const passed = evaluations.length - failed.length;
    passedNow[file] = passed;
    const list = failed.map(({ line, expr, problem }) => `${file}:${line}: ${expr}: ${problem}`);
    if (process.env.UPDATE_PASSED === '1') return;
    expect(passed, list.join('\n')).toBeGreaterThanOrEqual(recorded[file] ?? 0);
  });

  it('has a record of every script', () => {
    if (process.env.UPDATE_PASSED === '1') {
      writeFileSync(recordFile, `${JSON.stringify(passedNow, null, 2)}\n`);
      return;
    }
    expect(Object.keys(recorded).sort()).toEqual(files.sort());
    for (const [file, passed] of Object.entries(passedNow)) {
      if (passed > recorded[file]!)
        console.info(`${file}: ${passed} pass now, ${recorded[file]} are recorded`);
    }
  });
});
