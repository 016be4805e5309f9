// The corpus of OpenMetrics' own repository: texts that a strict parser takes or refuses. A ratchet: the number of
// cases judged rightly never falls.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ExpositionError, SeriesTable } from '../../src/telemetry/metrics/exposition/exposition.ts';
import { parseOpenMetrics } from '../../src/telemetry/metrics/exposition/openmetrics.ts';
import { describeWith } from '../support/requires.ts';

const rightMin = 211;

const folder = join(process.env.FIREDRILL_CONFORMANCE ?? '', 'openmetrics');
const corpus = {
  name: 'FIREDRILL_CONFORMANCE with its folder openmetrics',
  met: () => process.env.FIREDRILL_CONFORMANCE !== undefined && existsSync(folder),
};

function judgement(text: string): string {
  try {
    parseOpenMetrics(text, new SeriesTable((pairs) => pairs), { strict: true });
    return 'taken';
  } catch (error) {
    if (error instanceof ExpositionError) return `refused: ${error.message}`;
    throw error;
  }
}

describeWith([corpus], 'OpenMetrics corpus', () => {
  it(`judges at least ${rightMin} cases rightly`, () => {
    const cases = readdirSync(folder);
    const wrong = cases.flatMap((name) => {
      const { shouldParse } = JSON.parse(readFileSync(join(folder, name, 'test.json'), 'utf8'));
      const found = judgement(readFileSync(join(folder, name, 'metrics'), 'utf8'));
      return found.startsWith('taken') === shouldParse ? [] : [`${name}: ${found}`];
    });
    expect(cases.length - wrong.length, wrong.join('\n')).toBeGreaterThanOrEqual(rightMin);
  });
});
