// The files of Prometheus's own tests of promtool: the verdict of each is data, with the name of the upstream test that
// says so (cmd/promtool/unittest_test.go). Two upstream rows switch `@` and negative offsets off, which no option of
// promtool does; they are not in the table. Debian's promtool is asked too where it is not too old for a file.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hasFailed } from '../../../src/rules/unit-test/run.ts';
import { conformance, conformanceFolder } from '../../support/conformance.ts';
import { describeWith } from '../../support/requires.ts';
import { runFile } from './support.ts';

interface Row {
  readonly file: string;
  readonly upstream: string;
  readonly exit: 0 | 1;
  readonly run?: readonly string[];
  readonly ignoreUnknownFields?: boolean;
}

const rows: readonly Row[] = JSON.parse(
  readFileSync(new URL('promtool-results.json', import.meta.url), 'utf8'),
);

const folder = conformanceFolder('promtool');

function exitOf({ file, run, ignoreUnknownFields = false }: Row): number {
  const runs = run && ((name: string) => run.some((part) => name.includes(part)));
  return hasFailed(runFile(join(folder, file), { ignoreUnknownFields, ...(runs && { runs }) })) ? 1 : 0;
}

describeWith([conformance('promtool')], "promtool's own test files", () => {
  it('are all in the table', () => {
    const files = readdirSync(folder).filter((file) => file.endsWith('.yml'));
    expect([...new Set(rows.map(({ file }) => file))].sort()).toEqual(files.sort());
  });

  it.each(rows)('$file: $upstream', (row) => {
    expect(exitOf(row)).toBe(row.exit);
  });
});

/** Debian's promtool 2.42 refuses their newer fields, or takes another default for `interval`. */
const tooNew = new Set([
  'unittest.yml',
  'start-time-test.yml',
  'rules_run_fuzzy.yml',
  'rules_run_no_fuzzy.yml',
  'no-test-group-interval.yml',
]);

describeWith([conformance('promtool'), 'promtool'], "promtool's own test files beside promtool", () => {
  const asked = rows.filter(
    ({ file, run, ignoreUnknownFields }) => !tooNew.has(file) && !run && !ignoreUnknownFields,
  );
  it.each(asked)('$file', (row) => {
    expect(asked.length).toBeGreaterThan(15);
    const { status } = spawnSync('promtool', ['test', 'rules', join(folder, row.file)]);
    expect(exitOf(row)).toBe(status);
  });
});
