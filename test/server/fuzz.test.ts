import { expect, test } from 'vitest';
import { fuzzCase, fuzzTargets, processorMs } from './fuzz-cases.ts';

const casesOfEach = 600;
/** Of processor time; no case may take longer. */
const slowMs = 100;

test.each(fuzzTargets)(
  '$name: mutated bodies are taken or refused with a typed error, and soon',
  (target) => {
    for (let seed = 0; seed < casesOfEach; seed++) {
      const body = fuzzCase(target, seed);
      const tookMs = processorMs(() => target.take(body));
      expect(tookMs, `case ${seed}`).toBeLessThan(slowMs);
    }
  },
);
