// The truth table: every row has one right verdict. The rows are data, in *.yaml beside this file.

import { describe, test } from 'vitest';
import { drivenScenarioOf } from './chain.ts';
import { check } from './check.ts';
import { readRows } from './rows.ts';
import { scenarioOf } from './scenario.ts';

const rows = readRows();

for (const table of new Set(rows.map((row) => row.table))) {
  describe(`truth table: ${table}`, () => {
    test.each(rows.filter((row) => row.table === table))('$name', (row) =>
      check(row, scenarioOf(row.story), { words: true }),
    );
  });
}

describe('driven through our own rules and routing', () => {
  // Where a remote tells the states of alerts, there are no rules of ours to run.
  const driven = rows.filter((row) => row.story.source !== 'remote');
  test.each(driven)('$name', (row) => check(row, drivenScenarioOf(row.story), { words: true }));
});
