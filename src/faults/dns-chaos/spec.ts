// DNSChaos in Chaos Mesh's fields.

import { z } from 'zod';
import { patternMistake } from './pattern.ts';

export interface DnsChaosSpec {
  /** `error`: SERVFAIL; `random`: an address that nobody has. */
  readonly action: 'error' | 'random';
  /** Empty: every name. */
  readonly patterns: readonly string[];
}

const pattern = z.string().superRefine((text, context) => {
  const mistake = patternMistake(text);
  if (mistake) {
    const expected = 'a name, with ? for one character and * for any number of them';
    context.addIssue({ code: 'custom', message: mistake, params: { code: 'FD651', expected } });
  }
});

export const dnsChaosSchema: z.ZodType<DnsChaosSpec> = z.strictObject({
  action: z.enum(['error', 'random']).default('error'),
  patterns: z.array(pattern).default([]),
});
