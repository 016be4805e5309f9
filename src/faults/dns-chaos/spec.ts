// DNSChaos in Chaos Mesh's fields.

import { z } from 'zod';
import { complain, duration } from '../../base/scalars.ts';
import { patternMistake } from './pattern.ts';

interface Names {
  /** Empty: every name. */
  readonly patterns: readonly string[];
}

/**
 * `error`: SERVFAIL; `random`: an address that nobody has. Two are ours: `slow` answers rightly, but late, and `drop` does
 * not answer.
 */
export type DnsChaosSpec =
  | (Names & { readonly action: 'error' | 'random' | 'drop' })
  | (Names & { readonly action: 'slow'; readonly delayMs: number });

const pattern = z.string().superRefine((text, context) => {
  const mistake = patternMistake(text);
  if (mistake) {
    const expected = 'a name, with ? for one character and * for any number of them';
    context.addIssue({ code: 'custom', message: mistake, params: { code: 'FD651', expected } });
  }
});

export const dnsChaosSchema = z
  .strictObject({
    action: z
      .enum(['error', 'random', 'slow', 'drop'])
      .default('error')
      .describe('slow and drop are not in Chaos Mesh.'),
    patterns: z.array(pattern).default([]),
    delay: duration.optional().describe('With action slow: how late the answer is. Not in Chaos Mesh.'),
  })
  .transform(({ action, patterns, delay }, context): DnsChaosSpec => {
    if (action !== 'slow') {
      if (delay === undefined) return { action, patterns };
      complain(context, 'FD105', `action ${action} has no delay`, {
        path: ['delay'],
        expected: 'action: slow',
      });
      return z.NEVER;
    }
    if (delay !== undefined) return { action, patterns, delayMs: delay };
    complain(context, 'FD107', 'action slow needs a delay', { expected: 'delay, such as 1500ms' });
    return z.NEVER;
  });
