import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { firedrill, type Workplace, workplace } from '../support/firedrill.ts';

let place: Workplace;

beforeEach(() => {
  place = workplace();
  writeFileSync(
    join(place.folder, 'rules.yaml'),
    'groups:\n  - name: a\n    rules:\n      - alert: Down\n        expr: up ==\n',
  );
});

afterEach(() => place.remove());

test('what check finds is SARIF with places that a viewer can show', async () => {
  const { exitCode, stdout } = await firedrill(place, ['check', 'rules.yaml', '--report', 'sarif=-']);
  expect(exitCode).toBe(2);
  const log = JSON.parse(stdout.slice(stdout.indexOf('{'), stdout.lastIndexOf('}') + 1));
  expect(log.version).toBe('2.1.0');
  const [run] = log.runs;
  expect(run.tool.driver).toMatchObject({ name: 'firedrill', rules: [{ id: 'FD201' }] });
  expect(run.results).toEqual([
    {
      ruleId: 'FD201',
      ruleIndex: 0,
      level: 'error',
      message: { text: expect.stringContaining('unexpected end of input') },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'rules.yaml' },
            region: { startLine: 5, startColumn: expect.any(Number), endColumn: expect.any(Number) },
          },
        },
      ],
    },
  ]);
});

test('the same is annotations of a workflow', async () => {
  const { stdout } = await firedrill(place, ['check', 'rules.yaml', '--report', 'github=-']);
  expect(stdout).toMatch(/^::error file=rules\.yaml,line=5,col=\d+,title=FD201::/m);
});
